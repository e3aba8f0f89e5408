//! Erased people off the disk and out of memory. Whoever asks for records by a permit sees them as its erasures leave them.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Weak};
use std::time::Duration;

use analytics_domain::erase::{self, Erasing};
use consent_client::{Permit, Reporter, Subscriber};
use store::{Changes, StoreError};
use tokio_util::sync::CancellationToken;
use vocabulary::entry::RecordRef;
use vocabulary::{Fault, TenantId};

use super::write::Sealer;
use super::{RETRY, RecordStore, TenantRecords, next_position};
use crate::tables::{Checked, Deletions, Identified, Parts};

/// Records that one commit seals anew.
const SEALED_AT_ONCE: usize = 200;

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

    /// Seals the records of the permit's tenant anew while an earlier key `names` is there, part by part.
    ///
    /// # Errors
    /// Those of the store: all of it is done the next time.
    async fn seal_anew(&self, permit: &Permit, tenant: &TenantRecords) -> Result<(), Fault> {
        if permit.retired_names_key.is_none() || tenant.names_generation.load(SeqCst) >= permit.names_generation {
            return Ok(());
        }
        // From now on nobody seals under the earlier key: see `is_before_erasure`.
        let all: Vec<_> = {
            let _alone = tenant.writing.lock().await;
            tenant.names_generation.store(permit.names_generation, SeqCst);
            tenant.read().range(None, None).map(|record| record.reference.clone()).collect()
        };
        let sealed = self.seal_each(permit, tenant, &all).await;
        if sealed.is_err() {
            tenant.names_generation.store(0, SeqCst);
        }
        sealed
    }

    async fn seal_each(&self, permit: &Permit, tenant: &TenantRecords, all: &[RecordRef]) -> Result<(), Fault> {
        for part in all.chunks(SEALED_AT_ONCE) {
            let _alone = tenant.writing.lock().await;
            let records: Vec<_> = part.iter().filter_map(|reference| tenant.read().get(reference).cloned()).collect();
            let sealer = Sealer { tenant: permit.tenant.clone(), key: permit.names_key.clone(), names: tenant.names()? };
            let put = move |changes: &mut Changes<'_>| sealer.put(changes, records.iter().map(AsRef::as_ref));
            self.store.commit::<(), StoreError>(put).await?;
        }
        Ok(())
    }

    /// Removes whatever is kept of a tenant that is erased; answers how many rows went, none when it was done before.
    async fn erase_tenant(&self, tenant: &TenantId) -> Result<Option<u64>, Fault> {
        if self.gone.lock().contains(tenant) {
            return Ok(None);
        }
        self.tenants.write().remove(tenant);
        let id = tenant.clone();
        let rows = self.store.commit(move |changes| {
            let prefix = || (id.clone(),);
            let parts: Vec<_> = changes.scan::<Parts>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
            let asked: Vec<_> = changes.scan::<Deletions>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
            parts.iter().for_each(|key| changes.delete::<Parts>(key));
            asked.iter().for_each(|key| changes.delete::<Deletions>(key));
            changes.delete::<Identified>(&id);
            changes.delete::<Checked>(&id);
            Ok::<_, StoreError>((parts.len() + asked.len()) as u64)
        });
        let rows = rows.await?;
        self.gone.lock().insert(tenant.clone());
        Ok(Some(rows))
    }

    /// Whether a permit is from before an erasure that is in force here: what it would write may name somebody erased, or be sealed under
    /// a key that is to be destroyed.
    pub(super) fn is_before_erasure(permit: &Permit, tenant: &TenantRecords) -> Result<(), Fault> {
        let replaced = tenant.names_generation.load(SeqCst) > permit.names_generation;
        if replaced || tenant.erased.load(SeqCst) > permit.erasure_number {
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
    for (tenant, number) in &consent.mirror().erased {
        match store.erase_tenant(tenant).await {
            Ok(Some(rows)) => reporter.in_line(tenant, *number, rows, 0),
            Ok(None) => {}
            Err(fault) => {
                tracing::error!(%fault, "a tenant could not be erased");
                whole = false;
            }
        }
    }
    for tenant in tenants {
        match in_line(store, consent, &tenant).await {
            Ok(Some((number, rows, generation))) => reporter.in_line(&tenant, number, rows, generation),
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
async fn in_line(store: &RecordStore, consent: &Subscriber, tenant: &TenantId) -> Result<Option<(u64, u64, u32)>, Fault> {
    let permit = consent.permit(tenant)?;
    if permit.erasure_number == 0 {
        return Ok(None);
    }
    let kept = store.of_tenant(&permit).await?;
    store.seal_anew(&permit, &kept).await?;
    let (number, generation) = (permit.erasure_number, permit.names_generation);
    let said = (kept.reported.swap(number, SeqCst), kept.reported_names.swap(generation, SeqCst));
    let rows = kept.erased_rows.swap(0, SeqCst);
    Ok((said != (number, generation)).then_some((number, rows, generation)))
}

pub(super) fn remove_parts(changes: &mut Changes<'_>, tenant: &TenantId, name: u128) -> Result<(), StoreError> {
    let parts: Vec<_> = changes.scan::<Parts>((tenant.clone(), name)).collect::<Result<_, _>>()?;
    parts.iter().for_each(|(key, _)| changes.delete::<Parts>(key));
    Ok(())
}
