//! Golden values and invariants of the strength of a tie.

use proptest::prelude::*;
use vocabulary::{Day, Timestamp};

use super::*;

const DAY_MICROS: f64 = 86_400e6;

fn now() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

/// `days` before the instant, and one microsecond more: only what lies before the instant counts.
fn ago(days: f64) -> Timestamp {
    Timestamp::from_micros(now().micros() - (days * DAY_MICROS) as i64 - 1)
}

fn mail(days: f64, direction: Direction, others: u32) -> Touch {
    Touch { time: ago(days), direction, weight: mail_weight(MailRole::To, others), one_to_one: others == 1 }
}

fn stream(direction: Direction, first: f64, period: f64, count: usize, others: u32) -> Vec<Touch> {
    (0..count).map(|index| mail(first + period * index as f64, direction, others)).collect()
}

/// A rhythm over 730 days of data, shifted `silent` days into the past.
fn rhythm(period: f64, first: (f64, f64), silent: f64, span: f64, others: u32) -> Vec<Touch> {
    let count = (span / period).floor() as usize;
    let mut touches = stream(Direction::Outbound, first.0 + silent, period, count, others);
    touches.extend(stream(Direction::Inbound, first.1 + silent, period, count, others));
    touches
}

fn exchange(days: f64) -> Vec<Touch> {
    vec![mail(days, Direction::Outbound, 1), mail(days, Direction::Inbound, 1)]
}

#[test]
fn golden_values_come_out() {
    // The published golden values are the exact ones rounded to a tenth and then, half up, to an integer: 74.46 is printed as 75 and
    // 51.49 as 52. The score itself is rounded once.
    let check = |name: &str, touches: Vec<Touch>, exact: f64, golden: f64| {
        let strength = measure(&touches, now());
        assert!((strength.uncapped - exact).abs() < 0.005, "{name}: {strength:?}");
        assert_eq!(((strength.uncapped * 10.0).round() / 10.0).round(), golden, "{name}: {strength:?}");
        assert_eq!(f64::from(strength.score), strength.raw.round(), "{name}");
        assert_eq!(strength.raw, if strength.reasons.capped { 15.0 } else { strength.uncapped }, "{name}");
    };
    check("daily", rhythm(1.0, (0.0, 0.0), 0.0, 730.0, 1), 97.61, 98.0);
    check("weekly", rhythm(7.0, (3.0, 4.0), 0.0, 730.0, 1), 85.13, 85.0);
    check("fortnightly", rhythm(14.0, (5.0, 7.0), 0.0, 730.0, 1), 74.46, 75.0);
    check("monthly", rhythm(30.0, (10.0, 12.0), 0.0, 730.0, 1), 58.35, 58.0);
    check("quarterly", rhythm(91.0, (30.0, 32.0), 0.0, 730.0, 1), 28.72, 29.0);
    check("one exchange today", exchange(0.0), 49.40, 49.0);
    check("one exchange 30 days ago", exchange(30.0), 20.42, 20.0);
    check("one exchange 180 days ago", exchange(180.0), 3.74, 4.0);
    check("weekly for a year, then silent for 30 days", rhythm(7.0, (3.0, 4.0), 30.0, 365.0, 1), 69.64, 70.0);
    check("weekly for a year, then silent for 90 days", rhythm(7.0, (3.0, 4.0), 90.0, 365.0, 1), 55.25, 55.0);
    check("weekly for a year, then silent for a year", rhythm(7.0, (3.0, 4.0), 365.0, 365.0, 1), 26.55, 27.0);
    check("weekly with 10 recipients", rhythm(7.0, (3.0, 4.0), 0.0, 730.0, 10), 64.45, 64.0);
    check("20 cold mails", stream(Direction::Outbound, 0.0, 1.5, 20, 1), 51.49, 52.0);
    check("a weekly newsletter", stream(Direction::Inbound, 3.0, 7.0, 104, 1), 36.88, 37.0);
    check("nothing", Vec::new(), 0.0, 0.0);
}

