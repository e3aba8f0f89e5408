//! Each tenant's ledger: what was decided, by whom, when, in a Merkle tree that only grows (`ledger`), written in the commit of the decision.
//!
//! In memory stand the hashes of the leaves and what lists are filtered by, some 64 bytes an event; what an event says stays sealed in the
//! store, under the ledger key of whom it is about, of who acted, or of the tenant where it names nobody.

mod append;
mod read;
mod texts;

pub(crate) use append::{Actor, Appended, Draft, blank};
pub(crate) use read::Filter;
pub(crate) use texts::Texts;

use std::collections::BTreeSet;

use contracts::consent::v1 as pb;
use ledger::{Checkpoint, Edge, Hash, Leaf, Signer, leaf_hash};
use store::Store;
use vocabulary::{Fault, Kind, Reason, TenantId, Timestamp, UserId};

use crate::keys::TenantKeys;
use crate::tables;

/// The ledger of a tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    hashes: Vec<Hash>,
    heads: Vec<Head>,
}

/// What lists are filtered by.
#[derive(Clone, Copy, Debug)]
struct Head {
    time: Timestamp,
    kind: u16,
    user: Option<UserId>,
    actor: Option<UserId>,
}

impl Head {
    fn of(leaf: &Leaf, row: &pb::StoredConsentEvent) -> Self {
        let user = |id: u64| (id != 0).then_some(UserId(id));
        Self { time: leaf.time, kind: leaf.kind, user: user(row.user_id), actor: user(row.actor_id) }
    }
}

impl Ledger {
    /// As the store has it.
    ///
    /// # Errors
    /// STORE_FAILED when an event is missing or is not what was written.
    pub fn read(store: &Store, tenant: &TenantId) -> Result<Self, Fault> {
        let mut ledger = Self::default();
        for row in store.scan::<tables::ConsentEvents>((tenant.clone(),)) {
            let ((_, index), row) = row?;
            let leaf = Leaf::decode(&row.leaf).filter(|leaf| index == ledger.size() && leaf.tenant == *tenant);
            let head = Head::of(&leaf.ok_or_else(damaged)?, &row);
            ledger.push(leaf_hash(&row.leaf), head);
        }
        Ok(ledger)
    }

    /// How many events there are.
    pub fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// The users whom it names: each has a ledger key.
    pub fn named(&self) -> BTreeSet<UserId> {
        self.heads.iter().flat_map(|head| [head.user, head.actor]).flatten().collect()
    }

    /// The hashes of the leaves, in order.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Takes in what a decision appended, and forgets whom it erased.
    pub fn take(&mut self, appended: &Appended) {
        appended.heads.iter().zip(&appended.hashes).for_each(|(head, hash)| self.push(*hash, *head));
        if let Some(erased) = appended.erased {
            let of = |named: &mut Option<UserId>| *named = named.filter(|user| *user != erased);
            self.heads.iter_mut().for_each(|head| {
                of(&mut head.user);
                of(&mut head.actor);
            });
        }
    }

    /// Its state, signed.
    pub fn checkpoint(&self, signer: &Signer) -> String {
        Checkpoint::sign(self.size(), self.root(), signer)
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        Edge::over(self.hashes.iter().copied()).root()
    }

    fn push(&mut self, hash: Hash, head: Head) {
        self.hashes.push(hash);
        self.heads.push(head);
    }
}

/// Who signs a tenant's checkpoints: the key comes of the tenant's ledger key and goes with it.
///
/// # Errors
/// INTERNAL: a tenant's id is a name.
pub(crate) fn signer(tenant: &TenantId, keys: &TenantKeys) -> Result<Signer, Fault> {
    let seed = keys.ledger.derive("rapport consent checkpoint v1");
    Signer::of(&format!("rapport/ledger/{tenant}"), seed.as_bytes()).ok_or_else(|| Fault::internal("a ledger has no name"))
}

fn damaged() -> Fault {
    Fault::new(Kind::Internal, Reason::StoreFailed, "an event of the ledger is missing or is not what was written")
}
