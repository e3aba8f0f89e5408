//! What the rules must know of the tenant: who is who, who may be read, how far back. The service answers; nothing is kept here.

use vocabulary::{Address, Timestamp, UserId};

/// Where an interaction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One mailbox. Whether its owner may be read was asked before.
    Mailbox(UserId),
    /// An archive or message trace of the whole organisation: each of our people on it gets it as from their own mailbox.
    Journal,
    /// The CRM: tracked by hand; needs no consent.
    Crm,
}

/// What an address is: by the directory, then by the tenant's verified domains (Rapport rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A PERSON or SHARED mailbox of the directory, departed ones too.
    Ours(UserId),
    /// In a verified domain, but not in the directory: counts in `others` only.
    InsideUnknown,
    /// In the directory, yet an outside person.
    Guest,
    /// A room or a piece of equipment: nobody.
    Room,
    /// A mailing list, by the directory or by the tenant's known lists: nobody.
    List,
    /// Anybody else.
    Outside,
    /// Somebody who was erased: counts in `others` only, and what they wrote is kept out.
    Erased,
}

/// What the rules ask of the tenant's directory and gates, as of one instant.
pub trait Directory {
    /// What an address is.
    fn side(&self, address: &Address) -> Side;

    /// Whether a user's mailbox may be read now: all their gates are open.
    fn may_be_read(&self, user: UserId) -> bool;

    /// Whether what happened at an instant is collected from a user's mailbox: not what lies before the scope of their consent.
    fn collects(&self, user: UserId, time: Timestamp) -> bool;
}

/// The tenant's own settings that the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantRules {
    /// The beginning of the data window: what is older is kept out.
    pub window_start: Timestamp,
}
