//! Golden values and invariants of health and trend.

use proptest::prelude::*;
use vocabulary::Timestamp;

use super::*;

const HOUR: i64 = 3_600_000_000;

fn now() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::from_micros(now().micros() - hours * HOUR)
}

fn event(days: i64, actor: Actor) -> Event {
    Event { time: hours_ago(24 * days), actor, weight: Weight::NEUTRAL }
}

/// One active day with a mail each way every `period` days, the last one `silent` days ago, the first up to ten years ago.
fn rhythm(period: i64, silent: i64) -> Vec<Event> {
    (0..=3650 / period).flat_map(|index| [Actor::Us, Actor::Them].map(|actor| event(silent + index * period, actor))).collect()
}

fn health(events: &[Event], cadence: Option<Cadence>, window: u32) -> Health {
    assess(&Timeline::read(events, now(), window), &Settings { cadence, ..Settings::default() })
}

fn score(events: &[Event], cadence: Option<Cadence>) -> u8 {
    health(events, cadence, 365).measured.unwrap().score
}

#[test]
fn a_kept_cadence_gives_its_golden_values() {
    for cadence in Cadence::ALL {
        for window in [365, 730, 1095, 1825, 3650] {
            if cadence.fits(window).is_err() {
                continue;
            }
            for (late, range) in [(0, 89..=92), (1, 63..=64), (2, 43..=53), (4, 0..=40)] {
                let c = i64::from(cadence.days());
                let health = health(&rhythm(c, late * c), Some(cadence), window);
                match &health.measured {
                    Some(measured) => {
                        assert!(range.contains(&measured.score), "{cadence:?} {late}c of {window} days: {measured:?}");
                        assert_eq!(measured.factors.sum(), i16::from(measured.score));
                    }
                    None => assert_eq!(late, 4, "{cadence:?} {late}c of {window} days: {health:?}"),
                }
            }
        }
    }
}

#[test]
fn states_say_why_there_is_no_score() {
    let check = |events: &[Event], state: State| assert_eq!(health(events, None, 365).state, state, "{} events", events.len());
    check(&[], State::NoClosedActivities);
    check(&[event(-3, Actor::Us)], State::NoClosedActivities);
    check(&[event(366, Actor::Both), event(370, Actor::Both), event(380, Actor::Both)], State::NoClosedActivities);
    check(&[event(1, Actor::Both), event(2, Actor::Both)], State::NotEnoughInfo);
    check(&[event(1, Actor::Both), event(2, Actor::Both), event(-3, Actor::Both)], State::NotEnoughInfo);
    check(&rhythm(1, 0), State::Good);
    check(&rhythm(14, 20), State::Fair);
    check(&rhythm(30, 80), State::Poor);
}

#[test]
fn the_formula_is_as_published() {
    // Active days 14, 24, .. 84 days ago: nd 8, mg 10, gap 1.4.
    let events: Vec<Event> = (0..8).map(|index| event(14 + 10 * index, Actor::Both)).collect();
    let measured = health(&events, None, 365).measured.unwrap();
    let figures = measured.figures;
    assert_eq!((figures.days_since_last, figures.active_days, figures.weighted_active_days), (14.0, 8, 8.0));
    assert_eq!((figures.mean_gap_days, figures.expected_gap_days, figures.gaps), (10.0, 10.0, 1.4));
    let p = |a: f64, b: f64, c: f64, d: f64| 1.0 / (1.0 + (-(a + b * 15f64.ln() - c * 9f64.ln() + d * 2.4f64.ln())).exp());
    assert!((measured.silent_30_days - p(0.755, 0.452, 1.087, 0.420)).abs() < 1e-12);
    assert!((measured.silent_60_days - p(0.419, 0.350, 1.133, 0.559)).abs() < 1e-12);
    assert!((measured.uncapped - 100.0 * (1.0 - measured.silent_30_days)).abs() < 1e-9);
    // The gap is read from the last 180 days only, and is 60 when they hold fewer than two active days.
    let old = [event(10, Actor::Both), event(190, Actor::Both), event(191, Actor::Both)];
    assert_eq!(health(&old, None, 365).measured.unwrap().figures.mean_gap_days, 60.0);
    let straddling = [event(10, Actor::Both), event(100, Actor::Both), event(300, Actor::Both)];
    assert_eq!(health(&straddling, None, 365).measured.unwrap().figures.mean_gap_days, 170.0);
}

