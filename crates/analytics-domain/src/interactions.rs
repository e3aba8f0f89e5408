//! Every interaction of one tenant as its sources tell them, and the indexes by which a record finds its own.
//! Nothing is judged here: who may be read, and what counts for what, is decided at read.

mod held;
mod interned;
mod told;

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use vocabulary::entry::{Entry, Origin, RecordRef, Thread};
use vocabulary::{Identity, PersonId, UserId};

use held::{Held, NONE, Name};
use interned::Interned;
pub use told::Told;

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

/// What is folded of one tenant, in memory. About 200 bytes an interaction and source.
///
/// The same entries give the same answers in whatever order they come, and however often.
#[derive(Default)]
pub struct Interactions {
    held: Vec<Held>,
    forgotten: usize,
    people: Interned<PersonId>,
    origins: Interned<Origin>,
    types: Interned<Box<str>>,
    /// The mailboxes that told anything, by the generation of their keys.
    delivered: HashSet<(UserId, u32), RandomState>,
    /// Places of the entries that name a person, by the person's number.
    by_person: Vec<Vec<u32>>,
    /// The first of the copies of an interaction; each names the next.
    by_identity: Map<Name, u32>,
    /// The first of the messages of a thread; each names the next.
    by_thread: Map<u64, u32>,
    /// Replies that name nobody, by what they reply to.
    by_parent: Map<Name, Vec<u32>>,
    by_record: Map<RecordRef, Vec<u32>>,
}

impl Interactions {
    /// Takes in what one origin tells of an interaction. Of several versions from one origin the highest holds; of several contents of one
    /// version the greater one by what names more people, then by a fixed order, whatever the order in which they come.
    pub fn fold(&mut self, origin: Origin, mut entry: Entry) {
        held::normalise(&mut entry);
        if let Origin::Mailbox { user, generation } = origin {
            self.delivered.insert((user, generation));
        }
        let origin = self.origins.number(origin);
        if let Some(place) = self.place_of(origin, Name::of(entry.identity)) {
            let known = self.told(place).entry();
            if held::precedence(&known) >= held::precedence(&entry) {
                return;
            }
            self.drop_place(place);
        }
        let held = Held::pack(origin, entry, &mut self.people, &mut self.types);
        let place = self.held.len() as u32;
        self.held.push(held);
        self.link(place);
        self.compact_when_worth_it();
    }

    /// Forgets everything that came from a mailbox, in every generation, and overwrites it.
    pub fn forget(&mut self, user: UserId) {
        self.delivered.retain(|(owner, _)| *owner != user);
        let of_user = |origin: &Origin| matches!(origin, Origin::Mailbox { user: owner, .. } if *owner == user);
        let doomed: Vec<bool> = self.origins.iter().map(of_user).collect();
        if !doomed.contains(&true) {
            return;
        }
        for place in 0..self.held.len() {
            let origin = self.held[place].origin;
            if origin != NONE && doomed[origin as usize] {
                self.drop_place(place as u32);
            }
        }
        self.compact_when_worth_it();
    }

