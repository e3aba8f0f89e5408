//! A view as its service holds it: what is folded, how far, and a reader once both are far enough for a request.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use consent_client::{Permit, Reporter, StoreKind, Subscriber};
use parking_lot::RwLock;
use runtime::Context;
use store::Store;
use tokio::sync::watch;
use vocabulary::revision::{Part, Point, Revision};
use vocabulary::{Fault, Kind, PersonId, Reason, TenantId, UserId};

use crate::Fold;
use crate::chunks::Disk;
use crate::follower::{Follower, Pace};
use crate::settle::decided_at;
use crate::source::RETRY;

/// The folds of every tenant, kept up to date by a task of their own.
pub struct View<F> {
    shared: Arc<Shared<F>>,
}

impl<F> Clone for View<F> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<F: Fold> View<F> {
    /// Begins to follow the feed from where the store says, until `context.stopping`; then writes what is pending and lets go of the store,
    /// which is one of `context.tasks`. Consent is told, as a store of that `kind`, what is erased here.
    ///
    /// # Errors
    /// STORE_FAILED when the store cannot be read.
    pub async fn start(context: &Context, store: Store, kind: StoreKind, subscriber: Subscriber) -> Result<Self, Fault> {
        Self::start_with(context, store, kind, subscriber, Pace::default()).await
    }

    /// As [`View::start`], at another pace: for the tests of this crate.
    ///
    /// # Errors
    /// As for [`View::start`].
    #[doc(hidden)]
    pub async fn start_with(context: &Context, store: Store, kind: StoreKind, subscriber: Subscriber, pace: Pace) -> Result<Self, Fault> {
        let shared = Arc::new(Shared::default());
        let reporter = Reporter::start(context.link("consent"), store.incarnation(), kind, store.replaces());
        let disk = tokio::task::spawn_blocking(move || Disk::open(store)).await;
        let disk = disk.map_err(|_| Fault::internal("reading the view was given up"))??;
        let follower = Follower::new(disk, subscriber, context.link("ingestion"), reporter, Arc::clone(&shared), pace);
        context.tasks.spawn(follower.run(context.stopping.clone()));
        Ok(Self { shared })
    }

    /// Waits, at most `within`, until every decision that the permit stands on is settled here (closed mailboxes forgotten, opened
    /// ones folded) and the log is folded up to the point that is demanded.
    ///
    /// # Errors
    /// ABORTED, REVISION_LOST when the demanded point belongs to another log; UNAVAILABLE, REVISION_NOT_REACHED after `within`.
    pub async fn reader(&self, permit: &Permit, demanded: &Revision, within: Duration) -> Result<Reader<F>, Fault> {
        let point = demanded.point(Part::Log);
        let decided = decided_at(permit);
        let mut progress = self.shared.progress.subscribe();
        let far_enough = |progress: &Progress| {
            let reached = point.is_none_or(|point| point.incarnation != progress.incarnation || point.position <= progress.position);
            let tenant = self.shared.tenants.read().get(&permit.tenant).map(Arc::clone);
            tenant.filter(|tenant| progress.caught_up && reached && tenant.is_settled(decided))
        };
        let waiting = async {
            loop {
                let now = progress.borrow_and_update().clone();
                if let Some(tenant) = far_enough(&now) {
                    return Some((tenant, now.incarnation));
                }
                progress.changed().await.ok()?;
            }
        };
        let (tenant, incarnation) = tokio::time::timeout(within, waiting)
            .await
            .ok()
            .flatten()
            .ok_or_else(|| Fault::unavailable(Reason::RevisionNotReached, "the view has not folded that far yet", RETRY))?;
        if point.is_some_and(|point| point.incarnation != incarnation) {
            return Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the revision belongs to another log"));
        }
        let ours = Arc::clone(&tenant.ours.read());
        Ok(Reader { tenant, ours })
    }

    /// Waits until the view follows another log than `known`, and answers its incarnation.
    pub async fn other_log(&self, known: u64) -> u64 {
        let mut progress = self.shared.progress.subscribe();
        let is_other = |progress: &Progress| progress.incarnation != 0 && progress.incarnation != known;
        let other = progress.wait_for(is_other).await.map(|progress| progress.incarnation).ok();
        match other {
            Some(incarnation) => incarnation,
            // The sender is ours.
            None => std::future::pending().await,
        }
    }

    /// How far the log is folded.
    pub fn revision(&self) -> Revision {
        let progress = self.shared.progress.borrow();
        Revision::of(Part::Log, progress.incarnation, progress.position)
    }
}

/// What a request reads: the fold of its tenant, and who of the people are ours.
pub struct Reader<F> {
    tenant: Arc<TenantView<F>>,
    ours: Arc<Ours>,
}

impl<F> Reader<F> {
    /// The fold. The follower waits while it is borrowed: compute, then let go.
    pub fn fold(&self) -> impl Deref<Target = F> {
        self.tenant.fold.read()
    }

    /// Which of ours a person is, if any.
    pub fn user_of(&self, person: PersonId) -> Option<UserId> {
        self.ours.user_of.get(&person).copied()
    }

    /// The people that one of ours is: one for each address.
    pub fn persons_of(&self, user: UserId) -> &[PersonId] {
        self.ours.persons_of.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Ours, by person.
    pub fn ours(&self) -> impl Iterator<Item = (PersonId, UserId)> {
        self.ours.user_of.iter().map(|(person, user)| (*person, *user))
    }
}

/// What the follower and the readers share.
pub(crate) struct Shared<F> {
    pub(crate) tenants: RwLock<HashMap<TenantId, Arc<TenantView<F>>>>,
    pub(crate) progress: watch::Sender<Progress>,
}

impl<F> Default for Shared<F> {
    fn default() -> Self {
        Self { tenants: RwLock::default(), progress: watch::Sender::default() }
    }
}

impl<F: Fold> Shared<F> {
    /// The view of a tenant, made empty when it is new.
    pub(crate) fn tenant(&self, tenant: &TenantId) -> Arc<TenantView<F>> {
        Arc::clone(self.tenants.write().entry(tenant.clone()).or_default())
    }
}

/// How far the follower is. Readers are woken whenever it is sent, also when a tenant was settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) incarnation: u64,
    pub(crate) position: u64,
    /// Whether the head of the log was ever reached since the start: before, answers would be of a past nobody asked for.
    pub(crate) caught_up: bool,
}

/// One tenant.
#[derive(Default)]
pub(crate) struct TenantView<F> {
    pub(crate) fold: RwLock<F>,
    pub(crate) ours: RwLock<Arc<Ours>>,
    /// The last decision about the tenant that is settled here; none while another one is being settled.
    pub(crate) settled: RwLock<Option<Point>>,
}

impl<F> TenantView<F> {
    fn is_settled(&self, decided: Point) -> bool {
        self.settled.read().is_some_and(|settled| settled.incarnation == decided.incarnation && settled.position >= decided.position)
    }
}

/// The directory by person.
#[derive(Default)]
pub(crate) struct Ours {
    pub(crate) user_of: HashMap<PersonId, UserId>,
    pub(crate) persons_of: HashMap<UserId, Vec<PersonId>>,
}
