//! Who read what about whom (ListAccess): what consent itself answers is counted here, what the other areas count is taken in, and all of
//! it is kept for a bounded time. The rules are in `consent_domain::access`; nothing here decides about consent.

pub(crate) mod callers;
mod finding;
mod removing;
mod taking;

pub(crate) use finding::{Found, Place, Question};
pub(crate) use removing::sweep;
pub(crate) use taking::{Report, Taken};

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use consent_domain::access::oldest;
use parking_lot::Mutex;
use runtime::{Caller, Context, Tally, tally};
use sealing::{Key, KeyedHash};
use vocabulary::{Address, Day, Fault, Subject, TenantId, Timestamp};

use crate::tables::DayNumber;
use crate::writer::Core;

/// How often what is too old is looked for.
const LOOK: Duration = Duration::from_secs(3_600);

/// What is counted and kept of reads.
pub(crate) struct Accesses {
    tally: Arc<Tally>,
    kept_days: u32,
    /// Held from reading rows to writing them anew.
    writing: tokio::sync::Mutex<()>,
    /// Up to which erasure of each tenant what was read about the erased is removed.
    swept: Mutex<HashMap<TenantId, u64>>,
}

impl Accesses {
    /// Nothing counted yet.
    pub fn new(context: &Context) -> Self {
        let tally = Arc::new(Tally::new(Arc::clone(&context.clock)));
        Self { tally, kept_days: context.config.access.kept_days, writing: Default::default(), swept: Default::default() }
    }

    /// Counts an answer of consent's own.
    pub fn count(&self, caller: &Caller, tenant: &TenantId, method: &'static str, subjects: impl IntoIterator<Item = Subject>) {
        self.tally.count(caller, tenant, method, subjects);
    }

    /// The oldest day that is shown and kept.
    pub fn oldest(&self, now: Timestamp) -> Day {
        oldest(now, self.kept_days)
    }
}

/// Reports what consent itself counts, to itself, and removes what is too old, until the service ends.
pub(crate) fn start(core: &Arc<Core>, context: &Context) {
    let (tally, reporter, weak) = (Arc::clone(&core.access.tally), sealing::random::id(), Arc::downgrade(core));
    let own = tally::report(tally, context.clone(), move |sequence, counts| {
        let weak = Weak::clone(&weak);
        async move {
            // Without a service there is nobody left to tell.
            let Some(core) = weak.upgrade() else { return Ok(()) };
            core.take_access(Report::of(reporter, sequence, &counts)).await
        }
    });
    context.tasks.spawn(own);
    let (weak, ending) = (Arc::downgrade(core), core.ending.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = ending.cancelled() => {}
            () = trim(weak) => {}
        }
    });
}

async fn trim(core: Weak<Core>) {
    while let Some(held) = core.upgrade() {
        if let Err(fault) = held.trim_access().await {
            tracing::warn!(reason = fault.reason.as_str(), "counts of reads that are too old stay, and it is tried again");
        }
        drop(held);
        tokio::time::sleep(LOOK).await;
    }
}

impl Core {
    /// Takes in what consent itself has counted so far.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn settle_access(self: &Arc<Self>) -> Result<(), Fault> {
        let Some(counts) = self.access.tally.take() else { return Ok(()) };
        self.take_access(Report::of(sealing::random::id(), 1, &counts)).await
    }
}

/// By which an address is known that the directory does not name: as erased ones are, so that who is erased is found here too.
pub(crate) fn person(lookup: &Key, address: &Address) -> u128 {
    KeyedHash::of_erased(lookup).hash128(address.as_str().as_bytes())
}

/// A day as a row's key holds it.
fn number(day: Day) -> DayNumber {
    u32::try_from(day.0).unwrap_or_default()
}

/// Reads, opens and seals many rows: off the threads that serve.
async fn blocking<R: Send + 'static>(work: impl FnOnce() -> Result<R, Fault> + Send + 'static) -> Result<R, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::internal("what was read could not be looked at")))
}

#[cfg(test)]
mod tests;
