//! Whether figures may be missing something, in counts only: who is missing is nobody's business here.

use std::fmt;

use vocabulary::{Timestamp, UserId};

use crate::interactions::Interactions;
use crate::readable::Readable;
use crate::sides::{Ours, Sides};

/// With fewer people than this on our side of a record, counts tell who opted out (Rapport rule).
const FEWEST_COUNTED: u32 = 5;

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
    /// How many of those have delivered anything.
    pub delivered: u32,
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
    /// Mailboxes that may be read have delivered nothing yet.
    Awaited {
        /// So many.
        silent: u32,
        /// Of so many.
        of: u32,
    },
    /// Our side is so few that whatever may be missing, or not, is not told.
    Untold,
    /// The window reaches further back than what is held.
    BeyondData {
        /// What is held begins here.
        earliest: Timestamp,
    },
}

/// Judges an answer over the window from `asked_from`, where nothing before `earliest` is held.
///
/// Any user's mailbox might feed a contact or an account; an opportunity is fed by owner and team, a lead by its owner.
pub fn of(interactions: &Interactions, readable: &Readable, sides: &Sides, asked_from: Timestamp, earliest: Timestamp) -> Completeness {
    let (mut mailboxes, mut open, mut delivered) = (0, 0, 0);
    let mut count = |user: &UserId| {
        mailboxes += 1;
        if let Some(generation) = readable.mailboxes.get(user) {
            open += 1;
            delivered += u32::from(interactions.has_delivered(*user, *generation));
        }
    };
    match &sides.ours {
        Ours::Anybody => readable.feeding.iter().for_each(&mut count),
        Ours::Only(users) => users.iter().filter(|user| readable.feeding.contains(user)).for_each(&mut count),
    }
    let gaps = [
        (mailboxes == 0).then_some(Gap::Nobody),
        (open < mailboxes).then_some(Gap::Unreadable { closed: mailboxes - open, of: mailboxes }),
        (delivered < open).then_some(Gap::Awaited { silent: open - delivered, of: open }),
        (asked_from < earliest).then_some(Gap::BeyondData { earliest }),
    ];
    Completeness { gaps: gaps.into_iter().flatten().collect(), earliest, mailboxes, readable: open, delivered }
}

impl Completeness {
    /// As those may see it who may not learn whose gates are open: of a small side the same whatever is open (Rapport rule).
    #[must_use]
    pub fn veiled(self) -> Self {
        if self.mailboxes >= FEWEST_COUNTED {
            return self;
        }
        let beyond = self.gaps.into_iter().filter(|gap| matches!(gap, Gap::BeyondData { .. }));
        Self { gaps: [Gap::Untold].into_iter().chain(beyond).collect(), mailboxes: 0, readable: 0, delivered: 0, ..self }
    }

    /// Whether mailboxes may be read, but none has delivered anything yet.
    pub fn awaits_first(&self) -> bool {
        self.readable > 0 && self.delivered == 0
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("The directory names nobody whose mailbox could tell of this record."),
            Self::Unreadable { closed, of } if closed == of => {
                write!(f, "No mailbox that could tell of this record may be read ({of} in all); what the CRM tracked is counted.")
            }
            Self::Unreadable { closed, of } => write!(f, "{closed} of {of} mailboxes that could tell of this record may not be read."),
            Self::Awaited { silent, of } if silent == of => {
                write!(f, "Nothing has come yet from any mailbox that may be read ({of} in all).")
            }
            Self::Awaited { silent, of } => write!(f, "Nothing has come yet from {silent} of {of} mailboxes that may be read."),
            Self::Untold => {
                write!(f, "Figures may be missing something: with fewer than {FEWEST_COUNTED} of ours on a record, what is not told.")
            }
            Self::BeyondData { earliest } => write!(f, "Nothing before {earliest} is held."),
        }
    }
}

#[cfg(test)]
mod tests;
