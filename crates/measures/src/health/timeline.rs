//! A record's timeline as seen at an instant: what lies in the data window, oldest first.

use vocabulary::Timestamp;

use super::{Actor, Event};

/// The events of one record from `at - data window` to `at`, both included. Planned events, later than `at`, are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    at: Timestamp,
    data_window_days: u32,
    events: Vec<Event>,
}

/// Distinct UTC days with an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveDays {
    /// How many days.
    pub count: u32,
    /// The weight of the heaviest event of each day, summed: sixths of a day, so that sums are exact.
    pub sixths: u32,
}

impl ActiveDays {
    /// Weighted days: as many as [`Self::count`] when every kind has the neutral weight.
    pub fn weighted(self) -> f64 {
        f64::from(self.sixths) / 6.0
    }
}

impl Timeline {
    /// Reads `events`, in any order, as of instant `at`, with `data_window_days` days of data before it.
    pub fn read(events: &[Event], at: Timestamp, data_window_days: u32) -> Self {
        let from = at.plus_days(-i64::from(data_window_days));
        let mut events: Vec<Event> = events.iter().copied().filter(|event| (from..=at).contains(&event.time)).collect();
        events.sort_unstable();
        Self { at, data_window_days, events }
    }

    /// The instant.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Days of data before the instant.
    pub fn data_window_days(&self) -> u32 {
        self.data_window_days
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The first event.
    pub fn first(&self) -> Option<Timestamp> {
        self.events.first().map(|event| event.time)
    }

    /// The last event.
    pub fn last(&self) -> Option<Timestamp> {
        self.events.last().map(|event| event.time)
    }

    /// The last event in which `acted` says the wanted side acted.
    pub fn last_by(&self, acted: fn(Actor) -> bool) -> Option<Timestamp> {
        self.events.iter().rev().find(|event| acted(event.actor)).map(|event| event.time)
    }

    /// The active days from `days` ago until the instant, both ends included.
    pub fn active_days(&self, days: u32) -> ActiveDays {
        let from = self.days_ago(days);
        count(&self.events[self.events.partition_point(|event| event.time < from)..])
    }

    /// The active days from `older` days ago, included, until `newer` days ago, excluded.
    pub fn active_days_between(&self, older: u32, newer: u32) -> ActiveDays {
        let (from, until) = (self.days_ago(older), self.days_ago(newer));
        let start = self.events.partition_point(|event| event.time < from);
        let end = self.events.partition_point(|event| event.time < until);
        count(self.events.get(start..end).unwrap_or_default())
    }

    /// The instant `days` before this timeline's.
    pub(super) fn days_ago(&self, days: u32) -> Timestamp {
        self.at.plus_days(-i64::from(days))
    }
}

/// Counts the days of `events`, which are in order of time.
fn count(events: &[Event]) -> ActiveDays {
    let days = events.chunk_by(|a, b| a.time.day() == b.time.day());
    days.fold(ActiveDays::default(), |sum, day| {
        let heaviest = day.iter().map(|event| u32::from(event.weight.get())).max().unwrap_or_default();
        ActiveDays { count: sum.count + 1, sixths: sum.sixths + heaviest }
    })
}
