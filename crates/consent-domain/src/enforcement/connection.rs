//! One stream of one holder: what it acknowledged, until when its lease counts, and which renewal it waits for.

use std::collections::VecDeque;
use std::time::Duration;

use super::lease::{self, Terms};

/// A renewal came with a number that does not follow the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfTurn;

/// A withdrawal that this holder has not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Unacknowledged {
    position: u64,
    since: Duration,
}

/// One stream, also after it is gone, as long as its lease counts.
#[derive(Clone, Debug)]
pub struct Connection {
    instance: u64,
    attached: bool,
    /// Absent once the snapshot is acknowledged.
    snapshot: Option<u64>,
    /// Absent when no lease was ever granted.
    lease_over: Option<Duration>,
    /// In order of position.
    unacknowledged: VecDeque<Unacknowledged>,
    asked: u64,
    /// The renewal that is not answered yet.
    pending: Option<u64>,
}

impl Connection {
    pub fn joined(instance: u64, snapshot: u64) -> Self {
        let (lease_over, unacknowledged, pending) = (None, VecDeque::new(), None);
        Self { instance, attached: true, snapshot: Some(snapshot), lease_over, unacknowledged, asked: 0, pending }
    }

    /// The same holder as on an earlier stream: its lease counts on, and what it had not acknowledged there it has not.
    pub fn succeed(&mut self, before: Self) {
        self.lease_over = self.lease_over.max(before.lease_over);
        self.unacknowledged.extend(before.unacknowledged);
    }

    /// The same holder as in the life of consent before: it may act, until its lease is over, on what it knew then.
    pub fn return_from_farewell(&mut self, lease_over: Duration, now: Duration) {
        self.lease_over = self.lease_over.max(Some(lease_over));
        self.unacknowledged.push_front(Unacknowledged { position: 0, since: now });
    }

    pub fn instance(&self) -> u64 {
        self.instance
    }

    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Nothing is sent there any more, and nothing that still comes from there is believed.
    pub fn detach(&mut self) {
        self.attached = false;
        self.pending = None;
    }

    /// Whether it may have a farewell lease: nothing is left to be acknowledged.
    pub fn may_part(&self, now: Duration) -> bool {
        let answered = self.asked > 0 && self.pending.is_none();
        self.attached && answered && self.snapshot.is_none() && self.unacknowledged.is_empty() && self.has_lease(now)
    }

    /// Notes a lease that counts until then, and answers the number of the renewal that it runs from.
    pub fn part(&mut self, lease_over: Duration) -> u64 {
        self.lease_over = self.lease_over.max(Some(lease_over));
        self.asked
    }

    pub fn lease_over(&self) -> Option<Duration> {
        self.lease_over
    }

    pub fn has_lease(&self, now: Duration) -> bool {
        self.lease_over.is_some_and(|over| now < over)
    }

    /// Whether a withdrawal up to this position is not acknowledged.
    pub fn withholds(&self, position: u64) -> bool {
        self.unacknowledged.front().is_some_and(|first| first.position <= position)
    }

    pub fn await_acknowledgement(&mut self, position: u64, since: Duration) {
        self.unacknowledged.push_back(Unacknowledged { position, since });
    }

    pub fn acknowledge(&mut self, position: u64) {
        if !self.attached {
            return;
        }
        self.snapshot = self.snapshot.filter(|snapshot| *snapshot > position);
        while self.withholds(position) {
            self.unacknowledged.pop_front();
        }
    }

    /// Notes a renewal that was asked for.
    pub fn ask(&mut self, number: u64) -> Result<(), OutOfTurn> {
        if !self.attached {
            return Ok(());
        }
        if number != self.asked + 1 {
            return Err(OutOfTurn);
        }
        self.asked = number;
        self.pending = Some(number);
        Ok(())
    }

    /// The renewal to answer now, if one waits and the holder may have it: its lease then counts from `now`.
    ///
    /// An answer that was put off runs from the instant the holder noted long before, so that it is worth less to the holder than it
    /// is counted here.
    pub fn renew(&mut self, terms: &Terms, now: Duration) -> Option<u64> {
        let late = self.unacknowledged.front().is_some_and(|first| now > first.since + terms.heartbeat());
        if self.snapshot.is_some() || late {
            return None;
        }
        let number = self.pending.take()?;
        self.lease_over = self.lease_over.max(Some(lease::counted_over(terms.lease, now)));
        Some(number)
    }
}
