//! The service itself: the store, what is held in memory, and the way of every commit from the closure to those who wait for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use consent_client::{Permit, Reads, Reporter, StoreKind, Subscriber};
use contracts::ingestion::v1 as pb;
use futures::future::Either;
use futures::poll;
use maintenance::Place;
use runtime::{Config, Context};
use store::{Changes, Options, Store};
use tokio::sync::watch;
use tokio::time::timeout;
use vocabulary::revision::Part;
use vocabulary::{Clock, Fault, Revision, TenantId};

use crate::append::{Written, append, key_of};
use crate::batch::{self, Batch, BatchSource, Taken};
use crate::tables;
use crate::tenant::{Tenant, Tenants};

/// How long a request waits for what is being read from disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many stores share the process's cache.
const STORES: u64 = 4;

/// Where the log and the dictionary lie.
pub fn log_place(config: &Config) -> Place {
    let options = Options { cache_bytes: config.store.cache_bytes / STORES, fresh_incarnation: sealing::random::id() };
    Place { path: config.area_dir("ingestion").join("log"), options }
}

/// The service.
pub struct Ingestion {
    pub(crate) store: Store,
    pub(crate) consent: Subscriber,
    /// Who tells consent what is erased here.
    pub(crate) reporter: Reporter,
    /// Who read what.
    pub(crate) reads: Reads,
    pub(crate) tenants: Tenants,
    pub(crate) clock: Arc<dyn Clock>,
    /// The last durable position of the log.
    pub(crate) head: watch::Sender<u64>,
    /// Whether every tenant was brought in line with consent, which a log that was put back waits for before it is followed: it may
    /// hold blocks that are to go.
    pub(crate) in_line: watch::Sender<bool>,
    /// Rises when something was read from disk or a tenant was brought in line with consent.
    pub(crate) aligned: watch::Sender<u64>,
}

