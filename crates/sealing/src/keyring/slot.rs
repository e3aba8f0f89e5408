//! The names of slots: whose key, for what. A name never holds an address.

use vocabulary::{TenantId, UserId};

/// The name of one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Whose it is within the tenant, and for what.
    pub owner: SlotOwner,
}

impl SlotId {
    /// The slot of a tenant's own key.
    pub fn of_tenant(tenant: &TenantId, key: TenantKey) -> Self {
        Self { tenant: tenant.clone(), owner: SlotOwner::Tenant(key) }
    }

    /// The slot of what the ledger says of a user.
    pub fn of_ledger(tenant: &TenantId, user: UserId) -> Self {
        Self { tenant: tenant.clone(), owner: SlotOwner::Ledger { user } }
    }

    /// The slot of a mailbox key.
    pub fn of_mailbox(tenant: &TenantId, user: UserId, generation: u32, key: MailboxKey) -> Self {
        Self { tenant: tenant.clone(), owner: SlotOwner::Mailbox { user, generation, key } }
    }
}

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotOwner {
    /// A key of the tenant itself.
    Tenant(TenantKey),
    /// What the ledger says of one user.
    Ledger {
        /// The user.
        user: UserId,
    },
    /// A key of one user's mailbox.
    Mailbox {
        /// The user, who is also the mailbox.
        user: UserId,
        /// Rises whenever consent is given again after all keys were destroyed.
        generation: u32,
        /// Which of the mailbox's keys.
        key: MailboxKey,
    },
}

/// The keys of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TenantKey {
    /// The dictionary, names of records and people: the only key that is ever rotated.
    Names {
        /// Rises with each rotation: the old key must stay until everything is sealed under the new one.
        generation: u32,
    },
    /// CRM-tracked interactions.
    Facts,
    /// Keyed hashes and suppression.
    Lookup,
    /// What the ledger says of nobody in particular, and the key that signs it.
    Ledger,
}

/// The three independent keys of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailboxKey {
    /// The blocks of ingestion's log.
    Log,
    /// The timelines of analytics.
    Analytics,
    /// The ties of graph.
    Graph,
}

impl MailboxKey {
    /// Every key of a mailbox.
    pub const ALL: [Self; 3] = [Self::Log, Self::Analytics, Self::Graph];
}
