//! What goes: reads about whoever was erased, and what is older than is kept.

use std::sync::Arc;

use consent_domain::access::is_erased;
use contracts::consent::v1 as pb;
use vocabulary::{Fault, TenantId};

use super::{blocking, number};
use crate::convert::stored::{PartKey, access_key, access_part, access_row};
use crate::tables::{self, AccessCallers, AccessReporters, AccessSwept, Accesses, UncountedReads};
use crate::writer::Core;

/// Rows that one commit takes away or writes anew.
const AT_ONCE: usize = 500;

/// The erasures that take counts of reads with them.
const TAKES: [pb::ErasureKind; 2] = [pb::ErasureKind::User, pb::ErasureKind::Person];

/// Removes whatever was read about those of a tenant who are erased by now, and the names of erased callers. Before `names` is replaced
/// for them, so that an erasure that is finished has left nothing.
///
/// # Errors
/// TENANT_NOT_FOUND, and those of the store.
pub(crate) async fn sweep(core: &Arc<Core>, tenant: &TenantId) -> Result<(), Fault> {
    let number = core.present(tenant)?.0.state.erased.number;
    if core.access.swept.lock().get(tenant).is_some_and(|swept| *swept >= number) {
        return Ok(());
    }
    // Whoever takes a report in afterwards knows of the erasure.
    let _alone = core.access.writing.lock().await;
    let swept = core.store.get::<AccessSwept>(tenant)?.unwrap_or_default().number;
    if swept < number {
        let mut takes = false;
        for row in core.store.scan_from::<tables::Erasures>((tenant.clone(),), &(tenant.clone(), swept + 1)) {
            let (_, row) = row?;
            takes |= TAKES.iter().any(|kind| i32::from(*kind) == row.kind);
        }
        if takes {
            remove_erased(core, tenant).await?;
        }
        let key = tenant.clone();
        let said = core.store.commit::<_, Fault>(move |changes| {
            if changes.get::<tables::Tenants>(&key)?.is_some() {
                changes.put::<AccessSwept>(&key, &pb::StoredAccessSwept { number })?;
            }
            Ok(())
        });
        said.await?;
    }
    core.access.swept.lock().insert(tenant.clone(), number);
    Ok(())
}

async fn remove_erased(core: &Arc<Core>, tenant: &TenantId) -> Result<(), Fault> {
    let (working, of) = (Arc::clone(core), tenant.clone());
    let (parts, callers) = blocking(move || {
        let (held, _) = working.present(&of)?;
        let key = access_key(&held.keys.lookup);
        let mut parts: Vec<(PartKey, pb::StoredAccess)> = Vec::new();
        for row in working.store.scan::<Accesses>((of.clone(),)) {
            let (at, row) = row?;
            let mut part = access_part(&key, &at, &row)?;
            let before = part.len();
            part.retain(|(read, _)| !is_erased(&read.subject, &held.state));
            if part.len() < before {
                // A part that is left empty stays: its number is taken by none that comes behind it.
                parts.push((at.clone(), access_row(&key, &at, &part)));
            }
        }
        let callers = working.store.scan::<AccessCallers>((of.clone(),)).map(|row| row.map(|(key, _)| key));
        let callers: Vec<_> = callers.collect::<Result<_, _>>()?;
        let erased = callers.into_iter().filter(|(_, hash)| held.state.erased.addresses.contains(hash));
        Ok((parts, erased.collect::<Vec<_>>()))
    })
    .await?;
    for some in parts.chunks(AT_ONCE) {
        let (tenant, some) = (tenant.clone(), some.to_vec());
        let removed = core.store.commit::<_, Fault>(move |changes| {
            if changes.get::<tables::Tenants>(&tenant)?.is_none() {
                return Ok(());
            }
            some.iter().try_for_each(|(at, row)| changes.put::<Accesses>(at, row)).map_err(Fault::from)
        });
        removed.await?;
    }
    let removed = core.store.commit::<_, Fault>(move |changes| {
        callers.iter().for_each(|key| changes.delete::<AccessCallers>(key));
        Ok(())
    });
    removed.await
}

impl Core {
    /// Removes what is older than is kept.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn trim_access(self: &Arc<Self>) -> Result<(), Fault> {
        let oldest = self.access.oldest(self.clock.now());
        let (first, tenants) = (number(oldest), self.tenants.read().held.keys().cloned().collect::<Vec<_>>());
        for tenant in tenants {
            let _alone = self.access.writing.lock().await;
            let before = |day: u32| day < first;
            let mut parts = Vec::new();
            for row in self.store.scan::<Accesses>((tenant.clone(),)) {
                let (at, _) = row?;
                if !before(at.1) {
                    break;
                }
                parts.push(at);
            }
            let uncounted = self.store.scan::<UncountedReads>((tenant.clone(),)).collect::<Result<Vec<_>, _>>()?;
            let uncounted: Vec<_> = uncounted.into_iter().map(|(key, _)| key).filter(|(_, day)| before(*day)).collect();
            let callers = self.store.scan::<AccessCallers>((tenant,)).collect::<Result<Vec<_>, _>>()?;
            let callers: Vec<_> = callers.into_iter().filter(|(_, row)| row.last_day < oldest.0).map(|(key, _)| key).collect();
            for some in parts.chunks(AT_ONCE) {
                let some = some.to_vec();
                let removed = self.store.commit::<_, Fault>(move |changes| {
                    some.iter().for_each(|at| changes.delete::<Accesses>(at));
                    Ok(())
                });
                removed.await?;
            }
            if uncounted.is_empty() && callers.is_empty() {
                continue;
            }
            let removed = self.store.commit::<_, Fault>(move |changes| {
                uncounted.iter().for_each(|key| changes.delete::<UncountedReads>(key));
                callers.iter().for_each(|key| changes.delete::<AccessCallers>(key));
                Ok(())
            });
            removed.await?;
        }
        self.trim_reporters(oldest.start().micros()).await
    }

    /// Reporters that have been silent for as long as counts are kept: none of them repeats a report any more.
    async fn trim_reporters(&self, before: i64) -> Result<(), Fault> {
        let _alone = self.access.writing.lock().await;
        let reporters = self.store.scan::<AccessReporters>(()).collect::<Result<Vec<_>, _>>()?;
        let silent: Vec<_> = reporters.into_iter().filter(|(_, row)| row.report_micros < before).map(|(id, _)| id).collect();
        if silent.is_empty() {
            return Ok(());
        }
        let removed = self.store.commit::<_, Fault>(move |changes| {
            silent.iter().for_each(|id| changes.delete::<AccessReporters>(id));
            Ok(())
        });
        removed.await
    }
}
