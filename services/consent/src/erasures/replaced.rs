//! Stores that were put in the place of others, as by a restore. Whoever was erased since the backup was taken lies in them again, so of
//! finished erasures too they have to say that they are in line. The erasure stays finished: no key is left that names anybody in them.

use contracts::consent::v1 as pb;
use store::Changes;
use vocabulary::{Fault, TenantId, Timestamp};

use super::{ErasureKey, Erasures, of};
use crate::tables;
use crate::writer::Core;

/// The kinds of store that can be put back with rows in them; views begin empty.
const PUT_BACK: [pb::StoreKind; 2] = [pb::StoreKind::Log, pb::StoreKind::Records];

/// Erasures that one commit looks at.
const AT_ONCE: usize = 500;

impl Erasures {
    /// The finished erasures of a tenant of which a store that was put back has not said again that it is in line.
    pub(super) fn again_of(&self, tenant: &TenantId) -> Vec<ErasureKey> {
        of(&self.again, tenant)
    }

    /// Takes away those of which all have.
    pub(super) fn said_again(&self, keys: &[ErasureKey]) {
        self.again.lock().retain(|key| !keys.contains(key));
    }
}

impl Core {
    /// Notes in every finished erasure that a store has to say of it what those that it `replaced` had said.
    pub(super) async fn owe_again(&self, id: u64, kind: pb::StoreKind, replaced: &[u64]) -> Result<(), Fault> {
        if replaced.is_empty() || !PUT_BACK.contains(&kind) {
            return Ok(());
        }
        let keys = self.store.scan::<tables::Erasures>(()).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, _>>()?;
        for part in keys.chunks(AT_ONCE) {
            let (part, replaced) = (part.to_vec(), replaced.to_vec());
            let owed = self.store.commit(move |changes| {
                let mut owed = Vec::new();
                for key in part {
                    let Some(mut row) = changes.get::<tables::Erasures>(&key)?.filter(|row| row.finish_micros != 0) else { continue };
                    let mut rows = 0;
                    // In the place of theirs, so that the row does not grow with every restore.
                    row.reports.retain(|report| {
                        let former = report.kind == i32::from(kind) && (replaced.contains(&report.store_id) || report.store_id == id);
                        rows += if former { report.rows } else { 0 };
                        !former
                    });
                    row.reports.push(pb::StoredErasureReport { store_id: id, kind: kind.into(), rows, ..Default::default() });
                    changes.put::<tables::Erasures>(&key, &row)?;
                    owed.push(key);
                }
                Ok::<_, Fault>(owed)
            });
            let owed = owed.await?;
            self.erasures.again.lock().extend(owed);
        }
        Ok(())
    }
}

/// Takes down that a store is in line again with finished erasures up to `number`; answers those of which no store owes that any more.
pub(super) fn say_again(
    changes: &mut Changes<'_>,
    again: Vec<ErasureKey>,
    id: u64,
    number: u64,
    rows: &mut u64,
    now: Timestamp,
) -> Result<Vec<ErasureKey>, Fault> {
    let mut said = Vec::new();
    for key in again {
        let Some(mut row) = changes.get::<tables::Erasures>(&key)? else { continue };
        if number < key.1.max(row.due_number) {
            continue;
        }
        if let Some(report) = row.reports.iter_mut().find(|report| report.store_id == id && report.report_micros == 0) {
            report.rows += std::mem::take(rows);
            report.report_micros = now.micros();
            changes.put::<tables::Erasures>(&key, &row)?;
        }
        if row.reports.iter().all(|report| report.report_micros != 0) {
            said.push(key);
        }
    }
    Ok(said)
}
