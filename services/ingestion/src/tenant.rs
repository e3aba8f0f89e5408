//! What ingestion holds of one tenant in memory. Built when consent first gives the tenant's keys; tenants know nothing of each other.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};
use sealing::{Key, KeyedHash};
use store::{Store, StoreError};
use vocabulary::entry::Thread;
use vocabulary::{Fault, Identity, TenantId, UserId};

use crate::dictionary::Dictionary;
use crate::mailboxes::{BlockPlace, Mailboxes, being_read};
use crate::tables;

/// One tenant.
#[derive(Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its mailboxes. Never locked across an await.
    pub mailboxes: Mutex<Mailboxes>,
    opened: OnceLock<Opened>,
    /// The erasure up to which the dictionary was looked through.
    pub erased: AtomicU64,
}

/// What takes the tenant's keys to build.
#[derive(Debug)]
pub struct Opened {
    /// Its dictionary. Written within commits only.
    pub names: RwLock<Dictionary>,
    /// Its keyed hashes.
    pub hashes: Hashes,
}

/// The keyed hashes of one tenant, under its key `lookup`.
#[derive(Clone, Debug)]
pub struct Hashes {
    identity: KeyedHash,
    thread: KeyedHash,
}

impl Hashes {
    /// The hashes under the tenant key `lookup`.
    pub fn new(lookup: &Key) -> Self {
        let identity = KeyedHash::new(lookup, "rapport ingestion identity v1");
        Self { identity, thread: KeyedHash::new(lookup, "rapport ingestion thread v1") }
    }

    /// The name of an interaction, from its canonical text.
    pub fn identity(&self, text: &str) -> Identity {
        Identity(self.identity.hash128(text.as_bytes()))
    }

    /// The name of a thread, from its canonical text; never 0, which stands for none.
    pub fn thread(&self, text: &str) -> Thread {
        Thread(self.thread.hash64(text.as_bytes()).max(1))
    }
}

impl Tenant {
    fn new(id: TenantId) -> Self {
        Self { id, mailboxes: Mutex::default(), opened: OnceLock::new(), erased: AtomicU64::new(0) }
    }

    /// What took the keys to build.
    ///
    /// # Errors
    /// UNAVAILABLE while the dictionary is being read.
    pub fn opened(&self) -> Result<&Opened, Fault> {
        self.opened.get().ok_or_else(|| being_read("the tenant"))
    }

    /// Whether the keys came and the dictionary was read.
    pub fn is_open(&self) -> bool {
        self.opened.get().is_some()
    }

    /// Takes in what was built; the first stays.
    pub fn open(&self, names: Dictionary, hashes: Hashes) {
        let _first = self.opened.set(Opened { names: RwLock::new(names), hashes });
    }
}

/// Every tenant that has blocks or that consent has named.
#[derive(Debug, Default)]
pub struct Tenants(RwLock<HashMap<TenantId, Arc<Tenant>, RandomState>>);

impl Tenants {
    /// Notes where the blocks of every mailbox lie, by reading the whole log once. Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn index(store: &Store) -> Result<Self, StoreError> {
        let tenants = Self::default();
        let mut last: Option<Arc<Tenant>> = None;
        for row in store.scan::<tables::Log>(()) {
            let (position, block) = row?;
            let tenant = match last.take().filter(|tenant| tenant.id.as_str() == block.tenant_id) {
                Some(tenant) => tenant,
                None => {
                    let id = TenantId::parse(&block.tenant_id).map_err(|_| StoreError::Damaged { what: "the log" })?;
                    tenants.entry(&id)
                }
            };
            let place = BlockPlace { generation: block.generation, position };
            tenant.mailboxes.lock().entry(UserId(block.user_id)).add(place);
            last = Some(tenant);
        }
        Ok(tenants)
    }

    /// A tenant.
    ///
    /// # Errors
    /// UNAVAILABLE before it was looked at.
    pub fn get(&self, id: &TenantId) -> Result<Arc<Tenant>, Fault> {
        self.0.read().get(id).cloned().ok_or_else(|| being_read("the tenant"))
    }

    /// Forgets a tenant.
    pub fn forget(&self, id: &TenantId) {
        self.0.write().remove(id);
    }

    /// A tenant, made if there is none.
    pub fn entry(&self, id: &TenantId) -> Arc<Tenant> {
        if let Some(held) = self.0.read().get(id) {
            return Arc::clone(held);
        }
        let mut tenants = self.0.write();
        Arc::clone(tenants.entry(id.clone()).or_insert_with(|| Arc::new(Tenant::new(id.clone()))))
    }
}
