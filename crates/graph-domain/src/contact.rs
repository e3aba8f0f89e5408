//! A touch of a pair together with what kind of interaction it was.

use measures::strength::Touch;

/// The kinds of interaction that make a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An email.
    Email,
    /// One occurrence of a meeting.
    Meeting,
    /// A phone call.
    Call,
}

/// One interaction of a pair that counts in their tie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// What it was.
    pub kind: Kind,
    /// When, which way, and how much it weighs; always more than nothing.
    pub touch: Touch,
}