#[test]
fn a_day_counts_by_its_heaviest_event() {
    let weigh = |weight, hours| Event { weight: Weight::new(weight).unwrap(), time: hours_ago(hours), actor: Actor::Both };
    // The instant is 22:13 UTC.
    let events = [weigh(3, 1), weigh(9, 2), weigh(3, 30), weigh(6, 60), weigh(3, 61)];
    let figures = health(&events, None, 365).measured.unwrap().figures;
    assert_eq!((figures.active_days, figures.weighted_active_days), (3, 3.0));
    let figures = health(&events[2..], None, 365).measured.unwrap().figures;
    assert_eq!((figures.active_days, figures.weighted_active_days), (2, 1.5));
}

#[test]
fn a_silent_side_caps_the_score_and_is_named() {
    let daily = |actor| (0..180).map(move |day| event(day, actor)).collect::<Vec<_>>();
    let with = |mut events: Vec<Event>, more: Event| {
        events.push(more);
        events
    };
    let check = |events: &[Event], cadence: Option<Cadence>, us: Option<Silence>, them: Option<Silence>| {
        let measured = health(events, cadence, 365).measured.unwrap();
        let cap = measured.factors.cap;
        assert_eq!(cap.map_or((None, None), |cap| (cap.silent.us, cap.silent.them)), (us, them), "{measured:?}");
        if cap.is_some() {
            assert_eq!(measured.score, 39, "{measured:?}");
        } else {
            assert!(measured.score > 39, "{measured:?}");
        }
        assert_eq!(measured.factors.sum(), i16::from(measured.score));
    };
    check(&daily(Actor::Both), None, None, None);
    check(&daily(Actor::Us), None, None, Some(Silence::Never));
    check(&daily(Actor::Them), None, Some(Silence::Never), None);
    check(&daily(Actor::Neither), None, Some(Silence::Never), Some(Silence::Never));
    check(&with(daily(Actor::Us), event(90, Actor::Them)), None, None, None);
    check(&with(daily(Actor::Us), event(91, Actor::Them)), None, None, Some(Silence::Days(91)));
    check(&with(daily(Actor::Them), event(120, Actor::Both)), None, Some(Silence::Days(120)), None);
    check(&with(daily(Actor::Us), event(120, Actor::Them)), Some(Cadence::Quarterly), None, None);
    check(&with(daily(Actor::Us), event(183, Actor::Them)), Some(Cadence::Quarterly), None, Some(Silence::Days(183)));
    // A planned answer is no answer.
    check(&with(daily(Actor::Us), event(-1, Actor::Them)), None, None, Some(Silence::Never));
    // Without the cap, a customer who writes every five days and whom we ignore would score 96.
    let ignored: Vec<Event> = (0..60).map(|index| event(5 * index, Actor::Them)).collect();
    let ignored = health(&ignored, None, 365).measured.unwrap();
    assert_eq!((ignored.uncapped.round(), ignored.score), (96.0, 39));
    // A cap that takes nothing away still says who is silent.
    let lost = health(&[event(150, Actor::Us), event(170, Actor::Us), event(175, Actor::Us)], None, 365).measured.unwrap();
    assert_eq!(lost.factors.cap.map(|cap| cap.points), Some(0));
}

#[test]
fn a_steady_rhythm_reads_steady_at_every_instant() {
    let half_days = [2, 4, 6, 8, 10, 12, 14, 20, 22, 26, 28, 30, 36, 42, 56, 60, 61, 62, 90, 120, 178, 180, 182, 240, 360, 364, 365];
    for period in half_days {
        let times = (0..=1600 / period).map(|index| index * period * 12);
        for weight in [Weight::LEAST, Weight::NEUTRAL, Weight::MOST] {
            let events: Vec<Event> = times
                .clone()
                .flat_map(|hours| [(hours, Actor::Us), (hours + 5, Actor::Them)])
                .map(|(hours, actor)| Event { time: hours_ago(hours), actor, weight })
                .collect();
            // Instants of a year, every 7 hours, so that all times of day and all phases come up.
            for step in 0..=250 * 24 / 7 {
                let timeline = Timeline::read(&events, hours_ago(step * 7), 365);
                assert_eq!(trend(&timeline), Trend::Steady, "every {period} half days, {} hours ago", step * 7);
            }
        }
    }
}

