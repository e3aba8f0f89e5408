//! What a service holds: permits cut from the latest mirror while a lease is alive, and word of what changed.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use runtime::Link;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use vocabulary::revision::{Part, Revision};
use vocabulary::{Clock, Fault, Kind, Reason, TenantId};

use crate::{Closed, Holder, Mirror, Permit, stream};

/// How long to wait before a permit is asked for again.
const RETRY: Duration = Duration::from_millis(200);

/// A service's subscription to consent. Clones share it; the stream ends when the last one is dropped.
#[derive(Clone)]
pub struct Subscriber {
    shared: Arc<Shared>,
    _task: Arc<AbortOnDrop>,
}

/// What the task writes and permits read.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    held: ArcSwap<Held>,
    position: watch::Sender<u64>,
    until: watch::Sender<Duration>,
    followers: Mutex<Vec<mpsc::UnboundedSender<Closed>>>,
    /// Wakes the task: somebody found the lease over.
    pub(crate) nudge: Notify,
    /// Under which name the holder joins, once it is known, and what proves that nobody else does.
    name: watch::Sender<Option<u64>>,
    proof: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// The mirror and the boot time its lease runs to: one pointer, so that nobody sees one without the other.
struct Held {
    mirror: Arc<Mirror>,
    until: Duration,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Subscriber {
    /// Subscribes `holder` to consent's decisions through `link`, and keeps the stream open for as long as a clone lives.
    ///
    /// `clock` must be the one the process lives by: leases run by its boot time. Must be called within a Tokio runtime. The holder joins
    /// under a random name, so whatever lease it has is waited for when it is gone.
    pub fn start(link: Link, holder: Holder, clock: Arc<dyn Clock>) -> Self {
        let subscriber = Self::waiting(link, holder, clock);
        subscriber.begin(sealing::random::id(), ());
        subscriber
    }

    /// As [`Self::start`], but joins only after [`Self::begin`].
    pub fn waiting(link: Link, holder: Holder, clock: Arc<dyn Clock>) -> Self {
        let held = Held { mirror: Arc::default(), until: Duration::ZERO };
        let shared = Arc::new(Shared {
            clock,
            held: ArcSwap::from_pointee(held),
            position: watch::Sender::new(0),
            until: watch::Sender::new(Duration::ZERO),
            followers: Mutex::default(),
            nudge: Notify::new(),
            name: watch::Sender::new(None),
            proof: OnceLock::new(),
        });
        let task = tokio::spawn(stream::keep(Arc::clone(&shared), link, holder));
        Self { shared, _task: Arc::new(AbortOnDrop(task.abort_handle())) }
    }

    /// Joins as `instance`: the incarnation of a store that this process alone has open. `store` is kept until the last clone of the
    /// subscription is gone, so whoever joins under the same name later knows that no permit is given here any more: consent
    /// waits for no lease of a process that has an heir. Only the first call counts.
    pub fn begin(&self, instance: u64, store: impl Any + Send + Sync) {
        if self.shared.proof.set(Box::new(store)).is_ok() {
            self.shared.name.send_replace(Some(instance));
        }
    }

    /// A snapshot of one tenant, if the lease is alive at this very moment. Take one for each request and each message of a stream.
    ///
    /// # Errors
    /// UNAVAILABLE, CONSENT_UNKNOWN without a live lease; NOT_FOUND, TENANT_NOT_FOUND.
    pub fn permit(&self, tenant: &TenantId) -> Result<Permit, Fault> {
        let Mirror { log_incarnation, position, tenants, .. } = &*self.shared.under_lease()?;
        let held = tenants.get(tenant).cloned().ok_or_else(|| Fault::not_found(Reason::TenantNotFound, "no such tenant"))?;
        let held = held.at(self.shared.clock.now());
        Ok(Permit { held, log_incarnation: *log_incarnation, position: *position })
    }

    /// The tenants known now, in order.
    ///
    /// # Errors
    /// UNAVAILABLE, CONSENT_UNKNOWN without a live lease.
    pub fn tenants(&self) -> Result<Vec<TenantId>, Fault> {
        let mut tenants: Vec<_> = self.shared.under_lease()?.tenants.keys().cloned().collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    /// The latest mirror, whether or not its lease is alive: only for deciding what to wait for or what to forget. Nothing may be
    /// served or stored by it; that takes a [`Subscriber::permit`].
    pub fn mirror(&self) -> Arc<Mirror> {
        Arc::clone(&self.shared.held.load().mirror)
    }

    /// Waits until the mirror has reached a position of consent.
    ///
    /// # Errors
    /// UNAVAILABLE, REVISION_NOT_REACHED when it has not `within` that time.
    pub async fn reached(&self, position: u64, within: Duration) -> Result<(), Fault> {
        let mut positions = self.changes();
        match timeout(within, positions.wait_for(|reached| *reached >= position)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                Err(Fault::unavailable(Reason::RevisionNotReached, "the demanded decisions of consent have not arrived yet", RETRY))
            }
        }
    }

    /// Waits until the mirror has reached the point of consent that a request demands, if it demands one.
    ///
    /// # Errors
    /// ABORTED, REVISION_LOST when the point belongs to another log of decisions; else as for [`Subscriber::reached`].
    pub async fn reached_revision(&self, demanded: &Revision, within: Duration) -> Result<(), Fault> {
        let Some(point) = demanded.point(Part::Consent) else { return Ok(()) };
        let lost = |log| log != 0 && log != point.incarnation;
        if !lost(self.mirror().log_incarnation) {
            self.reached(point.position, within).await?;
        }
        if lost(self.mirror().log_incarnation) {
            return Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the revision belongs to another log of decisions"));
        }
        Ok(())
    }

    /// Waits until a snapshot is in and its lease is alive: for start-up.
    ///
    /// # Errors
    /// UNAVAILABLE, CONSENT_UNKNOWN when there is none `within` that time.
    pub async fn ready(&self, within: Duration) -> Result<(), Fault> {
        let mut leases = self.shared.until.subscribe();
        let leased = async { while self.shared.under_lease().is_err() && leases.changed().await.is_ok() {} };
        let _elapsed = timeout(within, leased).await;
        self.shared.under_lease().map(drop)
    }

    /// The position of the latest mirror, as it changes. A receiver that looks late sees the latest only: look at the mirror, not at
    /// the difference. It goes back only when another incarnation of consent knows less.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.position.subscribe()
    }

