//! Erased people out of the dictionary: their ids are named to consent first, so that no crash loses them, then their names go.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use consent_client::TenantMirror;
use foldhash::fast::RandomState;
use vocabulary::{Fault, PersonId};

use crate::dictionary;
use crate::service::{Ingestion, blocking};
use crate::tenant::Tenant;

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
    let (store, id, key, people) = (ingestion.store.clone(), held.tenant.clone(), held.names_key.clone(), Arc::clone(&erased));
    let chunks = blocking(move || dictionary::chunks_naming(&store, &id, &key, &people)).await?;
    for part in chunks.chunks(WRITTEN_AT_ONCE) {
        let (part, people, consent, id) = (part.to_vec(), Arc::clone(&erased), ingestion.consent.clone(), held.tenant.clone());
        let change = move |changes: &mut store::Changes<'_>| {
            let permit = consent.permit(&id)?;
            dictionary::leave_out(changes, &id, &permit.names_key, &part, &people)
        };
        ingestion.store.commit(change).await?;
    }
    tenant.opened()?.names.write().forget(&erased);
    tenant.erased.store(held.erasure_number, Relaxed);
    Ok(chunks.len() as u64)
}
