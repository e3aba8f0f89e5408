//! What a view makes of entries. In memory only, a pure function of what was folded.

use std::collections::BTreeSet;

use consent_client::mirror::Set;
use vocabulary::entry::{Entry, Origin};
use vocabulary::{PersonId, UserId};

/// The state of one tenant in a view.
pub trait Fold: Default + Send + Sync + 'static {
    /// Takes in what one origin tells of an interaction. Folding the same again changes nothing; order does not matter.
    fn fold(&mut self, origin: Origin, entry: Entry);

    /// Forgets everything that came from a mailbox, in every generation.
    fn forget(&mut self, user: UserId);

    /// Takes people out of everything that was folded, as [`without`] takes them out of what is folded later. Answers whose
    /// entries named one of them.
    fn erase(&mut self, people: &Set<PersonId>) -> BTreeSet<Origin>;
}

/// What is left of an entry without these people: nothing, if one of them wrote it or nobody else was named.
pub fn without(mut entry: Entry, people: &Set<PersonId>) -> Option<Entry> {
    if people.contains(&entry.author) {
        return None;
    }
    let named = entry.participants.len();
    entry.participants.retain(|participant| !people.contains(&participant.person));
    (named == 0 || !entry.participants.is_empty()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use vocabulary::entry::{Answer, InteractionKind, Participant, Role, Version};
    use vocabulary::{Identity, Timestamp};

    use super::*;

    fn entry(author: u64, participants: &[u64]) -> Entry {
        let participant = |person: &u64| Participant { person: PersonId(*person), role: Role::To, answer: Answer::None };
        Entry {
            identity: Identity(1),
            kind: InteractionKind::Email,
            time: Timestamp::from_seconds(1),
            author: PersonId(author),
            participants: participants.iter().map(participant).collect(),
            others: participants.len() as u32,
            thread: None,
            parent: None,
            stub: false,
            duration_seconds: 0,
            version: Version::default(),
            cancelled: false,
            regarding: None,
        }
    }

    #[test]
    fn what_an_erased_person_wrote_goes_and_whom_others_wrote_to_loses_them() {
        let erased: Set<PersonId> = [PersonId(7)].into_iter().collect();
        let left = |author, participants: &[u64]| {
            let left = without(entry(author, participants), &erased)?;
            Some((left.participants.iter().map(|one| one.person.0).collect::<Vec<_>>(), left.others))
        };
        assert_eq!(left(7, &[1]), None);
        assert_eq!(left(1, &[7]), None);
        assert_eq!(left(1, &[7, 2]), Some((vec![2], 2)));
        assert_eq!(left(1, &[2]), Some((vec![2], 1)));
        assert_eq!(left(1, &[]), Some((vec![], 0)));
    }
}