    /// Every mailbox that closes from now on, in order and without loss: call it before anything is folded, and purge what it names.
    ///
    /// The queue has no bound; a receiver that is dropped is forgotten.
    pub fn closings(&self) -> mpsc::UnboundedReceiver<Closed> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.shared.followers.lock().push(sender);
        receiver
    }
}

impl Shared {
    /// The name to join under.
    pub(crate) async fn instance(&self) -> u64 {
        let mut names = self.name.subscribe();
        loop {
            if let Some(instance) = *names.borrow_and_update() {
                return instance;
            }
            // The sender is our own.
            let _changed = names.changed().await;
        }
    }

    /// The mirror, if its lease is alive. The clock is read after the pointer: whoever is paused in between finds the lease over.
    fn under_lease(&self) -> Result<Arc<Mirror>, Fault> {
        let held = self.held.load();
        if self.clock.boot_time() < held.until {
            return Ok(Arc::clone(&held.mirror));
        }
        self.nudge.notify_one();
        Err(Fault::unavailable(Reason::ConsentUnknown, "the state of consent is not known here now", RETRY))
    }

    /// Cuts all later permits from this mirror. Only the task calls it and [`Shared::extend`], so neither undoes the other.
    pub(crate) fn publish(&self, mirror: Arc<Mirror>) {
        let position = mirror.position;
        self.held.store(Arc::new(Held { mirror, until: self.held.load().until }));
        self.position.send_replace(position);
    }

    /// Lets the lease run until this boot time.
    pub(crate) fn extend(&self, until: Duration) {
        let mirror = Arc::clone(&self.held.load().mirror);
        self.held.store(Arc::new(Held { mirror, until }));
        self.until.send_replace(until);
    }

    /// Tells every follower what closed.
    pub(crate) fn announce(&self, closed: &[Closed]) {
        self.followers.lock().retain(|follower| closed.iter().all(|event| follower.send(event.clone()).is_ok()));
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscriber").field(&self.shared.held.load().mirror).finish()
    }
}
