//! What stores say: that they take part, which ids they knew, and up to which erasure they are in line.

use consent_domain::erase_person;
use contracts::consent::v1 as pb;
use std::sync::Arc;
use store::Changes;
use vocabulary::{Fault, Kind, PersonId, Reason, TenantId, Timestamp};

use super::{ErasureKey, replaced};
use crate::events::Actor;
use crate::tables;
use crate::writer::{Command, Core};

/// What a store says of a tenant.
pub(crate) struct Said {
    /// It is in line with every erasure up to here.
    pub number: u64,
    /// Rows removed or written anew since it last said so.
    pub rows: u64,
    /// The generation of `names` under which all of it is sealed; 0: it seals nothing under it.
    pub names_generation: u32,
}

impl Core {
    /// Registers a store, in the place of those of its kind that it `replaced`. One that was retired stays so.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn register_store(&self, id: u64, kind: pb::StoreKind, replaced: Vec<u64>) -> Result<(), Fault> {
        if self.store.get::<tables::Stores>(&id)?.is_some() {
            return Ok(());
        }
        // First, for what is registered is not asked again.
        self.owe_again(id, kind, &replaced).await?;
        let (now, open) = (self.clock.now(), self.erasures.open.lock().iter().cloned().collect::<Vec<_>>());
        let finished = self.store.commit(move |changes| {
            for former in &replaced {
                let held = changes.get::<tables::Stores>(former)?;
                if let Some(row) = held.filter(|row| row.kind == i32::from(kind) && row.retire_micros == 0) {
                    changes.put::<tables::Stores>(former, &pb::StoredStore { retire_micros: now.micros(), ..row })?;
                }
            }
            if changes.get::<tables::Stores>(&id)?.is_none() {
                let row = pb::StoredStore { kind: kind.into(), register_micros: now.micros(), retire_micros: 0 };
                changes.put::<tables::Stores>(&id, &row)?;
            }
            finish(changes, open, now, |_, _| {})
        });
        self.finished(&finished.await?);
        Ok(())
    }

    /// Ends the registration of a store: whatever waited for it alone is finished.
    ///
    /// # Errors
    /// STORE_NOT_FOUND, and those of the store.
    pub async fn retire_store(&self, id: u64) -> Result<(), Fault> {
        let (now, open) = (self.clock.now(), self.erasures.open.lock().iter().cloned().collect::<Vec<_>>());
        let finished = self.store.commit(move |changes| {
            let mut row = changes.get::<tables::Stores>(&id)?.ok_or_else(unknown_store)?;
            if row.retire_micros == 0 {
                row.retire_micros = now.micros();
                changes.put::<tables::Stores>(&id, &row)?;
            }
            finish(changes, open, now, |_, _| {})
        });
        self.finished(&finished.await?);
        Ok(())
    }

    /// The stores that take part.
    ///
    /// # Errors
    /// Those of the store.
    pub fn stores(&self) -> Result<Vec<(u64, pb::StoredStore)>, Fault> {
        let rows = self.store.scan::<tables::Stores>(()).collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().filter(|(_, row)| row.retire_micros == 0).collect())
    }

    /// Takes down the ids behind erased addresses: a decision, so that every holder hears of it.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND, and those of the store.
    pub async fn name_erased(self: &Arc<Self>, tenant: TenantId, people: Vec<PersonId>, looked_at: u64) -> Result<(), Fault> {
        let open = self.erasures.open_of(&tenant);
        let waits = {
            let rows = open.iter().map(|key| self.store.get::<tables::Erasures>(key)).collect::<Result<Vec<_>, _>>()?;
            open.iter().zip(rows).any(|((_, number), row)| *number <= looked_at && row.is_some_and(|row| row.due_number == 0))
        };
        let command = Command { tenant, actor: Actor::Suite, repeat: None, validate_only: false, narrows: false, named: Vec::new() };
        let decided = self.decide(
            command,
            move |state, moment| Ok((erase_person::name(state, people, looked_at, waits, moment), ())),
            |_, _, (), _| pb::NameErasedResponse {},
        );
        decided.await.map(drop)
    }

    /// Notes that a store is in line with every erasure of a tenant up to `number`.
    ///
    /// # Errors
    /// STORE_NOT_FOUND, and failures of store and keyring: the store says it again then.
    pub async fn report_erasure(&self, id: u64, tenant: &TenantId, said: Said) -> Result<(), Fault> {
        // No decision is half done now, and no key is owed: an erasure that is finished has no key left.
        let _alone = self.writing().await?;
        self.keys.destroy(Vec::new(), 0).await?;
        let Said { number, rows, names_generation } = said;
        let (now, open, again) = (self.clock.now(), self.erasures.open_of(tenant), self.erasures.again_of(tenant));
        if open.is_empty() && again.is_empty() {
            return Ok(());
        }
        let reported = self.store.commit(move |changes| {
            let store = changes.get::<tables::Stores>(&id)?.ok_or_else(unknown_store)?;
            let mut rows = rows;
            let said_again = replaced::say_again(changes, again, id, number, &mut rows, now)?;
            let finished = finish(changes, open, now, |begun, row| {
                if number < begun {
                    return;
                }
                let held = row.reports.iter().position(|report| report.store_id == id);
                let at = held.unwrap_or(row.reports.len());
                if held.is_none() {
                    row.reports.push(pb::StoredErasureReport { store_id: id, kind: store.kind, ..Default::default() });
                }
                let Some(report) = row.reports.get_mut(at) else { return };
                report.names_generation = report.names_generation.max(names_generation);
                if report.report_micros != 0 {
                    return;
                }
                report.rows += std::mem::take(&mut rows);
                if row.due_number != 0 && row.due_number <= number {
                    report.report_micros = now.micros();
                }
            })?;
            Ok::<_, Fault>((finished, said_again))
        });
        let (finished, said_again) = reported.await?;
        self.erasures.said_again(&said_again);
        self.finished(&finished);
        Ok(())
    }

    pub(super) fn finished(&self, keys: &[ErasureKey]) {
        self.erasures.open.lock().retain(|key| !keys.contains(key));
        for (_, number) in keys {
            tracing::info!(number, "an erasure is finished");
        }
        self.erasures.stir();
    }
}

/// Changes each of the open erasures, and finishes those of which every store that takes part has said so. Answers which.
fn finish(
    changes: &mut Changes<'_>,
    open: Vec<ErasureKey>,
    now: Timestamp,
    mut change: impl FnMut(u64, &mut pb::StoredErasure),
) -> Result<Vec<ErasureKey>, Fault> {
    let stores = changes.scan::<tables::Stores>(()).collect::<Result<Vec<_>, _>>()?;
    let waited: Vec<u64> = stores.into_iter().filter(|(_, row)| row.retire_micros == 0).map(|(id, _)| id).collect();
    let mut finished = Vec::new();
    for key in open {
        let Some(before) = changes.get::<tables::Erasures>(&key)? else { continue };
        let mut row = before.clone();
        change(key.1, &mut row);
        let said = |id: &u64| row.reports.iter().any(|report| report.store_id == *id && report.report_micros != 0);
        if row.due_number != 0 && row.finish_micros == 0 && !row.names_owed && row.names_generation == 0 && waited.iter().all(said) {
            row.finish_micros = now.micros();
        }
        if row != before {
            changes.put::<tables::Erasures>(&key, &row)?;
        }
        if row.finish_micros != 0 && !row.names_owed {
            finished.push(key);
        }
    }
    Ok(finished)
}

fn unknown_store() -> Fault {
    Fault::new(Kind::NotFound, Reason::StoreNotFound, "no such store is registered")
}
