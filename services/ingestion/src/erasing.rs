//! Erased people out of the dictionary: their ids are named to consent first, so that no crash loses them, then their names go.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use consent_client::TenantMirror;
use contracts::ingestion::v1 as pb;
use foldhash::fast::RandomState;
use vocabulary::{Fault, PersonId, TenantId};

use crate::reconcile::remove;
use crate::service::{Ingestion, blocking};
use crate::tenant::Tenant;
use crate::{dictionary, tables};

/// Chunks that one commit writes anew.
const WRITTEN_AT_ONCE: usize = 64;

/// Takes whoever is erased by the mirror out of the dictionary; answers how many chunks that took.
///
/// # Errors
/// UNAVAILABLE without a lease or without consent; those of the store. What is left is done the next time.
pub async fn erase(ingestion: &Arc<Ingestion>, tenant: &Arc<Tenant>, held: &TenantMirror) -> Result<u64, Fault> {
    if held.erased.addresses.is_empty() || tenant.erased.load(Relaxed) == held.erasure_number {
        return Ok(0);
    }
    let erased: Vec<PersonId> = tenant.opened()?.names.read().erased(held);
    ingestion.reporter.name_erased(&held.tenant, held.erasure_number, &erased).await?;
    if erased.is_empty() {
        tenant.erased.store(held.erasure_number, Relaxed);
        return Ok(0);
    }
    let erased: Arc<HashSet<PersonId, RandomState>> = Arc::new(erased.into_iter().collect());
    let (store, mirror, people) = (ingestion.store.clone(), held.clone(), Arc::clone(&erased));
    let chunks = blocking(move || dictionary::chunks_naming(&store, &mirror, &people)).await?;
    write_anew(ingestion, held, &chunks, &erased).await?;
    tenant.opened()?.names.write().forget(&erased);
    tenant.erased.store(held.erasure_number, Relaxed);
    Ok(chunks.len() as u64)
}

/// Clears what a restore brought of a tenant whose dictionary opens, in part or whole, under no key that exists: it is from before an
/// erasure, whose end destroyed the key. Its blocks go too: they name ids that lead to nobody, and what they hold would not be taken in
/// anew. Nothing of the tenant is written before this is done. It is done once: what does not open later is a failure.
///
/// # Errors
/// Those of the store. What is left is done the next time.
pub async fn clear_unreadable(ingestion: &Arc<Ingestion>, tenant: &Arc<Tenant>, held: &TenantMirror) -> Result<(), Fault> {
    let (store, incarnation) = (&ingestion.store, ingestion.store.incarnation());
    let checked = store.get::<tables::Checked>(&tenant.id)?.is_some_and(|checked| checked.incarnation == incarnation);
    if store.origin().is_none() || checked {
        return Ok(());
    }
    let (reading, mirror) = (store.clone(), held.clone());
    if blocking(move || dictionary::any_under_none(&reading, &mirror)).await? {
        tracing::warn!(
            "a restore brought names from before an erasure, which open under no key: the tenant's interactions are to be sent again"
        );
        let users = tenant.mailboxes.lock().users();
        for user in users {
            remove(ingestion, tenant, user, |_| true).await?;
        }
        // Last, so that a crash before leaves them to be found again.
        remove_names(ingestion, &tenant.id).await?;
    }
    let id = tenant.id.clone();
    store.commit(move |changes| changes.put::<tables::Checked>(&id, &pb::StoredChecked { incarnation })).await.map_err(Fault::from)
}

/// Seals what is not yet sealed under the present key `names` anew. Whatever is written meanwhile is, for it is written by a later permit.
///
/// # Errors
/// UNAVAILABLE without a lease; those of the store. What is left is done the next time.
pub async fn seal_anew(ingestion: &Arc<Ingestion>, held: &TenantMirror) -> Result<(), Fault> {
    if held.retired_names_key.is_none() {
        return Ok(());
    }
    // Whatever was committed by an earlier permit is on disk once this returns.
    ingestion.store.commit(|_| Ok::<_, Fault>(())).await?;
    let (store, mirror) = (ingestion.store.clone(), held.clone());
    let chunks = blocking(move || dictionary::chunks_under_retired(&store, &mirror)).await?;
    write_anew(ingestion, held, &chunks, &Arc::default()).await
}

async fn write_anew(
    ingestion: &Arc<Ingestion>,
    held: &TenantMirror,
    chunks: &[u64],
    people: &Arc<HashSet<PersonId, RandomState>>,
) -> Result<(), Fault> {
    for part in chunks.chunks(WRITTEN_AT_ONCE) {
        let (part, people, consent, id) = (part.to_vec(), Arc::clone(people), ingestion.consent.clone(), held.tenant.clone());
        let change = move |changes: &mut store::Changes<'_>| {
            let permit = consent.permit(&id)?;
            dictionary::leave_out(changes, &permit, &part, &people)
        };
        ingestion.store.commit(change).await?;
    }
    Ok(())
}

/// Removes whatever is kept of a tenant that is erased, and tells consent.
///
/// # Errors
/// Those of the store. What is left is done the next time.
pub async fn erase_tenant(ingestion: &Arc<Ingestion>, tenant: &TenantId, number: u64) -> Result<(), Fault> {
    // Whatever was committed while consent knew the tenant is in the index once this returns.
    ingestion.store.commit(|_| Ok::<_, Fault>(())).await?;
    let mut rows = 0;
    if let Ok(held) = ingestion.tenants.get(tenant) {
        let users = held.mailboxes.lock().users();
        for user in users {
            rows += remove(ingestion, &held, user, |_| true).await?;
        }
    }
    rows += remove_names(ingestion, tenant).await?;
    ingestion.tenants.forget(tenant);
    ingestion.reporter.in_line(tenant, number, rows, 0);
    Ok(())
}

/// Removes a tenant's dictionary and counts; answers how many chunks that took.
async fn remove_names(ingestion: &Arc<Ingestion>, tenant: &TenantId) -> Result<u64, Fault> {
    let (store, id) = (ingestion.store.clone(), tenant.clone());
    let names = move || Ok(store.scan::<tables::Names>((id,)).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, _>>()?);
    let names = blocking(names).await?;
    let (rows, id) = (names.len() as u64, tenant.clone());
    let change = move |changes: &mut store::Changes<'_>| {
        names.iter().for_each(|key| changes.delete::<tables::Names>(key));
        changes.delete::<tables::Tally>(&id);
        changes.delete::<tables::Checked>(&id);
        Ok::<_, Fault>(())
    };
    ingestion.store.commit(change).await?;
    Ok(rows)
}
