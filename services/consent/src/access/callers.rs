//! Callers whom the directory does not name, such as an auditor: the one place where counts of reads hold an address. Under `names`, so
//! that whoever is erased leaves nothing that opens.

use std::collections::HashMap;
use std::sync::Arc;

use contracts::consent::v1 as pb;
use sealing::{Context, Key, KeyedHash};
use vocabulary::{Day, Fault, TenantId};

use crate::keys::TenantKeys;
use crate::tables::AccessCallers;
use crate::writer::Core;

/// How often a row is looked at again that was sealed anew meanwhile.
const TRIES: u32 = 3;

/// By which a caller is known whose name is no address.
pub(super) fn of_text(lookup: &Key, text: &str) -> u128 {
    KeyedHash::new(lookup, "rapport consent access caller v1").hash128(text.as_bytes())
}

/// The row of a caller.
pub(super) fn row(keys: &TenantKeys, tenant: &TenantId, hash: u128, text: &str, last_day: Day) -> pb::StoredAccessCaller {
    pb::StoredAccessCaller { sealed_address: sealing::seal(&keys.names, &place(tenant, hash), text.as_bytes()), last_day: last_day.0 }
}

/// The names that callers gave themselves, each looked up once.
#[derive(Default)]
pub(crate) struct Names(HashMap<u128, Option<Box<str>>>);

impl Names {
    /// The name of a caller; nothing when nothing is kept of them any more.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND, and STORE_FAILED when the row is not what was written.
    pub fn of(&mut self, core: &Core, tenant: &TenantId, hash: u128) -> Result<Option<Box<str>>, Fault> {
        if let Some(known) = self.0.get(&hash) {
            return Ok(known.clone());
        }
        let name = look_up(core, tenant, hash)?;
        self.0.insert(hash, name.clone());
        Ok(name)
    }
}

fn look_up(core: &Core, tenant: &TenantId, hash: u128) -> Result<Option<Box<str>>, Fault> {
    let mut tries = TRIES;
    loop {
        let Some(row) = core.store.get::<AccessCallers>(&(tenant.clone(), hash))? else { return Ok(None) };
        // After the row, so that the keys are those it was sealed under, or later ones that still open it.
        let (held, _) = core.present(tenant)?;
        match held.keys.opened(&place(tenant, hash), &row.sealed_address) {
            Ok(text) => return Ok(String::from_utf8(text).ok().map(Into::into)),
            Err(fault) if tries == 0 => return Err(fault),
            Err(_) => tries -= 1,
        }
    }
}

/// Seals what is kept of a tenant's callers under its present key `names`. What opens under no key that there is goes: it names nobody.
///
/// # Errors
/// Those of the store.
pub(crate) async fn seal_anew(core: &Arc<Core>, tenant: &TenantId) -> Result<(), Fault> {
    let _alone = core.access.writing.lock().await;
    let (held, _) = core.present(tenant)?;
    let of = (tenant.clone(),);
    let sealed = core.store.commit(move |changes| {
        let rows = changes.scan::<AccessCallers>(of).collect::<Result<Vec<_>, _>>()?;
        for (key, row) in rows {
            let place = place(&key.0, key.1);
            match held.keys.opened(&place, &row.sealed_address) {
                Ok(text) => {
                    let sealed_address = sealing::seal(&held.keys.names, &place, &text);
                    changes.put::<AccessCallers>(&key, &pb::StoredAccessCaller { sealed_address, ..row })?;
                }
                Err(_) => changes.delete::<AccessCallers>(&key),
            }
        }
        Ok::<_, Fault>(())
    });
    sealed.await
}

fn place(tenant: &TenantId, hash: u128) -> Context {
    Context::new("consent.access.caller").tenant(tenant).bytes(&hash.to_le_bytes())
}
