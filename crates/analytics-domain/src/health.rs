//! The health of a record: which records have one, over which timeline, and how an account shows that of its contacts.

use measures::health::{self, Measured, Settings, Trend, Weights, roll_up};
use vocabulary::Timestamp;
use vocabulary::entry::RecordKind;

use crate::record::{Record, State as RecordState};
use crate::timeline::{Span, Timeline};
use crate::words;

pub use measures::health::State;

/// Leads and opportunities older than this have no health. Source: health states of the reference product, ENTITY_TOO_OLD: 2 years.
const TOO_OLD_DAYS: i64 = 730;

/// What a tenant says of how health is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Cadence and grade bounds.
    pub settings: Settings,
    /// Weights of the kinds of activity.
    pub weights: Weights,
}

/// The health of a record at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The grade, or why there is none; none for a lead or opportunity that is no longer open.
    pub state: Option<State>,
    /// Where it is heading.
    pub trend: Trend,
    /// The score with everything behind it.
    pub measured: Option<Measured>,
    /// In words.
    pub summary: String,
    /// Accounts: the contact whose score it is.
    pub contact: Option<Box<str>>,
    /// Accounts: how many people carry it.
    pub breadth: Option<Breadth>,
}

/// How many people carry an account (Rapport rule).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breadth {
    /// Contacts graded good.
    pub good: u32,
    /// Contacts graded fair.
    pub fair: u32,
    /// Contacts graded poor.
    pub poor: u32,
    /// Contacts without a score.
    pub unscored: u32,
}

impl Breadth {
    /// Contacts graded fair or better; 1 means a single thread.
    pub fn breadth(&self) -> u32 {
        self.good + self.fair
    }
}

impl Health {
    /// The same while no mailbox that feeds the record has delivered anything: whether there was an interaction is not known yet.
    ///
    /// Source: health states of the reference product, COMPUTATION_IN_PROGRESS; until when, Rapport rule.
    #[must_use]
    pub fn in_progress(self) -> Self {
        match self.state {
            Some(State::NoClosedActivities) => {
                let state = State::ComputationInProgress;
                Self { state: Some(state), summary: words::summary(state, None, 0), ..self }
            }
            _ => self,
        }
    }
}

/// The health of a contact, lead or opportunity over its own timeline.
///
/// Source: relationship health of the reference product: active leads, open opportunities and every contact.
pub fn of(record: &Record, timeline: &Timeline, reading: &Reading, data_window_days: u32) -> Health {
    if matches!(record.reference.kind, RecordKind::Lead | RecordKind::Opportunity) {
        if record.state != RecordState::Open {
            return without(None);
        }
        if record.create_time.is_some_and(|made| made.plus_days(TOO_OLD_DAYS) < timeline.span.as_of) {
            return without(Some(State::EntityTooOld));
        }
    }
    let events = measured_timeline(timeline, reading, data_window_days);
    let assessed = health::assess(&events, &reading.settings);
    let summary = words::summary(assessed.state, assessed.measured.as_ref(), events.len());
    let trend = health::trend(&events);
    Health { state: Some(assessed.state), trend, measured: assessed.measured, summary, contact: None, breadth: None }
}

/// The health of an account: that of its best contact; the trend is of its own timeline (Rapport rule).
pub fn of_account(timeline: &Timeline, contacts: Vec<(Box<str>, Health)>, reading: &Reading, data_window_days: u32) -> Health {
    let known =
        |health: &Health| health::Health { state: health.state.unwrap_or(State::NoClosedActivities), measured: health.measured.clone() };
    let scored: Vec<(Box<str>, health::Health)> = contacts.iter().map(|(id, health)| (id.clone(), known(health))).collect();
    let account = roll_up(scored.iter().map(|(id, health)| (id.clone(), health)));
    let (good, fair, poor) = (account.good, account.fair, account.poor);
    let breadth = Breadth { good, fair, poor, unscored: contacts.len() as u32 - good - fair - poor };
    let best = account.best.as_ref().and_then(|best| contacts.into_iter().find(|(id, _)| id == best)).map(|(_, health)| health);
    let events = measured_timeline(timeline, reading, data_window_days);
    let summary = words::account_summary(account.state, best.as_ref().map(|best| best.summary.as_str()), breadth);
    Health {
        state: Some(account.state),
        trend: health::trend(&events),
        measured: best.and_then(|best| best.measured),
        summary,
        contact: account.best,
        breadth: Some(breadth),
    }
}

fn without(state: Option<State>) -> Health {
    let summary = match state {
        Some(state) => words::summary(state, None, 0),
        None => words::NOT_OPEN.to_owned(),
    };
    Health { state, trend: Trend::NotApplicable, measured: None, summary, contact: None, breadth: None }
}

fn measured_timeline(timeline: &Timeline, reading: &Reading, data_window_days: u32) -> health::Timeline {
    let Span { earliest, as_of } = timeline.span;
    health::Timeline::read(&timeline.events(&reading.weights), as_of, data_window_days.min(days_held(earliest, as_of)))
}

/// Whole days of data before an instant: fewer than the data window for an instant of the past, so that a trend is not read from what
/// is no longer held.
fn days_held(earliest: Timestamp, as_of: Timestamp) -> u32 {
    as_of.days_since(earliest).max(1.0) as u32
}

#[cfg(test)]
mod tests;
