//! What a question may read and whom it is about, as the caller found it in the permit of the request.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use vocabulary::entry::Origin;
use vocabulary::{PersonId, Timestamp, UserId};

/// What may be read now.
#[derive(Clone, Debug)]
pub struct Readable {
    /// Who may be named as an introducer: people of ours, not departed, with open personal gates. Their order, by address, is what
    /// is left to decide between equals.
    pub colleagues: Vec<Colleague>,
    /// Every mailbox that may be read and the generation of its keys, also of those who are no introducers.
    pub mailboxes: HashMap<UserId, u32, RandomState>,
    /// The beginning of the data window: what happened before counts for nothing.
    pub since: Timestamp,
}

impl Readable {
    /// Whether an origin may be read: the CRM always, a mailbox under the generation that is open.
    pub fn allows(&self, origin: Origin) -> bool {
        match origin {
            Origin::Crm => true,
            Origin::Mailbox { user, generation } => self.mailboxes.get(&user) == Some(&generation),
        }
    }

    /// The mailbox of a user, if it may be read.
    pub fn mailbox_of(&self, user: UserId) -> Option<Origin> {
        self.mailboxes.get(&user).map(|&generation| Origin::Mailbox { user, generation })
    }
}

/// One of ours who may be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub user: UserId,
    /// The people they are: one for each of their addresses.
    pub persons: Vec<PersonId>,
}

/// Somebody asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The people they are: one for each of their addresses that is known.
    pub persons: Vec<PersonId>,
}
