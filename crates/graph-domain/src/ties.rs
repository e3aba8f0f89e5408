//! The ties of one tenant: a pure fold of what its mailboxes and its CRM tell. Pairs are found at read, so that opening, closing
//! and joining addresses never recompute anything.

use std::collections::BTreeSet;

use smallvec::SmallVec;
use vocabulary::entry::{Entry, Identity, Origin};
use vocabulary::{PersonId, UserId};

use crate::copies::{Copies, Map, Set};
use crate::held::Held;
use crate::sighting::Facts;
use crate::{Colleague, Contact, Kind, Readable};

/// Everything folded of one tenant.
#[derive(Default)]
pub struct Ties {
    origins: Map<Origin, Copies>,
    /// Who tells of each meeting: of meetings alone there are versions, and any mailbox may hold the highest.
    tellers: Map<Identity, SmallVec<[Origin; 2]>>,
}

impl Ties {
    /// Takes in what an origin tells of an interaction.
    ///
    /// Idempotent by origin and identity, and indifferent to order: within an origin the highest version holds, and of two contents
    /// under one version always the same one. Tasks and custom activities make no tie and are passed over.
    pub fn fold(&mut self, origin: Origin, entry: Entry) {
        let identity = entry.identity;
        let Some(held) = Held::of(entry) else { return };
        let meeting = held.kind == Kind::Meeting;
        if self.origins.entry(origin).or_default().fold(identity, held) && meeting {
            let tellers = self.tellers.entry(identity).or_default();
            if !tellers.contains(&origin) {
                tellers.push(origin);
            }
        }
    }

    /// Forgets everything that came from a mailbox, under every generation of its keys.
    pub fn forget(&mut self, user: UserId) {
        let closed = |origin: &Origin| matches!(origin, Origin::Mailbox { user: owner, .. } if *owner == user);
        for (_, copies) in self.origins.extract_if(|origin, _| closed(origin)) {
            for identity in copies.identities() {
                if let Some(tellers) = self.tellers.get_mut(identity) {
                    tellers.retain(|teller| !closed(teller));
                    if tellers.is_empty() {
                        self.tellers.remove(identity);
                    }
                }
            }
        }
    }

    /// Takes people out of every copy that names them; what they wrote, and what names nobody then, goes. Answers whose copies named them.
    pub fn erase(&mut self, people: impl Iterator<Item = PersonId>) -> BTreeSet<Origin> {
        let people: Set<PersonId> = people.collect();
        let naming = |(origin, copies): (&Origin, &mut Copies)| copies.erase(&people).then_some(*origin);
        self.origins.iter_mut().filter_map(naming).collect()
    }

    /// Every interaction of a colleague and another person that counts in their tie, each once, in no particular order.
    ///
    /// Read are the colleague's own mailbox, if it is open, and the CRM; never another mailbox, for it tells its own owner's story
    /// (design, section 2). Where both tell of an interaction the mailbox says how the two stand on it. When it was, how many were
    /// there and whether it was cancelled is told by the highest version among all origins that may be read (domain, section 6).
    pub fn contacts(&self, readable: &Readable, colleague: &Colleague, theirs: &Tracked<'_>) -> Vec<Contact> {
        let own = readable.mailbox_of(colleague.user).and_then(|mailbox| self.origins.get(&mailbox));
        let crm = theirs.crm.filter(|_| theirs.meets(colleague));
        let told = own.into_iter().chain(crm).flat_map(|copies| copies.between(&colleague.persons, theirs.persons));
        let mut seen = Map::default();
        for (identity, held, sighting) in told {
            seen.entry(identity).or_insert((held, sighting));
        }
        let contacts =
            seen.into_iter().filter_map(|(identity, (held, sighting))| sighting.contact(Facts::of(self.latest(readable, &identity, held))));
        contacts.filter(|contact| contact.touch.time >= readable.since).collect()
    }

    /// What the CRM shows of somebody, found once for all colleagues.
    pub fn tracked<'a>(&'a self, persons: &'a [PersonId]) -> Tracked<'a> {
        let crm = self.origins.get(&Origin::Crm);
        Tracked { persons, crm, met: crm.map(|copies| copies.counterparts(persons)).unwrap_or_default() }
    }

    /// The copy with the highest version: `held` itself unless a later one may be read.
    fn latest<'a>(&'a self, readable: &Readable, identity: &Identity, held: &'a Held) -> &'a Held {
        let tellers = self.tellers.get(identity).into_iter().flatten().filter(|teller| readable.allows(**teller));
        let copies = tellers.filter_map(|teller| self.origins.get(teller)?.get(identity));
        copies.filter(|copy| copy.version > held.version).max().unwrap_or(held)
    }
}

/// Somebody asked about, with everybody whom the CRM shows in contact with them.
pub struct Tracked<'a> {
    persons: &'a [PersonId],
    crm: Option<&'a Copies>,
    met: Set<PersonId>,
}

impl Tracked<'_> {
    /// Whether the CRM shows a colleague in contact with them.
    pub fn meets(&self, colleague: &Colleague) -> bool {
        colleague.persons.iter().any(|person| self.met.contains(person))
    }
}
