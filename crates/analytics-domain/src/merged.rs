//! One interaction from all its copies that may be read: facts merge, the highest version holds, and each source tells only what it may.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use smallvec::SmallVec;
use vocabulary::entry::{Answer, InteractionKind, Origin, Participant, RecordRef, Role, Thread};
use vocabulary::{Identity, PersonId, Timestamp, UserId};

use crate::interactions::{Interactions, Told};
use crate::readable::Readable;

/// One interaction, as far as it may be read.
pub(crate) struct Merged {
    pub identity: Identity,
    pub kind: InteractionKind,
    pub time: Timestamp,
    pub thread: Option<Thread>,
    pub duration_seconds: u32,
    pub cancelled: bool,
    pub author: PersonId,
    pub author_user: Option<UserId>,
    /// The others, by person.
    pub others: SmallVec<[Other; 4]>,
    /// The record it was tracked on, as the CRM says.
    pub regarding: Option<RecordRef>,
}

/// Somebody on it besides the author.
pub(crate) struct Other {
    pub person: PersonId,
    pub user: Option<UserId>,
    pub role: Role,
    pub answer: Answer,
}

/// Whose word an answer rests on, the weakest first: the CRM's, the organiser's, one's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Crm,
    Author,
    Own,
}

/// Merges what may be read of an interaction; none when nothing may.
///
/// The facts are those of the highest version; among equal ones of the author's own mailbox, then another mailbox, then the CRM.
/// The people are those that any copy may name.
pub(crate) fn merged(interactions: &Interactions, readable: &Readable, identity: Identity) -> Option<Merged> {
    let copies: SmallVec<[Told<'_>; 4]> = interactions.copies(identity).filter(|told| readable.allows(told.origin())).collect();
    let facts = copies.iter().max_by_key(|told| weight(told, readable))?;
    let (author, author_user) = (facts.author(), readable.user_of(facts.author()));
    Some(Merged {
        identity,
        kind: facts.kind(),
        time: facts.time(),
        thread: facts.thread().or_else(|| copies.iter().filter_map(Told::thread).min()),
        duration_seconds: facts.duration_seconds(),
        cancelled: facts.cancelled(),
        author,
        author_user,
        others: others(&copies, author, readable),
        regarding: copies.iter().find(|told| told.origin() == Origin::Crm).and_then(|told| told.regarding().cloned()),
    })
}

/// Which of several copies gives the facts: the greatest.
fn weight(told: &Told<'_>, readable: &Readable) -> impl Ord + use<> {
    let closeness = match told.origin() {
        Origin::Crm => 0,
        Origin::Mailbox { user, .. } if readable.user_of(told.author()) == Some(user) => 2,
        Origin::Mailbox { .. } => 1,
    };
    // A date that one mailbox clamped is later than the date that was written, so the earlier one is true.
    (told.version(), closeness, Reverse(told.time()), told.author(), told.duration_seconds(), told.cancelled(), told.thread())
}

fn others(copies: &[Told<'_>], author: PersonId, readable: &Readable) -> SmallVec<[Other; 4]> {
    let mut people: BTreeMap<PersonId, (Word, Other)> = BTreeMap::new();
    for told in copies {
        for participant in told.participants().filter(|participant| participant.person != author) {
            if let Some((word, other)) = named(told, participant, readable) {
                match people.entry(participant.person) {
                    Slot::Vacant(slot) => {
                        slot.insert((word, other));
                    }
                    Slot::Occupied(mut held) => {
                        let (held_word, held) = held.get_mut();
                        held.role = held.role.min(other.role);
                        if (word, other.answer) > (*held_word, held.answer) {
                            (*held_word, held.answer) = (word, other.answer);
                        }
                    }
                }
            }
        }
    }
    people.into_values().map(|(_, other)| other).collect()
}

/// Somebody whom a copy may name: from the CRM anybody; from a mailbox its owner, and everybody where the owner wrote, but none of ours
/// who may not be named. So what one of ours wrote to somebody is told by the author's own mailbox or the CRM alone, never by a
/// colleague's copy: otherwise an opt-out would leak. Rooms and lists are nobody.
fn named(told: &Told<'_>, participant: Participant, readable: &Readable) -> Option<(Word, Other)> {
    let Participant { person, role, answer } = participant;
    let user = readable.user_of(person);
    if user.is_none() && !readable.is_outsider(person) {
        return None;
    }
    let word = match told.origin() {
        Origin::Crm => Word::Crm,
        Origin::Mailbox { user: owner, .. } if user == Some(owner) => Word::Own,
        Origin::Mailbox { user: owner, .. } if readable.user_of(told.author()) == Some(owner) => {
            user.is_none_or(|user| readable.named.contains(&user)).then_some(Word::Author)?
        }
        Origin::Mailbox { .. } => return None,
    };
    Some((word, Other { person, user, role, answer }))
}
