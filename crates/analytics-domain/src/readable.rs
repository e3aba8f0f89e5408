//! What a request may read, as its permit says: whose mailboxes, whom it may name, and who is inside. Whatever is in memory beyond it
//! does not exist for the request.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use vocabulary::entry::Origin;
use vocabulary::{Address, PersonId, UserId};

use crate::interactions::Map;

/// What the directory says of an address.
pub trait Directory {
    /// Which of ours has the address, if any: a person or a shared mailbox, departed or not.
    fn user_at(&self, address: &Address) -> Option<UserId>;

    /// Whether somebody outside has the address: neither one of ours, nor inside by domain, nor a list or a room.
    fn is_outside(&self, address: &Address) -> bool;
}

/// What a request may read.
#[derive(Clone, Debug, Default)]
pub struct Readable {
    /// Everybody who is inside, by person: which of ours, or nobody of ours (rooms, lists).
    pub inside: Map<PersonId, Option<UserId>>,
    /// Every mailbox that may be read, with the generation of its keys.
    pub mailboxes: Map<UserId, u32>,
    /// Who of ours may be named, whatever the source.
    pub named: HashSet<UserId, RandomState>,
    /// Everybody of ours whose mailbox might tell something: not departed, or departed with a mailbox that may be read.
    pub feeding: HashSet<UserId, RandomState>,
}

impl Readable {
    /// Whether an origin may be read: the CRM always, a mailbox under the generation that is open.
    pub fn allows(&self, origin: Origin) -> bool {
        match origin {
            Origin::Crm => true,
            Origin::Mailbox { user, generation } => self.mailboxes.get(&user) == Some(&generation),
        }
    }

    /// Which of ours a person is, if any.
    pub fn user_of(&self, person: PersonId) -> Option<UserId> {
        self.inside.get(&person).copied().flatten()
    }

    /// Whether a person is outside, as far as is known.
    pub fn is_outsider(&self, person: PersonId) -> bool {
        !self.inside.contains_key(&person)
    }
}
