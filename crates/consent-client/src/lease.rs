//! The lease, pure: it runs from an instant noted on our own clock before we asked, so no delay on the way can lengthen it.
//! Instants are boot times.

use std::collections::VecDeque;
use std::time::Duration;

/// The length before consent has told one; only the rhythm of renewals depends on it.
const USUAL: Duration = Duration::from_secs(2);

/// The shortest time between two renewals, however short the lease.
const RHYTHM: Duration = Duration::from_millis(10);

/// How many unanswered renewals are remembered; the answer to an older one extends nothing.
const REMEMBERED: usize = 64;

/// The lease of one holder, over all its streams.
#[derive(Clone, Debug)]
pub struct Lease {
    until: Duration,
    length: Duration,
    number: u64,
    noted: VecDeque<(u64, Duration)>,
    due: Duration,
    /// An answer that vouches for decisions which have not arrived yet.
    ahead: Option<Ahead>,
}

#[derive(Clone, Copy, Debug)]
struct Ahead {
    position: u64,
    until: Duration,
}

/// An answer vouched for decisions that had not arrived when the next answer did: the stream has lost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap;

impl Default for Lease {
    fn default() -> Self {
        let (until, due) = (Duration::ZERO, Duration::ZERO);
        Self { until, length: USUAL, number: 0, noted: VecDeque::new(), due, ahead: None }
    }
}

impl Lease {
    /// The boot time the lease runs to: it is over at that instant.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// How long a lease is, as last told.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// When to ask again: a quarter of a lease after the last time, at once on a new stream.
    pub fn due(&self) -> Duration {
        self.due
    }

    /// Begins a stream: answers to what was asked on the last one extend nothing. The lease itself runs on.
    pub fn reopen(&mut self) {
        *self = Self { until: self.until, ..Self::default() };
    }

    /// Notes `now` and returns the number to ask with, from 1. `now` must have been read before anything is sent.
    pub fn renew(&mut self, now: Duration) -> u64 {
        self.number += 1;
        self.noted.push_back((self.number, now));
        if self.noted.len() > REMEMBERED {
            self.noted.pop_front();
        }
        self.due = now.saturating_add((self.length / 4).max(RHYTHM));
        self.number
    }

    /// Takes an answer: the lease runs at least to the instant noted with `number`, plus `length`. An answer may be repeated with
    /// another length; one that is older than another already taken, or that nobody asked for, extends nothing.
    ///
    /// `vouched` is the position the answer speaks for, `reached` the mirror's: while the mirror is behind, the answer waits for it.
    ///
    /// # Errors
    /// [`Gap`] when an answer is waiting already.
    pub fn renewed(&mut self, number: u64, length: Duration, vouched: u64, reached: u64) -> Result<(), Gap> {
        let Some(at) = self.noted.iter().position(|(noted, _)| *noted == number) else { return Ok(()) };
        self.noted.drain(..at);
        let Some(&(_, noted)) = self.noted.front() else { return Ok(()) };
        self.length = length;
        let until = noted.saturating_add(length);
        if vouched <= reached {
            self.until = self.until.max(until);
        } else if self.ahead.replace(Ahead { position: vouched, until }).is_some() {
            return Err(Gap);
        }
        Ok(())
    }

    /// Says that the mirror has reached a position: an answer that waited for it counts now, still from its own noted instant.
    pub fn reached(&mut self, position: u64) {
        if let Some(ahead) = self.ahead.take_if(|ahead| ahead.position <= position) {
            self.until = self.until.max(ahead.until);
        }
    }
}

#[cfg(test)]
mod tests;
