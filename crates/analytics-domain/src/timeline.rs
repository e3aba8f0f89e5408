//! The interactions that count for one record, as of an instant: each once, oldest first.

use std::collections::BTreeMap;

use measures::health::{Event, Kind, Weights};
use vocabulary::entry::{Identity, InteractionKind, RecordKind, Thread};
use vocabulary::{PersonId, Timestamp};

use crate::counting::judge;
use crate::interactions::Interactions;
use crate::merged::{Merged, merged};
use crate::readable::Readable;
use crate::records::Records;
use crate::sides::Sides;

pub use crate::counting::{Contact, Counted, Direction};

/// The time a question can see, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The beginning of the data window.
    pub earliest: Timestamp,
    /// The instant asked about.
    pub as_of: Timestamp,
}

/// The interactions that count for one record.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What it spans.
    pub span: Span,
    /// What took place, by time, then by identity.
    pub counted: Vec<Counted>,
    /// The earliest meeting, task or activity that is still to come.
    pub next: Option<Counted>,
    /// Contacts only: when another contact of their account wrote to us in a thread.
    pub by_others: BTreeMap<Thread, Vec<Timestamp>>,
}

/// Gathers what counts for the record that `sides` belong to.
pub fn of(interactions: &Interactions, records: &Records, readable: &Readable, sides: &Sides, span: Span) -> Timeline {
    let named = sides.people().iter().flat_map(|known| interactions.naming(known.person));
    let mut identities: Vec<Identity> = named.chain(interactions.regarding(&sides.record)).collect();
    identities.sort_unstable();
    identities.dedup();
    let merged = identities.into_iter().filter_map(|identity| merged(interactions, readable, identity));
    let judged = merged.filter(|merged| merged.time >= span.earliest).filter_map(|merged| judge(&merged, sides, readable));
    let (mut counted, to_come): (Vec<Counted>, Vec<Counted>) = judged.partition(|counted| counted.time <= span.as_of);
    counted.sort_by_key(|counted| (counted.time, counted.identity));
    let next = to_come.into_iter().filter(|counted| can_be_planned(&counted.kind)).min_by_key(|counted| (counted.time, counted.identity));
    let by_others = match records.get(&sides.record).filter(|record| record.reference.kind == RecordKind::Contact) {
        Some(contact) => {
            let is_other = |person| readable.is_outsider(person) && sides.their(person).is_none() && records.share_account(contact, person);
            by_others(interactions, readable, is_other, span, &counted)
        }
        None => BTreeMap::new(),
    };
    Timeline { span, counted, next, by_others }
}

impl Timeline {
    /// The events that health reads, each with the weight of its kind.
    pub fn events(&self, weights: &Weights) -> Vec<Event> {
        let event = |counted: &Counted| {
            let kind = match &counted.kind {
                InteractionKind::Email => Kind::Email,
                InteractionKind::Meeting => Kind::Meeting,
                InteractionKind::Call => Kind::Phone,
                InteractionKind::Task => Kind::Task,
                InteractionKind::Custom(name) => Kind::Custom(name),
            };
            Event { time: counted.time, actor: counted.actor, weight: weights.of(kind) }
        };
        self.counted.iter().map(event).collect()
    }
}

fn can_be_planned(kind: &InteractionKind) -> bool {
    match kind {
        InteractionKind::Meeting | InteractionKind::Task | InteractionKind::Custom(_) => true,
        InteractionKind::Email | InteractionKind::Call => false,
    }
}

/// Mails to one of ours by others of the contact's side, in the threads in which we wrote to the contact.
fn by_others(
    interactions: &Interactions,
    readable: &Readable,
    is_other: impl Fn(PersonId) -> bool,
    span: Span,
    counted: &[Counted],
) -> BTreeMap<Thread, Vec<Timestamp>> {
    let to_us = |merged: &Merged| merged.kind == InteractionKind::Email && merged.others.iter().any(|other| other.user.is_some());
    let mut times = BTreeMap::new();
    let sent = counted.iter().filter(|counted| counted.kind == InteractionKind::Email && counted.direction == Direction::Sent);
    for thread in sent.filter_map(|counted| counted.thread) {
        times.entry(thread).or_insert_with(|| {
            let mut identities: Vec<Identity> = interactions.in_thread(thread).collect();
            identities.sort_unstable();
            identities.dedup();
            let messages = identities.into_iter().filter_map(|identity| merged(interactions, readable, identity));
            let visible = messages.filter(|merged| merged.time >= span.earliest && merged.time <= span.as_of);
            let mut times: Vec<Timestamp> =
                visible.filter(|merged| is_other(merged.author) && to_us(merged)).map(|merged| merged.time).collect();
            times.sort_unstable();
            times
        });
    }
    times
}

#[cfg(test)]
mod tests;
