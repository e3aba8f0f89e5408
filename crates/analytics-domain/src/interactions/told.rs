//! What one origin tells of one interaction, read in place.

use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Origin, Participant, RecordRef, Role, Thread, Version};
use vocabulary::{PersonId, Timestamp};

use super::Interactions;
use super::held::{Held, Name};

/// What one origin tells of an interaction.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    all: &'a Interactions,
    held: &'a Held,
}

impl<'a> Told<'a> {
    pub(super) fn new(all: &'a Interactions, held: &'a Held) -> Self {
        Self { all, held }
    }

    /// Who tells it.
    pub fn origin(&self) -> Origin {
        *self.all.origins.value(self.held.origin)
    }

    /// The name of the interaction.
    pub fn identity(&self) -> Identity {
        self.held.name.identity()
    }

    /// What it is.
    pub fn kind(&self) -> InteractionKind {
        self.held.kind(&self.all.types)
    }

    /// Its instant.
    pub fn time(&self) -> Timestamp {
        self.held.time
    }

    /// The author, organiser or caller.
    pub fn author(&self) -> PersonId {
        *self.all.people.value(self.held.author)
    }

    /// The others that the origin names. A reply whose only recipient was a list names nobody: then the author it replies to
    /// stands in To, as far as the same origin knows who that is.
    pub fn participants(&self) -> impl Iterator<Item = Participant> + use<'a> {
        let people = &self.all.people;
        let named = self.held.participants.iter().map(|packed| Participant {
            person: *people.value(packed.number()),
            role: packed.role(),
            answer: packed.answer(),
        });
        named.chain(self.answered().map(|person| Participant { person, role: Role::To, answer: Answer::None }))
    }

    /// Its thread.
    pub fn thread(&self) -> Option<Thread> {
        (self.held.thread != 0).then_some(Thread(self.held.thread))
    }

    /// Seconds it took.
    pub fn duration_seconds(&self) -> u32 {
        self.held.duration_seconds
    }

    /// Which version it is.
    pub fn version(&self) -> Version {
        self.held.rare.as_ref().map(|rare| rare.version).unwrap_or_default()
    }

    /// Whether this version cancels it.
    pub fn cancelled(&self) -> bool {
        self.held.cancelled
    }

    /// The record it was tracked on.
    pub fn regarding(&self) -> Option<&'a RecordRef> {
        self.held.rare.as_ref()?.regarding.as_ref()
    }

    /// Whose words a reply that names nobody answers.
    fn answered(&self) -> Option<PersonId> {
        if !self.held.participants.is_empty() {
            return None;
        }
        let parent = self.held.rare.as_ref()?.parent?;
        let place = self.all.place_of(self.held.origin, parent)?;
        let author = self.all.held[place as usize].author;
        (author != self.held.author).then(|| *self.all.people.value(author))
    }

    /// The entry as it came, normalised.
    pub(super) fn entry(&self) -> Entry {
        let people = &self.all.people;
        let participants = self.held.participants.iter();
        let rare = self.held.rare.as_deref();
        Entry {
            identity: self.identity(),
            kind: self.kind(),
            time: self.held.time,
            author: self.author(),
            participants: participants
                .map(|packed| Participant { person: *people.value(packed.number()), role: packed.role(), answer: packed.answer() })
                .collect(),
            others: self.held.others,
            thread: self.thread(),
            parent: rare.and_then(|rare| rare.parent).map(Name::identity),
            stub: self.held.stub,
            duration_seconds: self.held.duration_seconds,
            version: self.version(),
            cancelled: self.held.cancelled,
            regarding: self.regarding().cloned(),
        }
    }
}
