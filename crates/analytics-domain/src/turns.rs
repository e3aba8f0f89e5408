//! Turns: who answered whom in a thread, and how soon (Rapport rule).

use std::collections::BTreeMap;

use vocabulary::Timestamp;
use vocabulary::entry::{Identity, InteractionKind, Thread};

use crate::timeline::{Counted, Direction, Timeline};

/// An answer within this many days counts as one; a turn is judged once it is as old.
pub const ANSWER_DAYS: i64 = 14;

/// A run of messages by one side to the other in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn it is: sent is ours, received theirs.
    pub by: Direction,
    /// Its first message.
    pub first: Timestamp,
    /// Whether one of its messages has the answering side in To.
    pub asks: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side wrote next, at this instant.
    Followed(Timestamp),
    /// Another contact of their account answered; contacts only.
    FollowedByAnother,
    /// Nothing followed.
    Open {
        /// Whether both sides wrote in the thread: then this is its closing turn.
        closing: bool,
    },
}

impl Turn {
    /// When it was answered, if it was answered in time.
    pub fn answered(&self) -> Option<Timestamp> {
        match self.outcome {
            Outcome::Followed(time) => (time <= self.first.plus_days(ANSWER_DAYS)).then_some(time),
            Outcome::FollowedByAnother | Outcome::Open { .. } => None,
        }
    }

    /// Whether it counts for response rates: begun in the window, at least 14 days old, the answering side in To, not the closing turn of a
    /// thread in which both wrote, not answered by another contact of their account.
    pub fn counts(&self, window_start: Timestamp, as_of: Timestamp) -> bool {
        let judged = match self.outcome {
            Outcome::Followed(_) | Outcome::Open { closing: false } => true,
            Outcome::FollowedByAnother | Outcome::Open { closing: true } => false,
        };
        judged && self.asks && self.first >= window_start && self.first.plus_days(ANSWER_DAYS) <= as_of
    }

    /// Whether it still waits: open, asking, and too young to be judged.
    pub fn awaits(&self, as_of: Timestamp) -> bool {
        matches!(self.outcome, Outcome::Open { .. }) && self.asks && self.first.plus_days(ANSWER_DAYS) > as_of
    }
}

/// Every turn of a record's timeline. Mail without a thread is a thread of its own.
pub fn of(timeline: &Timeline) -> Vec<Turn> {
    let mut threads: BTreeMap<(Option<Thread>, Option<Identity>), Vec<&Counted>> = BTreeMap::new();
    let mails = timeline.counted.iter().filter(|counted| counted.kind == InteractionKind::Email);
    for mail in mails.filter(|mail| mail.direction != Direction::Internal) {
        let alone = mail.thread.is_none().then_some(mail.identity);
        threads.entry((mail.thread, alone)).or_default().push(mail);
    }
    let mut turns = Vec::new();
    for ((thread, _), mails) in threads {
        let others = thread.and_then(|thread| timeline.by_others.get(&thread)).map_or(&[][..], Vec::as_slice);
        read_thread(&mails, others, &mut turns);
    }
    turns
}

/// Reads the turns of one thread. `mails` and `others` are in order of time.
fn read_thread(mails: &[&Counted], others: &[Timestamp], turns: &mut Vec<Turn>) {
    let theirs = mails.iter().any(|mail| mail.direction == Direction::Received) || !others.is_empty();
    let closing = theirs && mails.iter().any(|mail| mail.direction == Direction::Sent);
    let mut others = others.iter().peekable();
    let mut current: Option<Turn> = None;
    for mail in mails {
        while let Some(time) = others.next_if(|time| **time < mail.time) {
            end_by_another(&mut current, *time, turns);
        }
        match &mut current {
            Some(turn) if turn.by == mail.direction => turn.asks |= mail.asks,
            _ => {
                turns.extend(current.take().map(|turn| Turn { outcome: Outcome::Followed(mail.time), ..turn }));
                current = Some(Turn { by: mail.direction, first: mail.time, asks: mail.asks, outcome: Outcome::Open { closing } });
            }
        }
    }
    for time in others {
        end_by_another(&mut current, *time, turns);
    }
    turns.extend(current);
}

/// Another contact of their account wrote: that ends our turn, and changes nothing about a turn of the contact's.
fn end_by_another(current: &mut Option<Turn>, time: Timestamp, turns: &mut Vec<Turn>) {
    if let Some(turn) = current.take_if(|turn| turn.by == Direction::Sent) {
        let in_time = time <= turn.first.plus_days(ANSWER_DAYS);
        // An answer that came too late is none, whoever wrote it.
        let outcome = if in_time { Outcome::FollowedByAnother } else { Outcome::Followed(time) };
        turns.push(Turn { outcome, ..turn });
    }
}

#[cfg(test)]
mod tests;
