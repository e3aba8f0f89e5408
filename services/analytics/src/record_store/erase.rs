//! Erased people off the disk and out of memory. Whoever asks for records by a permit sees them as its erasures leave them.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Weak};
use std::time::Duration;

use analytics_domain::erase::{self, Erasing};
use consent_client::{Permit, Reporter, Subscriber};
use store::{Changes, StoreError};
use tokio_util::sync::CancellationToken;
use vocabulary::{Fault, TenantId};

use super::write::Sealer;
use super::{RETRY, RecordStore, TenantRecords, next_position};
use crate::tables::Parts;

/// When to try again what failed.
const AGAIN: Duration = Duration::from_secs(1);

impl RecordStore {
    /// Brings the records of the permit's tenant in line with its erasures.
    ///
    /// # Errors
    /// Those of the store: what is left is done the next time.
    pub(super) async fn erase(&self, permit: &Permit, tenant: &TenantRecords) -> Result<(), Fault> {
        let _alone = tenant.writing.lock().await;
        if tenant.erased.load(SeqCst) >= permit.erasure_number {
            return Ok(());
        }
        let Erasing { gone, changed } = erase::decide(&tenant.read(), |address| permit.is_erased(address));
        if !(gone.is_empty() && changed.is_empty()) {
            let names = tenant.names()?;
            let doomed: Vec<u128> = gone.iter().map(|reference| names.of(reference)).collect();
            let sealer = Sealer { tenant: permit.tenant.clone(), key: permit.names_key.clone(), names };
            let (id, rows) = (permit.tenant.clone(), (gone.len() + changed.len()) as u64);
            let written = self.store.commit(move |changes| {
                for name in doomed {
                    remove_parts(changes, &id, name)?;
                }
                if changed.is_empty() { Ok((next_position(changes)?, changed)) } else { sealer.write(changes, changed) }
            });
            let (position, changed) = written.await?;
            self.publish(tenant, position, |held| {
                gone.iter().for_each(|reference| drop(held.remove(reference)));
                changed.into_iter().for_each(|record| held.put(Arc::new(record)));
            });
            tenant.erased_rows.fetch_add(rows, SeqCst);
        }
        tenant.erased.store(permit.erasure_number, SeqCst);
        Ok(())
    }

    /// Whether a permit is from before an erasure that is in force here: what it would write may name somebody erased.
    pub(super) fn is_before_erasure(permit: &Permit, tenant: &TenantRecords) -> Result<(), Fault> {
        if tenant.erased.load(SeqCst) > permit.erasure_number {
            let message = "somebody was erased meanwhile: send the records again";
            return Err(Fault::unavailable(vocabulary::Reason::RevisionNotReached, message, RETRY));
        }
        Ok(())
    }
}

/// Keeps the records of every tenant in line with its erasures, asked for or not, and tells consent.
pub async fn keep(store: Weak<RecordStore>, consent: Subscriber, reporter: Reporter, stopping: CancellationToken) {
    let mut changes = consent.changes();
    loop {
        changes.mark_unchanged();
        let Some(served) = store.upgrade() else { return };
        let whole = tokio::select! {
            whole = round(&served, &consent, &reporter) => whole,
            () = stopping.cancelled() => return,
        };
        drop(served);
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(AGAIN), if !whole => {}
            () = stopping.cancelled() => return,
        }
    }
}

/// Looks at every tenant; whether all of them are in line.
async fn round(store: &RecordStore, consent: &Subscriber, reporter: &Reporter) -> bool {
    let Ok(tenants) = consent.tenants() else { return false };
    let mut whole = true;
    for tenant in tenants {
        match in_line(store, consent, &tenant).await {
            Ok(Some((number, rows))) => reporter.in_line(&tenant, number, rows),
            Ok(None) => {}
            Err(fault) => {
                tracing::debug!(%fault, "the records of a tenant are not in line with its erasures yet");
                whole = false;
            }
        }
    }
    whole
}

/// The erasure that the records of a tenant came in line with just now, and what that took.
async fn in_line(store: &RecordStore, consent: &Subscriber, tenant: &TenantId) -> Result<Option<(u64, u64)>, Fault> {
    let permit = consent.permit(tenant)?;
    if permit.erasure_number == 0 {
        return Ok(None);
    }
    let kept = store.of_tenant(&permit).await?;
    let said = kept.reported.swap(permit.erasure_number, SeqCst);
    let rows = kept.erased_rows.swap(0, SeqCst);
    Ok((said < permit.erasure_number).then_some((permit.erasure_number, rows)))
}

fn remove_parts(changes: &mut Changes<'_>, tenant: &TenantId, name: u128) -> Result<(), StoreError> {
    let parts: Vec<_> = changes.scan::<Parts>((tenant.clone(), name)).collect::<Result<_, _>>()?;
    parts.iter().for_each(|(key, _)| changes.delete::<Parts>(key));
    Ok(())
}
