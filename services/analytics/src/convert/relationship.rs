//! Relationships on the wire.

use analytics_domain::health::{Breadth, State};
use analytics_domain::kpis::ResponseTime;
use analytics_domain::timeline::{Counted, Direction};
use analytics_domain::{Completeness, Health, Kpis, Relationship, words};
use contracts::analytics::v1 as pb;
use contracts::common::v1 as common;
use measures::health::{BASE, Measured, Trend};
use vocabulary::entry::InteractionKind;

use super::{record, timestamp};

/// How a relationship stands; `data_window_days` is how long a side that never acted has been silent at most.
pub fn message(relationship: &Relationship, data_window_days: u32) -> pb::Relationship {
    pb::Relationship {
        record: Some(record::message(&relationship.record)),
        as_of: Some(timestamp(relationship.as_of)),
        kpis: Some(kpis(&relationship.kpis)),
        health: Some(health(&relationship.health, data_window_days)),
        completeness: Some(completeness(&relationship.completeness)),
        breadth: relationship.health.breadth.map(breadth),
    }
}

fn kpis(kpis: &Kpis) -> pb::Kpis {
    pb::Kpis {
        window_start_time: Some(timestamp(kpis.window_start)),
        emails_sent: count(kpis.emails_sent),
        emails_received: count(kpis.emails_received),
        meetings_sent: count(kpis.meetings_sent),
        meetings_received: count(kpis.meetings_received),
        calls_made: count(kpis.calls_made),
        calls_received: count(kpis.calls_received),
        activities: kpis
            .activities
            .iter()
            .map(|(name, held)| pb::ActivityCount { r#type: name.to_string(), count: count(*held) })
            .collect(),
        time_by_us_minutes: kpis.minutes_by_us,
        time_by_them_minutes: kpis.minutes_by_them,
        response_rate_by_us: kpis.response_rate_by_us,
        response_rate_by_them: kpis.response_rate_by_them,
        first_response_by_us: kpis.first_response_by_us.map(response_time),
        first_response_by_them: kpis.first_response_by_them.map(response_time),
        awaiting_us_since_time: kpis.awaiting_us_since.map(timestamp),
        awaiting_them_since_time: kpis.awaiting_them_since.map(timestamp),
        sent_received_ratio_by_us: kpis.sent_received_ratio_by_us,
        sent_received_ratio_by_them: kpis.sent_received_ratio_by_them,
        first_interaction: kpis.first.as_ref().map(interaction),
        last_interaction: kpis.last.as_ref().map(interaction),
        next_interaction: kpis.next.as_ref().map(interaction),
        days_since_last: kpis.days_since_last.map(small),
        active_days: small(kpis.active_days),
        distinct_colleagues: small(kpis.distinct_colleagues),
        distinct_contacts: small(kpis.distinct_contacts),
        open_opportunities: small(kpis.open_opportunities),
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn response_time(time: ResponseTime) -> pb::ResponseTime {
    pb::ResponseTime { turns: count(time.turns), mean_hours: time.mean_hours, median_hours: time.median_hours }
}

fn interaction(counted: &Counted) -> pb::InteractionRef {
    let kind = match counted.kind {
        InteractionKind::Email => common::InteractionKind::Email,
        InteractionKind::Meeting => common::InteractionKind::Meeting,
        InteractionKind::Call => common::InteractionKind::Call,
        InteractionKind::Task => common::InteractionKind::Task,
        InteractionKind::Custom(_) => common::InteractionKind::Custom,
    };
    let direction = match counted.direction {
        Direction::Sent => common::Direction::Sent,
        Direction::Received => common::Direction::Received,
        Direction::Internal => common::Direction::Internal,
    };
    let interaction_id = format!("{:032x}", counted.identity.0);
    pb::InteractionRef { time: Some(timestamp(counted.time)), kind: kind.into(), direction: direction.into(), interaction_id }
}

fn health(health: &Health, data_window_days: u32) -> pb::Health {
    let measured = health.measured.as_ref();
    pb::Health {
        state: state(health.state).into(),
        score: measured.map(|measured| measured.score.into()),
        trend: trend(health.trend).into(),
        base: if measured.is_some() { BASE.into() } else { 0 },
        factors: measured.map(|measured| factors(measured, data_window_days)).unwrap_or_default(),
        silence_risk_60: measured.map(|measured| measured.silent_60_days),
        summary: health.summary.clone(),
        contact_id: health.contact.as_deref().unwrap_or_default().to_owned(),
    }
}

fn factors(measured: &Measured, data_window_days: u32) -> Vec<pb::HealthFactor> {
    let Measured { factors, figures, .. } = measured;
    let factor = |kind: pb::FactorKind, points: i16, figure: f64, text: String| pb::HealthFactor {
        kind: kind.into(),
        points: points.into(),
        figure,
        text,
    };
    let cap = factors
        .cap
        .as_ref()
        .map(|cap| factor(pb::FactorKind::Cap, cap.points, words::silent_days(cap, data_window_days).into(), words::cap(cap)));
    let formula = [
        factor(pb::FactorKind::Activity, factors.activity, figures.weighted_active_days, words::activity(figures)),
        factor(pb::FactorKind::Recency, factors.recency, figures.days_since_last, words::recency(figures)),
        factor(pb::FactorKind::Rhythm, factors.rhythm, figures.gaps, words::rhythm(figures)),
    ];
    formula.into_iter().chain(cap).collect()
}

/// The contract has no state for a score that could not be computed: a single process computes it at once or not at all.
const fn state(state: Option<State>) -> pb::HealthState {
    match state {
        Some(State::Good) => pb::HealthState::Good,
        Some(State::Fair) => pb::HealthState::Fair,
        Some(State::Poor) => pb::HealthState::Poor,
        Some(State::NotEnoughInfo) => pb::HealthState::NotEnoughInfo,
        Some(State::NoClosedActivities) => pb::HealthState::NoClosedActivities,
        Some(State::EntityTooOld) => pb::HealthState::EntityTooOld,
        Some(State::ComputationInProgress) => pb::HealthState::ComputationInProgress,
        Some(State::SomethingWentWrong) => pb::HealthState::NotEnoughInfo,
        None => pb::HealthState::NotApplicable,
    }
}

const fn trend(trend: Trend) -> pb::Trend {
    match trend {
        Trend::Improving => pb::Trend::Improving,
        Trend::Steady => pb::Trend::Steady,
        Trend::Declining => pb::Trend::Declining,
        Trend::NotEnoughInfo | Trend::SomethingWentWrong => pb::Trend::NotEnoughInfo,
        Trend::NotApplicable => pb::Trend::NotApplicable,
    }
}

fn completeness(completeness: &Completeness) -> pb::Completeness {
    pb::Completeness {
        complete: completeness.gaps.is_empty(),
        gaps: completeness.gaps.iter().map(ToString::to_string).collect(),
        earliest_time: Some(timestamp(completeness.earliest)),
        mailboxes: completeness.mailboxes.into(),
        mailboxes_readable: completeness.readable.into(),
    }
}

fn breadth(breadth: Breadth) -> pb::Breadth {
    pb::Breadth {
        breadth: small(breadth.breadth()),
        good: small(breadth.good),
        fair: small(breadth.fair),
        poor: small(breadth.poor),
        unscored: small(breadth.unscored),
    }
}
