//! Whether figures may be missing something, in counts only: who is missing is nobody's business here.

use std::fmt;

use vocabulary::Timestamp;

use crate::readable::Readable;
use crate::sides::{Ours, Sides};

/// Whether figures may be missing something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// What may be missing; nothing: complete.
    pub gaps: Vec<Gap>,
    /// The earliest instant the answer can see.
    pub earliest: Timestamp,
    /// How many of ours might feed the record.
    pub mailboxes: u32,
    /// How many of them may be read.
    pub readable: u32,
}

/// Why figures may be missing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The directory names nobody who could feed the record.
    Nobody,
    /// Mailboxes may not be read.
    Unreadable {
        /// So many.
        closed: u32,
        /// Of so many.
        of: u32,
    },
    /// The window reaches further back than what is held.
    BeyondData {
        /// What is held begins here.
        earliest: Timestamp,
    },
}

/// Judges an answer over the window from `asked_from`, where nothing before `earliest` is held.
///
/// Any user's mailbox might feed a contact or an account; an opportunity is fed by owner and team, a lead by its owner.
pub fn of(readable: &Readable, sides: &Sides, asked_from: Timestamp, earliest: Timestamp) -> Completeness {
    let (mailboxes, open) = match &sides.ours {
        Ours::Anybody => (readable.feeding.len(), readable.feeding.iter().filter(|user| readable.mailboxes.contains_key(user)).count()),
        Ours::Only(users) => {
            let feeding = users.iter().filter(|user| readable.feeding.contains(user));
            (feeding.clone().count(), feeding.filter(|user| readable.mailboxes.contains_key(user)).count())
        }
    };
    let (mailboxes, open) = (mailboxes as u32, open as u32);
    let gaps = [
        (mailboxes == 0).then_some(Gap::Nobody),
        (open < mailboxes).then_some(Gap::Unreadable { closed: mailboxes - open, of: mailboxes }),
        (asked_from < earliest).then_some(Gap::BeyondData { earliest }),
    ];
    Completeness { gaps: gaps.into_iter().flatten().collect(), earliest, mailboxes, readable: open }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("The directory names nobody whose mailbox could tell of this record."),
            Self::Unreadable { closed, of } if closed == of => {
                write!(f, "No mailbox that could tell of this record may be read ({of} in all); what the CRM tracked is counted.")
            }
            Self::Unreadable { closed, of } => write!(f, "{closed} of {of} mailboxes that could tell of this record may not be read."),
            Self::BeyondData { earliest } => write!(f, "Nothing before {earliest} is held."),
        }
    }
}

#[cfg(test)]
mod tests;