#[test]
fn a_trend_moves_by_a_quarter_and_at_least_three_days() {
    let check = |recent: i64, before: i64, window: u32, expected: Trend| {
        let mut events: Vec<Event> = (0..recent).map(|day| event(day, Actor::Us)).collect();
        events.extend((0..before).map(|day| event(91 + day, Actor::Us)));
        assert_eq!(trend(&Timeline::read(&events, now(), window)), expected, "{recent} after {before}");
    };
    check(0, 0, 365, Trend::NotEnoughInfo);
    check(1, 1, 365, Trend::NotEnoughInfo);
    check(30, 30, 179, Trend::NotEnoughInfo);
    check(3, 0, 365, Trend::Improving);
    check(2, 1, 365, Trend::Steady);
    check(0, 3, 365, Trend::Declining);
    check(15, 12, 365, Trend::Improving);
    check(14, 12, 365, Trend::Steady);
    check(49, 40, 365, Trend::Steady);
    check(50, 40, 365, Trend::Improving);
    check(30, 40, 365, Trend::Declining);
    check(31, 40, 365, Trend::Steady);
}

#[test]
fn an_account_shows_its_best_contact() {
    let strong = health(&rhythm(1, 0), None, 365);
    let fair = health(&rhythm(14, 20), None, 365);
    let poor = health(&rhythm(30, 80), None, 365);
    let none = health(&[], None, 365);
    let few = health(&[event(1, Actor::Us)], None, 365);
    let check = |contacts: &[(&'static str, &Health)], best: Option<&str>, state: State, breadth: u32| {
        let account = roll_up(contacts.iter().copied());
        assert_eq!((account.best, account.state, account.breadth()), (best, state, breadth), "{best:?}");
        let reversed = roll_up(contacts.iter().rev().copied());
        assert_eq!(account, reversed);
    };
    check(&[("a", &poor), ("b", &strong), ("c", &fair), ("d", &none)], Some("b"), State::Good, 2);
    check(&[("b", &strong), ("a", &strong)], Some("a"), State::Good, 2);
    check(&[("a", &poor)], Some("a"), State::Poor, 0);
    check(&[("a", &none), ("b", &few)], None, State::NotEnoughInfo, 0);
    check(&[], None, State::NoClosedActivities, 0);
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0i64..500 * 24, 0..4usize, 3..=9u8).prop_map(|(hours, actor, weight)| Event {
        time: hours_ago(hours),
        actor: [Actor::Us, Actor::Them, Actor::Both, Actor::Neither][actor],
        weight: Weight::new(weight).unwrap(),
    });
    prop::collection::vec(event, 0..80)
}

fn settings() -> impl Strategy<Value = Option<Cadence>> {
    prop::option::of(prop::sample::select(Cadence::ALL.to_vec()))
}

proptest! {
    #[test]
    fn order_changes_nothing((events, shuffled) in events().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())), cadence in settings()) {
        prop_assert_eq!(health(&events, cadence, 365), health(&shuffled, cadence, 365));
    }

    #[test]
    fn planned_events_change_nothing(events in events(), planned in events(), cadence in settings()) {
        let mut with_planned = events.clone();
        with_planned.extend(planned.iter().map(|event| Event {
            time: Timestamp::from_micros(2 * now().micros() - event.time.micros() + 1), ..*event
        }));
        let (a, b) = (Timeline::read(&events, now(), 365), Timeline::read(&with_planned, now(), 365));
        prop_assert_eq!(trend(&a), trend(&b));
        prop_assert_eq!(health(&events, cadence, 365), health(&with_planned, cadence, 365));
    }

    #[test]
    fn factors_sum_to_the_score_and_the_cap_holds(events in events(), cadence in settings(), window in 1u32..3650) {
        if let Some(measured) = health(&events, cadence, window).measured {
            prop_assert_eq!(measured.factors.sum(), i16::from(measured.score));
            prop_assert!(measured.score <= 100);
            prop_assert!(measured.factors.cap.is_none() || measured.score <= 39);
            prop_assert!(measured.factors.cap.is_some() || f64::from(measured.score) == measured.uncapped.round());
        }
    }

    #[test]
    fn one_more_contact_from_both_sides_never_hurts(events in events(), cadence in settings()) {
        let mut with_contact = events.clone();
        with_contact.push(event(0, Actor::Both));
        if health(&events, cadence, 365).measured.is_some() {
            prop_assert!(score(&with_contact, cadence) >= score(&events, cadence));
        }
    }
}
