//! One event of a record's timeline.

use vocabulary::Timestamp;

use super::Weight;

/// Who acted in an event: wrote the mail, made the call, accepted or called the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Our side.
    Us,
    /// Their side.
    Them,
    /// Both: a meeting both accepted.
    Both,
    /// Neither: it keeps the rhythm, but no side reached the other (a task, a meeting among ourselves that regards the record).
    Neither,
}

impl Actor {
    /// Whether our side acted.
    pub const fn is_us(self) -> bool {
        matches!(self, Self::Us | Self::Both)
    }

    /// Whether their side acted.
    pub const fn is_them(self) -> bool {
        matches!(self, Self::Them | Self::Both)
    }
}

/// One interaction on a record's timeline, already counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When: the date of the mail, the end of the meeting or call, the completion of the task.
    pub time: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// The weight of its kind under the settings that apply.
    pub weight: Weight,
}
