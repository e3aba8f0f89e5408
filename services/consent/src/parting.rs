//! Stopping cleanly: farewell leases are recorded, then granted, and only then do the streams end. So holders go on serving while consent is
//! away, and the next process knows whom a withdrawal must wait for.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use consent_domain::enforcement::Farewell;
use contracts::consent::v1 as pb;
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use vocabulary::Fault;

use crate::tables;
use crate::writer::Core;

/// How long a stream has to pass on what is queued for it.
const PASSING_ON: Duration = Duration::from_millis(100);

/// How long withdrawals that wait are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The farewell leases that may still be acted on.
///
/// # Errors
/// Those of the store.
pub(crate) fn recorded(store: &Store) -> Result<Option<Farewell>, StoreError> {
    let row = store.get::<tables::Farewells>(&())?;
    Ok(row.map(|row| Farewell { length: Duration::from_millis(row.length_millis), holders: row.instances.into_iter().collect() }))
}

/// Parts once the process begins to stop.
pub(crate) async fn when(stopping: CancellationToken, core: Weak<Core>, length: Duration) {
    stopping.cancelled().await;
    if let Some(core) = core.upgrade() {
        part(&core, length).await;
    }
}

/// Ends the streams of the holders, with farewell leases where none can do harm. Withdrawals that wait are answered first.
pub(crate) async fn part(core: &Core, length: Duration) {
    if !length.is_zero()
        && let Err(fault) = grant(core, length).await
    {
        tracing::warn!(reason = fault.reason.as_str(), "no farewell leases: holders serve for as long as an ordinary lease");
    }
    core.ending.cancel();
}

async fn grant(core: &Core, length: Duration) -> Result<(), Fault> {
    {
        let _alone = core.writing().await?;
        core.parted.store(true, Ordering::Relaxed);
    }
    if core.hub.is_withheld() {
        let position = core.tenants.read().position;
        let settled = tokio::time::timeout(PATIENCE, core.hub.settled(position)).await;
        settled.map_err(|_| Fault::internal("a withdrawal is not in force yet"))?;
    }
    let farewell = core.hub.farewell(length);
    if farewell.holders.is_empty() {
        return Ok(());
    }
    let length_millis = u64::try_from(farewell.length.as_millis()).unwrap_or(u64::MAX);
    let row = pb::StoredFarewell { instances: farewell.holders.iter().copied().collect(), length_millis };
    // No decision, and not noted in the keyring: a backup from before a clean stop lacks nothing that was decided.
    core.store.commit::<_, StoreError>(move |changes| changes.put::<tables::Farewells>(&(), &row)).await?;
    core.hub.part(&farewell);
    tracing::info!(holders = farewell.holders.len(), "farewell leases are granted");
    tokio::time::sleep(PASSING_ON).await;
    Ok(())
}

/// Deletes what is recorded once it is certainly over. Must be called within a Tokio runtime.
pub(crate) fn forget_once_over(core: &Arc<Core>, farewell: &Farewell) {
    // By far longer than it is counted.
    let (core, over) = (Arc::downgrade(core), farewell.length * 2 + Duration::from_secs(1));
    tokio::spawn(async move {
        tokio::time::sleep(over).await;
        let Some(core) = core.upgrade() else { return };
        // Nobody parts meanwhile, and whoever has parted keeps the record.
        let Ok(_alone) = core.writing().await else { return };
        let forgotten = core.store.commit::<_, StoreError>(|changes| {
            changes.delete::<tables::Farewells>(&());
            Ok(())
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "what is recorded of farewell leases stays");
        }
    });
}
