//! What is kept in memory: every tenant with its keys, at one position. A tenant is replaced whole by each decision, never changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use consent_domain::{Decision, KeyName, State};
use sealing::Key;
use vocabulary::{Fault, Reason, TenantId, UserId};

use crate::events::Ledger;
use crate::keys::TenantKeys;

/// Every tenant, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenants {
    /// The tenants.
    pub held: BTreeMap<TenantId, Arc<Held>>,
    /// The position of the last decision.
    pub position: u64,
    /// Tenants that are erased, and the number of the erasure.
    pub erased: BTreeMap<TenantId, u64>,
    /// The ledger of each tenant.
    pub ledgers: HashMap<TenantId, Ledger>,
}

/// A tenant with its keys.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// What is decided about it.
    pub state: State,
    /// Its own keys.
    pub keys: TenantKeys,
    /// The keys of its mailboxes, exactly those that its state names.
    pub mailbox_keys: HashMap<KeyName, Key>,
}

impl Tenants {
    /// A tenant.
    ///
    /// # Errors
    /// NOT_FOUND, TENANT_NOT_FOUND.
    pub fn get(&self, tenant: &TenantId) -> Result<&Arc<Held>, Fault> {
        self.held.get(tenant).ok_or_else(|| Fault::not_found(Reason::TenantNotFound, "no such tenant"))
    }

    /// The users whom the ledger of a tenant names.
    pub fn named(&self, tenant: &TenantId) -> BTreeSet<UserId> {
        self.ledgers.get(tenant).map(Ledger::named).unwrap_or_default()
    }
}

impl Held {
    /// The tenant as a decision leaves it, without the keys that it mints.
    pub fn after(&self, decision: &Decision) -> Self {
        let mut next = self.clone();
        next.state.apply(decision);
        for name in &decision.destroy {
            next.mailbox_keys.remove(name);
        }
        next
    }
}