    /// Puts what `change` makes of them in the place of entries that name one of these people, or nothing. Answers whose
    /// they were.
    pub fn replace_naming(&mut self, people: impl Iterator<Item = PersonId>, change: impl Fn(Entry) -> Option<Entry>) -> BTreeSet<Origin> {
        let numbers = people.filter_map(|person| self.people.find(&person));
        let mut places: Vec<u32> = numbers.flat_map(|number| self.by_person.get(number as usize).into_iter().flatten().copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.retain(|place| self.held[*place as usize].origin != NONE);
        let changed: Vec<(Origin, Option<Entry>)> =
            places.iter().map(|place| (self.told(*place).origin(), change(self.told(*place).entry()))).collect();
        places.iter().for_each(|place| self.drop_place(*place));
        let replaced = changed.iter().map(|(origin, _)| *origin).collect();
        for (origin, entry) in changed {
            if let Some(entry) = entry {
                self.fold(origin, entry);
            }
        }
        self.compact_when_worth_it();
        replaced
    }

    /// Whether a mailbox has told anything under the keys of that generation, at whatever instant it took place.
    pub fn has_delivered(&self, user: UserId, generation: u32) -> bool {
        self.delivered.contains(&(user, generation))
    }

    /// How many entries are held: one an interaction and origin.
    pub fn len(&self) -> usize {
        self.held.len() - self.forgotten
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The interactions on which some source names the person, and the replies that name nobody to what the person wrote.
    pub fn naming(&self, person: PersonId) -> impl Iterator<Item = Identity> {
        let places = self.people.find(&person).map_or(&[][..], |number| &self.by_person[number as usize]);
        places.iter().filter_map(|place| self.live(*place)).flat_map(move |told| {
            let replies = if told.author() == person { self.by_parent.get(&Name::of(told.identity())) } else { None };
            let replies = replies.into_iter().flatten().filter_map(|place| self.live(*place)).map(|reply| reply.identity());
            std::iter::once(told.identity()).chain(replies)
        })
    }

    /// The interactions that were tracked on a record.
    pub fn regarding(&self, record: &RecordRef) -> impl Iterator<Item = Identity> {
        self.by_record.get(record).into_iter().flatten().filter_map(|place| Some(self.live(*place)?.identity()))
    }

    /// The interactions of a thread; one may come several times.
    pub fn in_thread(&self, thread: Thread) -> impl Iterator<Item = Identity> {
        let first = self.by_thread.get(&thread.0).copied().unwrap_or(NONE);
        self.chain(first, |held| held.next_in_thread).map(|told| told.identity())
    }

    /// What each origin tells of an interaction.
    pub fn copies(&self, identity: Identity) -> impl Iterator<Item = Told<'_>> {
        let first = self.by_identity.get(&Name::of(identity)).copied().unwrap_or(NONE);
        self.chain(first, |held| held.next_copy)
    }

    fn chain(&self, first: u32, next: fn(&Held) -> u32) -> impl Iterator<Item = Told<'_>> {
        let held = |place: u32| (place != NONE).then_some(place);
        std::iter::successors(held(first), move |place| held(next(&self.held[*place as usize]))).filter_map(|place| self.live(place))
    }

    fn told(&self, place: u32) -> Told<'_> {
        Told::new(self, &self.held[place as usize])
    }

    fn live(&self, place: u32) -> Option<Told<'_>> {
        (self.held[place as usize].origin != NONE).then(|| self.told(place))
    }

    fn place_of(&self, origin: u32, name: Name) -> Option<u32> {
        let mut place = self.by_identity.get(&name).copied().unwrap_or(NONE);
        while place != NONE {
            let held = &self.held[place as usize];
            if held.origin == origin {
                return Some(place);
            }
            place = held.next_copy;
        }
        None
    }

    fn link(&mut self, place: u32) {
        let held = &mut self.held[place as usize];
        held.next_copy = self.by_identity.insert(held.name, place).unwrap_or(NONE);
        held.next_in_thread = match held.thread {
            0 => NONE,
            thread => self.by_thread.insert(thread, place).unwrap_or(NONE),
        };
        for person in held.people() {
            let number = person as usize;
            if self.by_person.len() <= number {
                self.by_person.resize_with(number + 1, Vec::new);
            }
            let places = &mut self.by_person[number];
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        if let Some(rare) = &held.rare {
            if let Some(parent) = rare.parent {
                self.by_parent.entry(parent).or_default().push(place);
            }
            if let Some(record) = &rare.regarding {
                self.by_record.entry(record.clone()).or_default().push(place);
            }
        }
    }

    /// Overwrites an entry. Its place stays in the indexes, empty, until enough are empty to be worth making them anew.
    fn drop_place(&mut self, place: u32) {
        self.held[place as usize].wipe();
        self.forgotten += 1;
    }

    fn compact_when_worth_it(&mut self) {
        if self.forgotten < 1024 || self.forgotten * 4 < self.held.len() {
            return;
        }
        let held = std::mem::take(&mut self.held);
        self.forgotten = 0;
        self.by_person.iter_mut().for_each(Vec::clear);
        self.by_identity.clear();
        self.by_thread.clear();
        self.by_parent.clear();
        self.by_record.clear();
        for held in held.into_iter().filter(|held| held.origin != NONE) {
            let place = self.held.len() as u32;
            self.held.push(held);
            self.link(place);
        }
    }
}

impl std::fmt::Debug for Interactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Interactions({} entries)", self.len())
    }
}

#[cfg(test)]
mod tests;
