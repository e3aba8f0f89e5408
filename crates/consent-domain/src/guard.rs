//! The guard against accidents: whoever would destroy many mailboxes has to name their number (domain.md, section 7).

use std::fmt;

use vocabulary::{Fault, Kind, Reason};

use crate::{Decision, State};

/// As many mailboxes as a command may always destroy; and one in so many, when that is more.
const FEW: u64 = 10;
const FEW_IN: u64 = 20;

/// How many mailboxes a command may destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A few, or exactly this many: the number its caller names.
    Few(u64),
    /// Any: it is only asked what would become of it.
    Any,
}

/// A command would destroy more mailboxes than slips through unnoticed, and does not name their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WouldDestroy {
    /// How many mailboxes would lose their keys.
    pub mailboxes: u64,
    /// How many have keys.
    pub of: u64,
}

impl Allowed {
    /// Those who merely depart lose no key, and mailboxes without a key have nothing to lose: neither counts.
    ///
    /// # Errors
    /// [`WouldDestroy`].
    pub fn check(self, state: &State, decision: &Decision) -> Result<(), WouldDestroy> {
        let mailboxes = decision.closed;
        match self {
            Self::Few(named) if mailboxes > FEW && mailboxes != named => {
                let of = state.directory.users().filter(|user| user.mailbox.has_keys()).count() as u64;
                if mailboxes * FEW_IN > of { Err(WouldDestroy { mailboxes, of }) } else { Ok(()) }
            }
            Self::Few(_) | Self::Any => Ok(()),
        }
    }
}

impl fmt::Display for WouldDestroy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mailboxes, of } = self;
        write!(f, "would destroy {mailboxes} of {of} mailboxes with all that was read from them; name that number if it is meant")
    }
}

impl std::error::Error for WouldDestroy {}

impl From<WouldDestroy> for Fault {
    fn from(error: WouldDestroy) -> Self {
        let fault = Self::new(Kind::FailedPrecondition, Reason::WouldDestroy, error.to_string());
        fault.with("mailboxes", error.mailboxes.to_string()).with("of", error.of.to_string())
    }
}
