//! Records from disk into memory.

use std::sync::Arc;

use analytics_domain::{Record, Records};
use consent_client::Permit;
use parking_lot::RwLock;
use sealing::{Key, open};
use store::Store;
use vocabulary::{Fault, TenantId};

use crate::convert::stored;
use crate::tables::{Names, Parts, place};

/// Reads and opens every record of the permit's tenant.
///
/// # Errors
/// STORE_FAILED when one cannot be read or opened: what was acknowledged must not be missing in silence.
pub async fn load(store: &Store, permit: &Permit, records: &RwLock<Records>) -> Result<Names, Fault> {
    let (store, tenant, key) = (store.clone(), permit.tenant.clone(), permit.names_key.clone());
    let read = tokio::task::spawn_blocking(move || read(&store, &tenant, &key)).await;
    let read = read.unwrap_or_else(|_| Err(Fault::internal("reading the records was cut short")))?;
    *records.write() = read;
    Ok(Names::new(&permit.lookup_key))
}

fn read(store: &Store, tenant: &TenantId, key: &Key) -> Result<Records, Fault> {
    let mut records = Records::default();
    let mut whole: Option<(u128, Vec<u8>)> = None;
    let mut finish = |whole: Option<(u128, Vec<u8>)>| -> Result<(), Fault> {
        if let Some((name, sealed)) = whole {
            records.put(Arc::new(opened(tenant, key, name, &sealed)?));
        }
        Ok(())
    };
    for row in store.scan::<Parts>((tenant.clone(),)) {
        let ((_, name, _), part) = row?;
        match &mut whole {
            Some((held, sealed)) if *held == name => sealed.extend_from_slice(&part.sealed),
            _ => finish(whole.replace((name, part.sealed)))?,
        }
    }
    finish(whole)?;
    Ok(records)
}

fn opened(tenant: &TenantId, key: &Key, name: u128, sealed: &[u8]) -> Result<Record, Fault> {
    stored::record(&open(key, &place(tenant, name), sealed)?)
}
