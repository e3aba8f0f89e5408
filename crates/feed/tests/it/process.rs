//! A process that holds a view: a runtime of its own, so that it can be killed between any two steps.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use consent_client::{Holder, Permit, StoreKind, Subscriber};
use feed::{Pace, Reader, View};
use runtime::Context;
use store::{Options, Store, StoreError};
use tokio::runtime::{Builder, Runtime};
use vocabulary::{Clock, Fault, Revision, TenantId};

use crate::recorded::Recorded;
use crate::world::World;

/// Longer than anything takes that happens at all.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A view that writes only when it stops.
pub const NEVER: Pace = Pace { tick: Duration::from_secs(3600), pending_limit: 1_000_000 };

/// A view that writes after each message.
pub const AT_ONCE: Pace = Pace { tick: Duration::from_secs(3600), pending_limit: 1 };

pub struct Process {
    pub subscriber: Subscriber,
    pub view: View<Recorded>,
    pub store: Option<Store>,
    context: Context,
    folder: PathBuf,
    runtime: Option<Runtime>,
}

impl Process {
    pub async fn start(world: &World, clock: Arc<dyn Clock>, pace: Pace) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (consent, feed, folder) = (world.consent.link(), world.log.link(), world.folder());
        let path = folder.clone();
        let begun = runtime.spawn(async move {
            let store = open(&path).await;
            let context = Context::new(Arc::default(), Arc::clone(&clock)).with_link("ingestion", feed);
            let subscriber = Subscriber::start(consent, Holder::Analytics, clock);
            let view = View::start_with(&context, store.clone(), StoreKind::Timelines, subscriber.clone(), pace).await.unwrap();
            (store, subscriber, view, context)
        });
        let (store, subscriber, view, context) = begun.await.unwrap();
        Self { subscriber, view, store: Some(store), context, folder, runtime: Some(runtime) }
    }

    /// Stops in order: what is pending is written.
    pub async fn stop(mut self) {
        self.context.stopping.cancel();
        self.store = None;
        self.context.tasks.close();
        tokio::time::timeout(PATIENCE, self.context.tasks.wait()).await.unwrap();
        // The store can be opened once the view has let go of it.
        drop(open(&self.folder).await);
    }

    /// Dies wherever it is.
    pub fn crash(self) {}

    pub async fn stop_and_start(self, world: &World, pace: Pace) -> Self {
        self.stop().await;
        world.start_at(pace).await
    }

    pub async fn crash_and_start(self, world: &World, pace: Pace) -> Self {
        self.crash();
        world.start_at(pace).await
    }

    /// A permit that stands on a decision.
    pub async fn permit(&self, tenant: &str, decided: u64) -> Permit {
        self.subscriber.reached(decided, PATIENCE).await.unwrap();
        self.subscriber.ready(PATIENCE).await.unwrap();
        self.subscriber.permit(&TenantId::parse(tenant).unwrap()).unwrap()
    }

    /// A reader with a permit that stands on a decision.
    pub async fn reader(&self, tenant: &str, decided: u64, demanded: &Revision) -> Result<Reader<Recorded>, Fault> {
        self.view.reader(&self.permit(tenant, decided).await, demanded, PATIENCE).await
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.store = None;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits until something is so that nobody tells of.
pub async fn until(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// Opens a store as soon as nobody else has it.
pub async fn open(folder: &Path) -> Store {
    let opened = tokio::time::timeout(PATIENCE, async {
        loop {
            match Store::open(folder, Options { cache_bytes: 1 << 20, fresh_incarnation: 1 }).await {
                Err(StoreError::Locked) => {}
                opened => return opened.unwrap(),
            }
        }
    });
    opened.await.unwrap()
}
