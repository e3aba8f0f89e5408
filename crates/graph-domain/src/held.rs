//! What is kept of one interaction as one origin tells it: no more than a tie needs.

use smallvec::SmallVec;
use vocabulary::entry::{Entry, Identity, InteractionKind, Participant, Version};
use vocabulary::{PersonId, Timestamp};

use crate::Kind;

/// The author of what is erased: ingestion mints no such id.
const NOBODY: PersonId = PersonId(0);

/// One interaction from one origin. The order is which of two holds: the higher version, and among equal ones the greater content,
/// so that the same entries give the same state in whatever order they come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    pub(crate) version: Version,
    pub(crate) cancelled: bool,
    pub(crate) time: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) author: PersonId,
    /// Other people on it; what is above 255 weighs nothing anyway.
    pub(crate) others: u8,
    /// What a reply that names nobody replies to; boxed, for hardly any mail has one.
    pub(crate) parent: Option<Box<Identity>>,
    /// Sorted, so that equal content is equal.
    pub(crate) recipients: SmallVec<[Participant; 1]>,
}

impl Held {
    /// What is kept of an entry; `None` for tasks and custom activities, which weigh nothing in a tie.
    pub(crate) fn of(entry: Entry) -> Option<Self> {
        let kind = match entry.kind {
            InteractionKind::Email => Kind::Email,
            InteractionKind::Meeting => Kind::Meeting,
            InteractionKind::Call => Kind::Call,
            InteractionKind::Task | InteractionKind::Custom(_) => return None,
        };
        let mut recipients = SmallVec::from_vec(entry.participants);
        recipients.sort_unstable();
        recipients.shrink_to_fit();
        let parent = entry.parent.filter(|_| recipients.is_empty()).map(Box::new);
        let others = u8::try_from(entry.others).unwrap_or(u8::MAX);
        let Entry { version, cancelled, time, author, .. } = entry;
        Some(Self { version, cancelled, time, kind, author, others, parent, recipients })
    }

    /// Leaves nothing of it but its version, so that an earlier copy does not come in its place.
    pub(crate) fn wipe(&mut self) {
        self.author = NOBODY;
        self.recipients = SmallVec::new();
        self.parent = None;
        self.cancelled = true;
    }

    /// Everybody it names, the author first; somebody may come twice.
    pub(crate) fn people(&self) -> impl Iterator<Item = PersonId> {
        std::iter::once(self.author).chain(self.recipients.iter().map(|recipient| recipient.person))
    }
}
