//! Every interaction that one origin tells, and how a pair finds its own among them.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use smallvec::SmallVec;
use vocabulary::PersonId;
use vocabulary::entry::{Answer, Identity, Participant, Role};

use crate::held::Held;
use crate::sighting::Sighting;

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;
pub(crate) type Set<T> = HashSet<T, RandomState>;

/// The copies of one mailbox under one generation of its keys, or of the CRM. A place is an index into `held`, and stays.
#[derive(Default)]
pub(crate) struct Copies {
    held: Vec<(Identity, Held)>,
    places: Map<Identity, u32>,
    /// Where each person is author or recipient.
    by_person: Map<PersonId, Vec<u32>>,
    /// The replies that name nobody, by what they reply to.
    replies: Map<Identity, SmallVec<[u32; 2]>>,
}

impl Copies {
    /// Takes in one copy; the greater one of an identity holds. Answers whether it is what holds now.
    pub(crate) fn fold(&mut self, identity: Identity, held: Held) -> bool {
        let place = match self.places.get(&identity) {
            Some(&place) if self.held[place as usize].1 >= held => return false,
            Some(&place) => {
                self.unlink(place);
                self.held[place as usize].1 = held;
                place
            }
            None => {
                let place = self.held.len() as u32;
                self.held.push((identity, held));
                self.places.insert(identity, place);
                place
            }
        };
        self.link(place);
        true
    }

    /// Takes people out: as recipients, and altogether with what they wrote. Answers whether anything named them. A copy that is gone
    /// keeps its place and names nobody, so that places stay.
    pub(crate) fn erase(&mut self, people: &Set<PersonId>) -> bool {
        let mut places: Vec<u32> = people.iter().filter_map(|person| self.by_person.get(person)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        for place in &places {
            self.unlink(*place);
            let held = &mut self.held[*place as usize].1;
            held.recipients.retain(|recipient| !people.contains(&recipient.person));
            if people.contains(&held.author) || held.recipients.is_empty() {
                held.wipe();
            }
            self.link(*place);
        }
        people.iter().for_each(|person| drop(self.by_person.remove(person)));
        !places.is_empty()
    }

    /// The copy of an interaction.
    pub(crate) fn get(&self, identity: &Identity) -> Option<&Held> {
        self.places.get(identity).map(|&place| &self.held[place as usize].1)
    }

    /// The name of every interaction held.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.held.iter().map(|(identity, _)| identity)
    }

    /// What one of `ours` sent to one of `theirs`, or one of `theirs` to one of `ours`; each interaction once.
    pub(crate) fn between(&self, ours: &[PersonId], theirs: &[PersonId]) -> impl Iterator<Item = (Identity, &Held, Sighting)> {
        self.places_of(theirs).into_iter().filter_map(move |place| {
            let (identity, held) = &self.held[place as usize];
            Some((*identity, held, self.sighting(held, ours, theirs)?))
        })
    }

    /// Everybody who sent to one of `theirs`, or to whom one of `theirs` sent.
    pub(crate) fn counterparts(&self, theirs: &[PersonId]) -> Set<PersonId> {
        let mut met = Set::default();
        for place in self.places_of(theirs) {
            let held = &self.held[place as usize].1;
            if theirs.contains(&held.author) {
                met.extend(self.recipients(held).0.iter().map(|recipient| recipient.person));
            } else {
                met.insert(held.author);
            }
        }
        met
    }

    /// Where one of `theirs` is author, recipient, or the one a reply to a list answers; each place once.
    fn places_of(&self, theirs: &[PersonId]) -> Vec<u32> {
        let mut places: Vec<u32> = theirs.iter().filter_map(|person| self.by_person.get(person)).flatten().copied().collect();
        let named = places.len();
        for index in 0..named {
            let (identity, held) = &self.held[places[index] as usize];
            if let Some(replies) = self.replies.get(identity).filter(|_| theirs.contains(&held.author)) {
                places.extend(replies);
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn sighting(&self, held: &Held, ours: &[PersonId], theirs: &[PersonId]) -> Option<Sighting> {
        let outbound = ours.contains(&held.author);
        if !outbound && !theirs.contains(&held.author) {
            return None;
        }
        let side = if outbound { theirs } else { ours };
        let (recipients, inferred) = self.recipients(held);
        let mut named = recipients.iter().filter(|recipient| side.contains(&recipient.person));
        let first = *named.next()?;
        // Somebody named under two addresses counts in the stronger role and with the answer that says most.
        let both = |a: Participant, b: &Participant| Participant {
            role: a.role.min(b.role),
            answer: if says(b.answer) > says(a.answer) { b.answer } else { a.answer },
            ..a
        };
        let Participant { role, answer, .. } = named.fold(first, both);
        Some(Sighting { kind: held.kind, outbound, role, answer, inferred })
    }

    /// The recipients; for a reply that names nobody the author it replies to, as far as this origin tells, and that it is inferred.
    fn recipients(&self, held: &Held) -> (SmallVec<[Participant; 1]>, bool) {
        let answered = held.parent.as_ref().and_then(|parent| self.get(parent));
        match answered {
            Some(parent) => {
                let person = parent.author;
                (SmallVec::from_buf([Participant { person, role: Role::To, answer: Answer::None }]), true)
            }
            None => (held.recipients.clone(), false),
        }
    }

    fn link(&mut self, place: u32) {
        let held = &self.held[place as usize].1;
        for person in held.people() {
            let places = self.by_person.entry(person).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        if let Some(parent) = &held.parent {
            self.replies.entry(**parent).or_default().push(place);
        }
    }

    fn unlink(&mut self, place: u32) {
        let held = &self.held[place as usize].1;
        for person in held.people() {
            if let Some(places) = self.by_person.get_mut(&person) {
                places.retain(|kept| *kept != place);
            }
        }
        if let Some(replies) = held.parent.as_ref().and_then(|parent| self.replies.get_mut(parent)) {
            replies.retain(|kept| *kept != place);
        }
    }
}

/// How much an answer says: whoever accepted under one address and declined under another came.
const fn says(answer: Answer) -> u8 {
    match answer {
        Answer::None => 0,
        Answer::Declined => 1,
        Answer::Tentative => 2,
        Answer::Accepted => 3,
    }
}