#[test]
fn a_day_counts_once_each_way_with_the_time_of_its_heaviest_touch() {
    let noon = Day(19_000).start().plus_days(0).micros() + 12 * 3_600_000_000;
    let at = Day(19_001).start();
    let touch = |hours: i64, weight: f64, direction| Touch {
        time: Timestamp::from_micros(noon + hours * 3_600_000_000),
        direction,
        weight,
        one_to_one: true,
    };
    let check = |touches: &[Touch], outbound: &[(i64, f64)], inbound: &[(i64, f64)]| {
        let kept: Vec<Touch> = touches.iter().copied().filter(|touch| touch.counts_before(at)).collect();
        let streams = Streams::of(&kept);
        for (events, expected) in [(&streams.outbound, outbound), (&streams.inbound, inbound)] {
            let events: Vec<_> = events.iter().map(|event| ((event.time.micros() - noon) / 3_600_000_000, event.weight)).collect();
            assert_eq!(events, expected);
        }
    };
    use Direction::{Both, Inbound, Outbound};
    check(&[touch(-1, 0.5, Outbound), touch(-3, 1.0, Outbound)], &[(-3, 1.0)], &[]);
    check(&[touch(-3, 1.0, Outbound), touch(-1, 1.0, Outbound)], &[(-1, 1.0)], &[]);
    check(&[touch(1, 3.0, Both), touch(2, 1.0, Inbound)], &[(1, 3.0)], &[(1, 3.0)]);
    // The meeting is cancelled: the day goes back to the mail behind it.
    check(&[touch(2, 1.0, Inbound)], &[], &[(2, 1.0)]);
    // After the instant, or without weight.
    check(&[touch(12, 1.0, Outbound), touch(0, 0.0, Inbound)], &[], &[]);
    check(&[touch(-13, 1.0, Outbound), touch(0, 1.0, Outbound)], &[(-13, 1.0), (0, 1.0)], &[]);
}

#[test]
fn reasons_name_what_the_score_rests_on() {
    let mut touches = rhythm(7.0, (3.0, 4.0), 0.0, 730.0, 1);
    touches.push(mail(3.0, Direction::Inbound, 4));
    let strength = measure(&touches, now());
    let reasons = &strength.reasons;
    assert_eq!((reasons.touches, reasons.outbound, reasons.inbound, reasons.one_to_one), (209, 104, 105, 208));
    assert_eq!(reasons.active_days, 208);
    assert_eq!(reasons.last_two_way_day, Some(ago(3.0).day()));
    assert_eq!((reasons.last_outbound, reasons.last_inbound), (Some(ago(3.0)), Some(ago(3.0))));
    assert_eq!(reasons.one_to_one_share(), Some(208.0 / 209.0));
    assert!(!reasons.capped);
    assert_eq!(strength.label, Label::Strong);
    let carried = |touches: &[Touch]| measure(touches, now()).reasons.carried_by;
    assert_eq!(carried(&exchange(0.0)), Some(HalfLife::Week));
    assert_eq!(carried(&rhythm(7.0, (0.0, 1.0), 365.0, 365.0, 1)), Some(HalfLife::Year));
    assert_eq!(carried(&[]), None);
    let cold = measure(&stream(Direction::Outbound, 0.0, 1.5, 20, 1), now());
    assert!(cold.reasons.capped && cold.reasons.last_two_way_day.is_none() && cold.edge_probability() == 0.15);
}

fn touches() -> impl Strategy<Value = Vec<Touch>> {
    let touch = (0i64..400 * 24, 0..3u8, 1..60u32).prop_map(|(hours, direction, others)| Touch {
        time: Timestamp::from_micros(now().micros() - 1 - hours * 3_600_000_000),
        direction: [Direction::Outbound, Direction::Inbound, Direction::Both][direction as usize],
        weight: mail_weight(MailRole::To, others),
        one_to_one: others == 1,
    });
    prop::collection::vec(touch, 0..60)
}

proptest! {
    #[test]
    fn order_changes_nothing((touches, shuffled) in touches().prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle()))) {
        let (a, b) = (measure(&touches, now()), measure(&shuffled, now()));
        prop_assert_eq!(a.raw.to_bits(), b.raw.to_bits());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn what_comes_at_or_after_the_instant_changes_nothing(touches in touches(), later in touches()) {
        let mut with_later = touches.clone();
        with_later.extend(later.iter().map(|touch| Touch {
            time: Timestamp::from_micros(2 * now().micros() - touch.time.micros() - 1), ..*touch
        }));
        prop_assert_eq!(measure(&touches, now()), measure(&with_later, now()));
    }

    #[test]
    fn strength_stays_within_its_bounds(touches in touches()) {
        let strength = measure(&touches, now());
        prop_assert!((0.0..=100.0).contains(&strength.raw) && strength.raw <= strength.uncapped);
        prop_assert!(strength.score <= 100);
        if strength.reasons.outbound == 0 || strength.reasons.inbound == 0 {
            prop_assert!(strength.raw <= ONE_SIDED_CAP);
        }
    }
}
