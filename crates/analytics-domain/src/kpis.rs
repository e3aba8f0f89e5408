//! The figures of a record over a window: counts, time, answers, and what was first, last and comes next.

use std::collections::{BTreeMap, BTreeSet};

use vocabulary::entry::InteractionKind;
use vocabulary::{Timestamp, UserId};

use crate::timeline::{Contact, Counted, Direction, Timeline};
use crate::turns::{self, Turn};

const MICROS_PER_HOUR: f64 = 3.6e9;

/// The name of the type that tasks have.
pub const TASK: &str = "task";

/// The figures of a record over a window.
///
/// Source: the table schemas of the reference product and relationship-analytics-kpi-calculations, 2023-02-07, unless a field says
/// otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kpis {
    /// The window's first instant.
    pub window_start: Timestamp,
    /// Mails from us to them.
    pub emails_sent: u64,
    /// Mails from them to us.
    pub emails_received: u64,
    /// Meetings we organised.
    pub meetings_sent: u64,
    /// Meetings anybody else organised.
    pub meetings_received: u64,
    /// Calls we made.
    pub calls_made: u64,
    /// Calls they made.
    pub calls_received: u64,
    /// Tasks and custom activities by type (Rapport rule).
    pub activities: BTreeMap<Box<str>, u64>,
    /// Minutes of ours.
    pub minutes_by_us: f64,
    /// Minutes of theirs.
    pub minutes_by_them: f64,
    /// The share of their turns that we answered within 14 days, 0.0..=1.0; none without a turn (Rapport rule).
    pub response_rate_by_us: Option<f64>,
    /// The share of our turns that they answered.
    pub response_rate_by_them: Option<f64>,
    /// How long we took; none without an answered turn.
    pub first_response_by_us: Option<ResponseTime>,
    /// How long they took.
    pub first_response_by_them: Option<ResponseTime>,
    /// When the oldest turn of theirs began that still waits for us (Rapport rule).
    pub awaiting_us_since: Option<Timestamp>,
    /// When the oldest turn of ours began that still waits for them (Rapport rule).
    pub awaiting_them_since: Option<Timestamp>,
    /// Mails sent over mails received; none when none was received.
    pub sent_received_ratio_by_us: Option<f64>,
    /// Mails received over mails sent; none when none was sent.
    pub sent_received_ratio_by_them: Option<f64>,
    /// The first interaction in the window.
    pub first: Option<Counted>,
    /// The last interaction in the window.
    pub last: Option<Counted>,
    /// The earliest that is still to come.
    pub next: Option<Counted>,
    /// Whole days from the last interaction to the instant asked about (Rapport rule).
    pub days_since_last: Option<u32>,
    /// UTC days with an interaction (Rapport rule).
    pub active_days: u32,
    /// How many of ours took part (Rapport rule).
    pub distinct_colleagues: u32,
    /// How many of theirs took part (Rapport rule).
    pub distinct_contacts: u32,
    /// Open opportunities of the contact; contacts only.
    pub open_opportunities: u32,
}

/// Times from the first message of a turn to the first message of its answer (Rapport rule).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponseTime {
    /// Answered turns.
    pub turns: u64,
    /// The mean, in hours.
    pub mean_hours: f64,
    /// The median, in hours; of an even number the mean of the middle two.
    pub median_hours: f64,
}

