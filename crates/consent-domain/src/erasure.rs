//! What is erased for good: numbers, keyed hashes and random ids, never an address. State, so that whoever missed it is told again.

use std::collections::BTreeSet;

use vocabulary::{PersonId, UserId};

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErasureKind {
    /// Mailboxes whose keys a withdrawal destroyed.
    Withdrawal,
    /// One of the tenant's own.
    User,
    /// An outside person.
    Person,
    /// The tenant with everything in it.
    Tenant,
}

/// One erasure, or what was learned of one since: the ids behind its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its number within the tenant: one after the last.
    pub number: u64,
    /// What is erased; none: only ids are named, of erasures that came before.
    pub kind: Option<ErasureKind>,
    /// Keyed hashes of the addresses that are suppressed from now on.
    pub addresses: Vec<u128>,
    /// The ids behind erased addresses.
    pub people: Vec<PersonId>,
    /// Where only ids are named: for which erasures the dictionary was looked at, up to this number.
    pub looked_at: u64,
    /// The directory entry that goes.
    pub user: Option<UserId>,
}

/// Everything erased of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// The number of the last erasure; 0: none yet.
    pub number: u64,
    /// Keyed hashes of addresses that are suppressed.
    pub addresses: BTreeSet<u128>,
    /// People whom nothing may name any more.
    pub people: BTreeSet<PersonId>,
}

impl Erased {
    /// Takes an erasure in.
    pub fn take(&mut self, erasure: &Erasure) {
        self.number = self.number.max(erasure.number);
        self.addresses.extend(&erasure.addresses);
        self.people.extend(&erasure.people);
    }
}