impl Ingestion {
    /// Opens the store and notes where every block lies. What takes keys comes with [`crate::reconcile`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(context: &Context, consent: Subscriber) -> Result<Self, Fault> {
        let place = log_place(&context.config);
        let store = Store::open(&place.path, place.options).await?;
        consent.begin(store.incarnation(), store.clone());
        let head = store.get::<tables::Head>(&())?.unwrap_or_default();
        let scanned = store.clone();
        let tenants = blocking(move || Ok(Tenants::index(&scanned)?)).await?;
        let reporter = Reporter::start(context.link("consent"), store.incarnation(), StoreKind::Log, store.replaces());
        let reads = Reads::start(context);
        let (clock, head) = (Arc::clone(&context.clock), watch::Sender::new(head.position));
        let in_line = watch::Sender::new(store.origin().is_none());
        Ok(Self { store, consent, reporter, reads, tenants, clock, head, in_line, aligned: watch::Sender::new(0) })
    }

    /// A permit for a tenant, and what is held of it. Waits a moment for a tenant that consent has only just named.
    ///
    /// # Errors
    /// NOT_FOUND, TENANT_NOT_FOUND; UNAVAILABLE without a live lease or while the tenant is being read from disk.
    pub async fn admit(&self, tenant: &TenantId) -> Result<(Permit, Arc<Tenant>), Fault> {
        self.consent.permit(tenant)?;
        let is_open = || self.tenants.get(tenant).is_ok_and(|tenant| tenant.is_open());
        let mut aligned = self.aligned.subscribe();
        let _elapsed = timeout(PATIENCE, aligned.wait_for(|_| is_open())).await;
        let held = self.tenants.get(tenant)?;
        held.opened()?;
        Ok((self.consent.permit(tenant)?, held))
    }

    /// Judges a batch by a permit of its own, off the threads that serve. Waits a moment for mailboxes that are being read from disk.
    ///
    /// # Errors
    /// Those of [`Self::admit`] and of [`batch::prepare`].
    pub async fn prepare(&self, tenant: TenantId, source: BatchSource, interactions: Vec<pb::Interaction>) -> Result<Prepared, Fault> {
        let (permit, tenant) = self.admit(&tenant).await?;
        let now = self.clock.now();
        let prepare = move || {
            let batch = batch::prepare(&permit, &tenant.opened()?.hashes, &source, interactions, now)?;
            Ok(Prepared { tenant, batch })
        };
        let prepared = blocking(prepare).await?;
        let mut aligned = self.aligned.subscribe();
        let permit = self.consent.permit(&prepared.tenant.id)?;
        let _elapsed = timeout(PATIENCE, aligned.wait_for(|_| prepared.is_read(&permit))).await;
        Ok(prepared)
    }

    /// Gives a batch to the committer; the second future resolves when it is durable. Batches given one after the other are
    /// committed in that order.
    pub async fn append(self: &Arc<Self>, prepared: Prepared) -> impl Future<Output = Result<Taken, Fault>> + Send + use<> {
        let Prepared { tenant, batch } = prepared;
        let (consent, appended) = (self.consent.clone(), Arc::clone(&tenant));
        self.commit(tenant, move |changes| append(changes, &consent, &appended, batch)).await
    }

    /// Gives a change of one tenant to the committer, and sees to it that what it wrote is known as soon as it is durable, whether or not
    /// anybody still waits for the second future.
    pub(crate) async fn commit<T, C>(
        self: &Arc<Self>,
        tenant: Arc<Tenant>,
        change: C,
    ) -> impl Future<Output = Result<T, Fault>> + Send + use<T, C>
    where
        T: Send + 'static,
        C: FnOnce(&mut Changes<'_>) -> Result<Written<T>, Fault> + Send + 'static,
    {
        let this = Arc::clone(self);
        let mut commit = Box::pin(async move {
            let Written { answer, position, minted } = this.store.commit(change).await?;
            if !minted.is_empty() {
                tenant.opened()?.names.write().settle(&minted);
            }
            if let Some(position) = position {
                this.head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
            }
            Ok(answer)
        });
        // The first poll puts it into the committer's queue, so that order here is order there.
        match poll!(&mut commit) {
            std::task::Poll::Ready(answer) => Either::Left(std::future::ready(answer)),
            std::task::Poll::Pending => {
                let commit = tokio::spawn(commit);
                Either::Right(async move { commit.await.unwrap_or_else(|_| Err(Fault::internal("a commit was cut short"))) })
            }
        }
    }

    /// Waits until the decisions of consent that a request demands are in force here.
    ///
    /// # Errors
    /// ABORTED, REVISION_LOST; UNAVAILABLE, REVISION_NOT_REACHED.
    pub async fn reached(&self, demanded: &Revision) -> Result<(), Fault> {
        self.consent.reached_revision(demanded, DECISIONS).await
    }

    /// The revision that names a position of the log.
    pub fn revision(&self, position: u64) -> Revision {
        Revision::of(Part::Log, self.store.incarnation(), position)
    }
}

impl fmt::Debug for Ingestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ingestion(at {})", *self.head.borrow())
    }
}

/// How long a request may wait for the decisions it demands, when its own deadline is later.
const DECISIONS: Duration = Duration::from_secs(5);

/// A batch that waits for the committer.
#[derive(Debug)]
pub struct Prepared {
    tenant: Arc<Tenant>,
    batch: Batch,
}

impl Prepared {
    /// Whether what its mailboxes tell is in memory.
    fn is_read(&self, permit: &Permit) -> bool {
        let mut mailboxes = self.tenant.mailboxes.lock();
        let mut users = self.batch.mailboxes.keys();
        users.all(|user| key_of(permit, *user).is_none_or(|(_, generation)| mailboxes.known(*user, generation).is_ok()))
    }
}

/// Runs what takes long or blocks on a thread for such work.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::internal("a piece of work was cut short")))
}
