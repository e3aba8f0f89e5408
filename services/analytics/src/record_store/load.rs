//! Records from disk into memory.

use std::sync::Arc;

use analytics_domain::Records;
use consent_client::Permit;
use contracts::analytics::v1 as pb;
use parking_lot::RwLock;
use sealing::open;
use store::{Changes, Store, StoreError};
use vocabulary::Fault;

use super::erase::remove_parts;
use crate::convert::stored;
use crate::tables::{Checked, Names, Parts, place};

/// Reads and opens every record of the permit's tenant. When a store that was put back is read for the first time, records that open under
/// no key that exists are removed: they are from before an erasure, whose end destroyed the key.
///
/// # Errors
/// STORE_FAILED when one cannot be read or opened: what was acknowledged must not be missing in silence.
pub async fn load(store: &Store, permit: &Permit, records: &RwLock<Records>) -> Result<Names, Fault> {
    let incarnation = store.incarnation();
    let checked = store.get::<Checked>(&permit.tenant)?.is_some_and(|checked| checked.incarnation == incarnation);
    let first = store.origin().is_some() && !checked;
    let (reading, held) = (store.clone(), permit.clone());
    let read = tokio::task::spawn_blocking(move || read(&reading, &held, first)).await;
    let (read, unreadable) = read.unwrap_or_else(|_| Err(Fault::internal("reading the records was cut short")))?;
    if first {
        if !unreadable.is_empty() {
            tracing::warn!(
                records = unreadable.len(),
                "records that a restore brought from before an erasure open under no key; they are removed"
            );
        }
        let tenant = permit.tenant.clone();
        let looked_through = move |changes: &mut Changes<'_>| {
            unreadable.into_iter().try_for_each(|name| remove_parts(changes, &tenant, name))?;
            changes.put::<Checked>(&tenant, &pb::StoredChecked { incarnation })
        };
        store.commit::<(), StoreError>(looked_through).await?;
    }
    *records.write() = read;
    Ok(Names::new(&permit.lookup_key))
}

/// The records; and, when the store is `first` read, the names of those that open under no key.
fn read(store: &Store, held: &Permit, first: bool) -> Result<(Records, Vec<u128>), Fault> {
    let (mut records, mut unreadable) = (Records::default(), Vec::new());
    let mut whole: Option<(u128, Vec<u8>)> = None;
    let mut finish = |whole: Option<(u128, Vec<u8>)>| -> Result<(), Fault> {
        let Some((name, sealed)) = whole else { return Ok(()) };
        match held.open_names(|key| open(key, &place(&held.tenant, name), &sealed)) {
            Ok(plain) => records.put(Arc::new(stored::record(&plain)?)),
            Err(_) if first => unreadable.push(name),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    for row in store.scan::<Parts>((held.tenant.clone(),)) {
        let ((_, name, _), part) = row?;
        match &mut whole {
            Some((held, sealed)) if *held == name => sealed.extend_from_slice(&part.sealed),
            _ => finish(whole.replace((name, part.sealed)))?,
        }
    }
    finish(whole)?;
    Ok((records, unreadable))
}
