//! What each source may tell: a mailbox tells only its owner's story (ARCHITECTURE.md, Entry).

use vocabulary::UserId;

use crate::judgement::{Participant, StoredCopy};
use crate::reading::{Author, Reading};
use crate::{Directory, Side, Source};

/// The copies of one interaction, owners distinct and in ascending order; none where nobody may or can tell of it.
pub(crate) fn of(source: Source, reading: &Reading, author: &Author, directory: &impl Directory) -> Vec<StoredCopy> {
    let copy = |owner, participants| StoredCopy { owner, participants, stub: false };
    match source {
        Source::Crm => vec![copy(None, everybody(reading))],
        Source::Mailbox(owner) => {
            let told = told_by(owner, reading, author).or_else(|| came_through_list(reading));
            told.map(|participants| copy(Some(owner), participants)).into_iter().collect()
        }
        Source::Journal => {
            let collected = |user: &UserId| directory.may_be_read(*user) && directory.collects(*user, reading.time);
            let mut owners: Vec<UserId> = all_ours(reading, author).filter(collected).collect();
            owners.sort_unstable();
            owners.dedup();
            let told = |owner| Some(copy(Some(owner), told_by(owner, reading, author)?));
            owners.into_iter().filter_map(told).collect()
        }
    }
}

/// Whether anybody of ours on it may be read, whatever the scope of their consent.
pub(crate) fn any_readable(reading: &Reading, author: &Author, directory: &impl Directory) -> bool {
    all_ours(reading, author).any(|user| directory.may_be_read(user))
}

fn all_ours<'a>(reading: &'a Reading, author: &'a Author) -> impl Iterator<Item = UserId> + 'a {
    reading.people.iter().map(|person| person.side).chain([author.side]).filter_map(ours)
}

/// Whom the owner's mailbox names besides the author: everybody when the owner wrote, else the owner; `None` where the owner
/// is not named.
fn told_by(owner: UserId, reading: &Reading, author: &Author) -> Option<Vec<Participant>> {
    if author.side == Side::Ours(owner) {
        return Some(everybody(reading));
    }
    // Somebody named under two addresses is named once, in the stronger role.
    let own = reading.people.iter().filter(|person| person.side == Side::Ours(owner)).map(|person| &person.participant);
    own.min_by_key(|participant| participant.role).map(|participant| vec![participant.clone()])
}

/// What names only a list reached the owner through it, and names nobody.
fn came_through_list(reading: &Reading) -> Option<Vec<Participant>> {
    (reading.to_list && reading.people.is_empty()).then(Vec::new)
}

/// Everybody on it but the erased.
fn everybody(reading: &Reading) -> Vec<Participant> {
    reading.people.iter().filter(|person| person.side != Side::Erased).map(|person| person.participant.clone()).collect()
}

fn ours(side: Side) -> Option<UserId> {
    match side {
        Side::Ours(user) => Some(user),
        Side::InsideUnknown | Side::Guest | Side::Room | Side::List | Side::Outside | Side::Erased => None,
    }
}
