//! The rules of ties and introducers. Users 1, 2, 3 are persons 101, 102, 103; persons from 500 on are outside.

mod introduced;
mod paired;
mod properties;

use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Origin, Participant, Role, Version};
use vocabulary::{PersonId, Timestamp, UserId};

use crate::{Colleague, Readable, Target, Ties};

const ADA: UserId = UserId(1);
const BEN: UserId = UserId(2);
const THEM: PersonId = PersonId(500);
const OTHER: PersonId = PersonId(501);

fn now() -> Timestamp {
    Timestamp::from_seconds(1_780_000_000)
}

fn ago(days: i64) -> Timestamp {
    now().plus_days(-days)
}

fn person_of(user: UserId) -> PersonId {
    PersonId(100 + user.0)
}

fn mailbox(user: UserId) -> Origin {
    Origin::Mailbox { user, generation: 1 }
}

fn named(person: PersonId) -> Participant {
    Participant { person, role: Role::To, answer: Answer::None }
}

/// A mail to each of `recipients`.
fn mail(identity: u128, author: PersonId, recipients: &[PersonId], time: Timestamp) -> Entry {
    Entry {
        identity: Identity(identity),
        kind: InteractionKind::Email,
        time,
        author,
        participants: recipients.iter().copied().map(named).collect(),
        others: recipients.len() as u32,
        thread: None,
        parent: None,
        stub: false,
        duration_seconds: 0,
        version: Version::default(),
        cancelled: false,
        regarding: None,
    }
}

/// A meeting with one attendee, who answered.
fn meeting(identity: u128, organiser: PersonId, attendee: PersonId, answer: Answer, time: Timestamp) -> Entry {
    let participants = vec![Participant { answer, ..named(attendee) }];
    Entry { kind: InteractionKind::Meeting, participants, ..mail(identity, organiser, &[attendee], time) }
}

fn colleague(user: UserId) -> Colleague {
    Colleague { user, persons: vec![person_of(user)] }
}

/// Every user may be named; the mailboxes of `open` may be read.
fn readable(open: &[UserId]) -> Readable {
    Readable {
        colleagues: [ADA, BEN, UserId(3)].map(colleague).into(),
        mailboxes: open.iter().map(|user| (*user, 1)).collect(),
        since: ago(365),
    }
}

fn target(person: PersonId) -> Target {
    Target { persons: vec![person] }
}

fn folded(entries: impl IntoIterator<Item = (Origin, Entry)>) -> Ties {
    let mut ties = Ties::default();
    for (origin, entry) in entries {
        ties.fold(origin, entry);
    }
    ties
}
