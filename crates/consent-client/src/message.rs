//! The stream in our own words: what a holder says and what it is told. `convert` makes these of the contract's messages, and the
//! contract's messages of these.

use std::time::Duration;

use sealing::Key;
use vocabulary::{PersonId, TenantId, Timestamp};

use crate::mirror::Set;
use crate::{Settings, UserMirror};

/// Who holds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Holds the `log` keys of every mailbox that is open for a purpose.
    Ingestion,
    /// Holds `log` and `analytics` keys of mailboxes open for RELATIONSHIP_ANALYTICS.
    Analytics,
    /// Holds `log` and `graph` keys of mailboxes open for CONNECTION_GRAPH.
    Graph,
}

/// What a holder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Opens the stream.
    Hello {
        /// The highest incarnation of consent it has seen; 0: none.
        incarnation: u64,
    },
    /// Asks for the lease to run on; the clock was noted before.
    Renew {
        /// From 1, rising by one on each stream.
        number: u64,
    },
    /// Says that everything up to a position is in force here.
    Acknowledge {
        /// The position.
        position: u64,
    },
}

/// What a holder is told.
#[derive(Clone, Debug)]
pub enum Message {
    /// A part of the whole state.
    Snapshot {
        /// The incarnation of consent; the same in every part.
        incarnation: u64,
        /// Which log of decisions the positions belong to; it outlives restarts.
        log_incarnation: u64,
        /// The position the whole was taken at; the same in every part.
        position: u64,
        /// Tenants; the users of one may be spread over several parts, its settings come with the first.
        tenants: Vec<TenantPart>,
        /// Whether the whole is there with this part.
        last: bool,
    },
    /// What a decision changed.
    Change {
        /// The position of the decision.
        position: u64,
        /// The tenants it touches, with the users it touches; none when it does not concern this holder.
        tenants: Vec<TenantPart>,
    },
    /// The lease runs on.
    Renewed {
        /// Which renewal is answered.
        number: u64,
        /// The incarnation of consent.
        incarnation: u64,
        /// The position of the last decision.
        position: u64,
        /// How long the lease is, from the instant noted before the renewal.
        lease: Duration,
    },
}

/// What is said of a tenant: everything named replaces what was known of it.
#[derive(Clone, Debug)]
pub struct TenantPart {
    /// The tenant.
    pub tenant: TenantId,
    /// The position of the last decision about it.
    pub position: u64,
    /// Settings and tenant keys; none when they stay as they were.
    pub settings: Option<(Settings, TenantKeys)>,
    /// Whether the tenant is erased: then nothing else is said of it but the number.
    pub over: bool,
    /// The number of the last erasure.
    pub erasure_number: u64,
    /// Who is erased for good: addresses by keyed hash, and people; none when that stays as it was.
    pub erased: Option<(Set<u128>, Set<PersonId>)>,
    /// The users that are named.
    pub users: Vec<UserMirror>,
    /// When the holder's purpose ends by itself; absent: never. Said every time.
    pub expires: Option<Timestamp>,
}

/// The keys of a tenant.
#[derive(Clone, Debug)]
pub struct TenantKeys {
    /// `names`.
    pub names: Key,
    /// Its generation.
    pub names_generation: u32,
    /// The generation before, to be read with; none: it is destroyed.
    pub retired_names: Option<Key>,
    /// `facts`.
    pub facts: Key,
    /// `lookup`.
    pub lookup: Key,
}
