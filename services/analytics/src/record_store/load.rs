//! Records from disk into memory.

use std::sync::Arc;

use analytics_domain::{Record, Records};
use consent_client::Permit;
use parking_lot::RwLock;
use sealing::open;
use store::Store;
use vocabulary::Fault;

use crate::convert::stored;
use crate::tables::{Names, Parts, place};

/// Reads and opens every record of the permit's tenant.
///
/// # Errors
/// STORE_FAILED when one cannot be read or opened: what was acknowledged must not be missing in silence.
pub async fn load(store: &Store, permit: &Permit, records: &RwLock<Records>) -> Result<Names, Fault> {
    let (store, held) = (store.clone(), permit.clone());
    let read = tokio::task::spawn_blocking(move || read(&store, &held)).await;
    let read = read.unwrap_or_else(|_| Err(Fault::internal("reading the records was cut short")))?;
    *records.write() = read;
    Ok(Names::new(&permit.lookup_key))
}

fn read(store: &Store, held: &Permit) -> Result<Records, Fault> {
    let mut records = Records::default();
    let mut whole: Option<(u128, Vec<u8>)> = None;
    let mut finish = |whole: Option<(u128, Vec<u8>)>| -> Result<(), Fault> {
        if let Some((name, sealed)) = whole {
            records.put(Arc::new(opened(held, name, &sealed)?));
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
    Ok(records)
}

fn opened(held: &Permit, name: u128, sealed: &[u8]) -> Result<Record, Fault> {
    stored::record(&held.open_names(|key| open(key, &place(&held.tenant, name), sealed))?)
}
