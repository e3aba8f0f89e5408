//! What people read.

use measures::health::{Actor, Event, Measured, Settings, Timeline, Weight, assess};

use super::*;
use crate::testing::{days_ago, now};

fn measured(events: &[(i64, Actor)]) -> Measured {
    let events: Vec<Event> =
        events.iter().map(|(days, actor)| Event { time: days_ago(*days), actor: *actor, weight: Weight::NEUTRAL }).collect();
    assess(&Timeline::read(&events, now(), 365), &Settings::default()).measured.unwrap()
}

#[test]
fn a_summary_says_what_the_score_rests_on() {
    let lively = measured(&[(1, Actor::Us), (2, Actor::Them), (8, Actor::Us), (9, Actor::Them)]);
    assert_eq!(
        summary(State::Fair, Some(&lively), 4),
        "Fair: last contact 1 day ago against a usual gap of 2.7 days, 4 active days in the last 180 days."
    );
    let ignored = measured(&[(0, Actor::Them), (2, Actor::Them), (120, Actor::Us)]);
    assert_eq!(
        summary(State::Poor, Some(&ignored), 3),
        "Poor: last contact within a day against a usual gap of 60.0 days, 3 active days in the last 180 days. \
         We have not acted for 120 days, so the score is at most 39."
    );
    assert_eq!(silent_days(ignored.factors.cap.as_ref().unwrap(), 365), 120);
}

#[test]
fn a_state_without_a_score_says_why() {
    for (state, events, text) in [
        (State::NotEnoughInfo, 1, "Too little to judge by: 1 interaction, and a score needs 3."),
        (State::NoClosedActivities, 0, "No interaction yet."),
        (State::EntityTooOld, 0, "Older than 2 years, so it has no health."),
    ] {
        assert_eq!(summary(state, None, events), text);
    }
}

#[test]
fn what_asks_for_attention_is_said_after_the_grade() {
    for (trend, since, text) in [
        (Trend::Steady, None, ""),
        (Trend::Declining, None, " Declining: fewer active days than in the quarter before."),
        (Trend::Improving, Some(now()), " They have waited less than a day for our answer."),
        (Trend::Steady, Some(days_ago(3)), " They have waited 3 days for our answer."),
    ] {
        assert_eq!(attention(trend, since, now()), text);
    }
}
