//! One entry, packed: people, origins and types by number, what is rare apart. And which of two entries holds.

use smallvec::SmallVec;
use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Participant, RecordRef, Role, Version};
use vocabulary::{PersonId, Timestamp};

use super::interned::Interned;

/// No place, no origin.
pub(super) const NONE: u32 = u32::MAX;

/// The name of an interaction, in two halves: eight bytes need no padding where sixteen would.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name(u64, u64);

impl Name {
    pub fn of(identity: Identity) -> Self {
        Self((identity.0 >> 64) as u64, identity.0 as u64)
    }

    pub fn identity(self) -> Identity {
        Identity(u128::from(self.0) << 64 | u128::from(self.1))
    }
}

/// One entry of one origin.
pub(super) struct Held {
    pub name: Name,
    pub time: Timestamp,
    /// 0: none.
    pub thread: u64,
    pub participants: SmallVec<[Packed; 4]>,
    pub rare: Option<Box<Rare>>,
    /// [`NONE`]: overwritten.
    pub origin: u32,
    pub author: u32,
    pub next_copy: u32,
    pub next_in_thread: u32,
    pub duration_seconds: u32,
    pub others: u32,
    kind: u32,
    pub stub: bool,
    pub cancelled: bool,
}

/// What few entries have.
#[derive(Default)]
pub(super) struct Rare {
    pub version: Version,
    pub parent: Option<Name>,
    pub regarding: Option<RecordRef>,
}

/// A participant: the person's number, then one bit of role and two of answer.
#[derive(Clone, Copy)]
pub(super) struct Packed(u32);

impl Packed {
    fn new(number: u32, role: Role, answer: Answer) -> Self {
        let role = match role {
            Role::To => 0,
            Role::Cc => 1,
        };
        let answer = match answer {
            Answer::None => 0,
            Answer::Accepted => 1,
            Answer::Tentative => 2,
            Answer::Declined => 3,
        };
        Self(number << 3 | role << 2 | answer)
    }

    pub fn number(self) -> u32 {
        self.0 >> 3
    }

    pub fn role(self) -> Role {
        if self.0 & 4 == 0 { Role::To } else { Role::Cc }
    }

    pub fn answer(self) -> Answer {
        match self.0 & 3 {
            0 => Answer::None,
            1 => Answer::Accepted,
            2 => Answer::Tentative,
            _ => Answer::Declined,
        }
    }
}

const EMAIL: u32 = 0;
const MEETING: u32 = 1;
const CALL: u32 = 2;
const TASK: u32 = 3;
const FIRST_CUSTOM: u32 = 4;

impl Held {
    pub fn pack(origin: u32, entry: Entry, people: &mut Interned<PersonId>, types: &mut Interned<Box<str>>) -> Self {
        let kind = match entry.kind {
            InteractionKind::Email => EMAIL,
            InteractionKind::Meeting => MEETING,
            InteractionKind::Call => CALL,
            InteractionKind::Task => TASK,
            InteractionKind::Custom(name) => FIRST_CUSTOM + types.number(name),
        };
        let packed = |of: &Participant| Packed::new(people.number(of.person), of.role, of.answer);
        let participants = entry.participants.iter().map(packed).collect();
        let rare = Rare { version: entry.version, parent: entry.parent.map(Name::of), regarding: entry.regarding };
        let is_rare = rare.version != Version::default() || rare.parent.is_some() || rare.regarding.is_some();
        Self {
            name: Name::of(entry.identity),
            time: entry.time,
            thread: entry.thread.map_or(0, |thread| thread.0),
            participants,
            rare: is_rare.then(|| Box::new(rare)),
            origin,
            author: people.number(entry.author),
            next_copy: NONE,
            next_in_thread: NONE,
            duration_seconds: entry.duration_seconds,
            others: entry.others,
            kind,
            stub: entry.stub,
            cancelled: entry.cancelled,
        }
    }

    pub fn kind(&self, types: &Interned<Box<str>>) -> InteractionKind {
        match self.kind {
            EMAIL => InteractionKind::Email,
            MEETING => InteractionKind::Meeting,
            CALL => InteractionKind::Call,
            TASK => InteractionKind::Task,
            custom => InteractionKind::Custom(types.value(custom - FIRST_CUSTOM).clone()),
        }
    }

    /// The numbers of everybody it names; the author may come twice.
    pub fn people(&self) -> impl Iterator<Item = u32> + use<> {
        std::iter::once(self.author).chain(self.participants.clone().into_iter().map(Packed::number))
    }

    /// Overwrites everything but the place in the indexes.
    pub fn wipe(&mut self) {
        *self = Self {
            name: Name(0, 0),
            time: Timestamp::EPOCH,
            thread: 0,
            participants: SmallVec::new(),
            rare: None,
            origin: NONE,
            author: 0,
            duration_seconds: 0,
            others: 0,
            kind: EMAIL,
            stub: false,
            cancelled: false,
            ..*self
        };
    }
}

/// Brings an entry into the form in which equal content is equal: each participant once, in the order of persons, in To rather than in Cc.
pub(super) fn normalise(entry: &mut Entry) {
    entry.participants.sort_unstable();
    entry.participants.dedup_by_key(|participant| participant.person);
    entry.thread = entry.thread.filter(|thread| thread.0 != 0);
}

/// Which of two entries of one origin and identity holds: the greater. First the version; among equal versions what names more people;
/// then anything, as long as it is always the same (Rapport rule).
pub(super) fn precedence(entry: &Entry) -> impl Ord + use<> {
    (
        entry.version,
        !entry.stub,
        entry.participants.len(),
        (entry.time, entry.author, entry.participants.clone(), entry.others, entry.thread),
        (entry.parent, entry.duration_seconds, entry.cancelled, entry.regarding.clone(), entry.kind.clone()),
    )
}
