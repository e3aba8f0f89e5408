//! The records of every tenant: on disk sealed, in memory open, from the first request that brings the tenant's keys.

mod load;
mod write;

mod delete;
mod erase;
mod identify;
mod repeat;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use analytics_domain::Records;
use consent_client::Permit;
use contracts::analytics::v1 as pb;
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use runtime::Deadline;
use store::{Changes, Store, StoreError};
use tokio::sync::{Mutex, OnceCell, watch};
use vocabulary::revision::Part;
use vocabulary::{Fault, Kind, Reason, Revision, TenantId};

use crate::tables::{Head, Names};

pub use delete::Deletion;
pub use erase::keep;
pub use identify::keep as keep_identified;
pub use repeat::Repeatable;

/// How long to wait before a revision is demanded again.
const RETRY: Duration = Duration::from_millis(200);

/// The records of every tenant.
pub struct RecordStore {
    store: Store,
    tenants: RwLock<HashMap<TenantId, Arc<TenantRecords>, RandomState>>,
    /// Tenants that are erased, and of whom nothing is kept any more.
    gone: parking_lot::Mutex<BTreeSet<TenantId>>,
    /// The position of the last change that can be read.
    head: watch::Sender<u64>,
}

/// The records of one tenant.
#[derive(Default)]
pub struct TenantRecords {
    records: RwLock<Records>,
    loaded: OnceCell<Names>,
    /// Whoever writes compares with what is held, and what is held must not change before it is durable.
    writing: Mutex<()>,
    /// Up to which erasure nobody erased is on a record.
    erased: AtomicU64,
    /// Records removed or changed since consent was last told.
    erased_rows: AtomicU64,
    /// Up to which erasure consent was told.
    reported: AtomicU64,
    /// The generation of `names` that everything is sealed under, or is being sealed under.
    names_generation: AtomicU32,
    /// The generation of `names` that consent was told.
    reported_names: AtomicU32,
}

impl RecordStore {
    /// Over a database of which nothing is read yet: that takes keys.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(store: Store) -> Result<Self, Fault> {
        let head = store.get::<Head>(&())?.unwrap_or_default();
        Ok(Self { store, tenants: RwLock::default(), gone: Default::default(), head: watch::Sender::new(head.position) })
    }

    /// The records of the permit's tenant, read from disk if this is the first request about them, without
    /// anybody whom the permit knows to be erased.
    ///
    /// # Errors
    /// STORE_FAILED when they cannot be read or opened.
    pub async fn of_tenant(&self, permit: &Permit) -> Result<Arc<TenantRecords>, Fault> {
        let held = self.tenants.read().get(&permit.tenant).map(Arc::clone);
        let kept = held.unwrap_or_else(|| Arc::clone(self.tenants.write().entry(permit.tenant.clone()).or_default()));
        kept.loaded.get_or_try_init(|| load::load(&self.store, permit, &kept.records)).await?;
        if kept.erased.load(Ordering::SeqCst) < permit.erasure_number {
            self.erase(permit, &kept).await?;
        }
        Ok(kept)
    }

    /// Waits until what a revision demands of the records can be read.
    ///
    /// # Errors
    /// ABORTED, REVISION_LOST for another life of the store; UNAVAILABLE, REVISION_NOT_REACHED at the deadline.
    pub async fn reached(&self, demanded: &Revision, until: Deadline) -> Result<(), Fault> {
        let Some(point) = demanded.point(Part::Records) else { return Ok(()) };
        if point.incarnation != self.store.incarnation() {
            return Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the revision belongs to records that are gone"));
        }
        let mut head = self.head.subscribe();
        let reached = tokio::time::timeout(until.remaining(), head.wait_for(|head| *head >= point.position)).await;
        let late = || Fault::unavailable(Reason::RevisionNotReached, "the demanded records have not arrived yet", RETRY);
        if matches!(reached, Ok(Ok(_))) { Ok(()) } else { Err(late()) }
    }

    /// The revision of everything that can be read now.
    pub fn revision(&self) -> Revision {
        self.revision_at(*self.head.borrow())
    }

    /// Changes what can be read to what is durable at `position`.
    fn publish(&self, tenant: &TenantRecords, position: u64, change: impl FnOnce(&mut Records)) {
        change(&mut tenant.records.write());
        self.head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
    }

    fn revision_at(&self, position: u64) -> Revision {
        Revision::of(Part::Records, self.store.incarnation(), position)
    }
}

impl TenantRecords {
    /// The records as they stand.
    pub fn read(&self) -> impl std::ops::Deref<Target = Records> {
        self.records.read()
    }

    fn names(&self) -> Result<Names, Fault> {
        self.loaded.get().cloned().ok_or_else(|| Fault::internal("records are changed before they are read"))
    }
}

/// Takes the next position of a store.
fn next_position(changes: &mut Changes<'_>) -> Result<u64, StoreError> {
    let position = changes.get::<Head>(&())?.unwrap_or_default().position + 1;
    changes.put::<Head>(&(), &pb::StoredHead { position })?;
    Ok(position)
}

impl fmt::Debug for RecordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordStore({} tenants at {})", self.tenants.read().len(), *self.head.borrow())
    }
}