/// The figures of a timeline over the window from `window_start` to the timeline's instant, both included.
pub fn compute(timeline: &Timeline, window_start: Timestamp) -> Kpis {
    let as_of = timeline.span.as_of;
    let from = timeline.counted.partition_point(|counted| counted.time < window_start);
    let counted = &timeline.counted[from..];
    let turns = turns::of(timeline);
    let counting: Vec<&Turn> = turns.iter().filter(|turn| turn.counts(window_start, as_of)).collect();
    let by = |side: Direction| counting.iter().copied().filter(|turn| turn.by == side).collect::<Vec<_>>();
    // Their turns are what we answer, and ours what they answer.
    let (asked_us, asked_them) = (by(Direction::Received), by(Direction::Sent));
    let waiting = |side: Direction| turns.iter().filter(|turn| turn.by == side && turn.awaits(as_of)).map(|turn| turn.first).min();
    let mut kpis = counts(counted);
    kpis.window_start = window_start;
    kpis.response_rate_by_us = response_rate(&asked_us);
    kpis.response_rate_by_them = response_rate(&asked_them);
    kpis.first_response_by_us = response_time(&asked_us);
    kpis.first_response_by_them = response_time(&asked_them);
    kpis.awaiting_us_since = waiting(Direction::Received);
    kpis.awaiting_them_since = waiting(Direction::Sent);
    kpis.sent_received_ratio_by_us = ratio(kpis.emails_sent, kpis.emails_received);
    kpis.sent_received_ratio_by_them = ratio(kpis.emails_received, kpis.emails_sent);
    kpis.first = counted.first().cloned();
    kpis.last = counted.last().cloned();
    kpis.next = timeline.next.clone();
    kpis.days_since_last = counted.last().map(|last| as_of.days_since(last.time) as u32);
    kpis
}

/// What is counted and summed one interaction at a time.
fn counts(counted: &[Counted]) -> Kpis {
    let mut kpis = Kpis::default();
    let mut days = BTreeSet::new();
    let mut colleagues: BTreeSet<UserId> = BTreeSet::new();
    let mut contacts: BTreeSet<Contact> = BTreeSet::new();
    let (mut seconds_by_us, mut seconds_by_them) = (0, 0);
    for counted in counted {
        match (&counted.kind, counted.direction) {
            (InteractionKind::Email, Direction::Sent) => kpis.emails_sent += 1,
            (InteractionKind::Email, Direction::Received) => kpis.emails_received += 1,
            (InteractionKind::Meeting, Direction::Sent) => kpis.meetings_sent += 1,
            (InteractionKind::Meeting, Direction::Received) => kpis.meetings_received += 1,
            (InteractionKind::Call, Direction::Sent) => kpis.calls_made += 1,
            (InteractionKind::Call, Direction::Received) => kpis.calls_received += 1,
            (InteractionKind::Email | InteractionKind::Meeting | InteractionKind::Call, Direction::Internal) => {}
            (InteractionKind::Task, _) => *kpis.activities.entry(TASK.into()).or_default() += 1,
            (InteractionKind::Custom(name), _) => *kpis.activities.entry(name.clone()).or_default() += 1,
        }
        seconds_by_us += counted.seconds_by_us;
        seconds_by_them += counted.seconds_by_them;
        days.insert(counted.time.day());
        colleagues.extend(&counted.colleagues);
        contacts.extend(&counted.contacts);
    }
    kpis.minutes_by_us = seconds_by_us as f64 / 60.0;
    kpis.minutes_by_them = seconds_by_them as f64 / 60.0;
    kpis.active_days = days.len() as u32;
    kpis.distinct_colleagues = colleagues.len() as u32;
    kpis.distinct_contacts = contacts.len() as u32;
    kpis
}

fn ratio(over: u64, under: u64) -> Option<f64> {
    (under > 0).then(|| over as f64 / under as f64)
}

fn response_rate(turns: &[&Turn]) -> Option<f64> {
    ratio(turns.iter().filter(|turn| turn.answered().is_some()).count() as u64, turns.len() as u64)
}

fn response_time(turns: &[&Turn]) -> Option<ResponseTime> {
    let taken = |turn: &&Turn| Some(turn.answered()?.micros() - turn.first.micros());
    let mut micros: Vec<i64> = turns.iter().filter_map(taken).collect();
    micros.sort_unstable();
    let (low, high) = (*micros.get(micros.len().checked_sub(1)? / 2)?, *micros.get(micros.len() / 2)?);
    let sum: i128 = micros.iter().map(|micros| i128::from(*micros)).sum();
    Some(ResponseTime {
        turns: micros.len() as u64,
        mean_hours: sum as f64 / micros.len() as f64 / MICROS_PER_HOUR,
        median_hours: (low as f64 + high as f64) / 2.0 / MICROS_PER_HOUR,
    })
}

#[cfg(test)]
mod tests;
