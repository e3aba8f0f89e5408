//! Records from memory onto disk: what is new or changed is made durable as one, and can be read from then on.

use std::collections::HashMap;
use std::sync::Arc;

use analytics_domain::Record;
use consent_client::Permit;
use contracts::analytics::v1 as pb;
use sealing::{Key, seal};
use store::{Changes, StoreError};
use vocabulary::entry::RecordRef;
use vocabulary::{Fault, Revision, TenantId};

use super::{RecordStore, TenantRecords};
use crate::convert::stored;
use crate::tables::{Head, Names, PART_BYTES, Parts, place};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// It was as kept.
    Unchanged,
}

/// What became of several records.
#[derive(Debug)]
pub struct Written {
    /// What became of each, in order, and the version it has now.
    pub outcomes: Vec<(Outcome, u64)>,
    /// From which revision on they count.
    pub revision: Revision,
}

impl RecordStore {
    /// Writes records, in order. Once begun it is finished, whether or not anybody still waits.
    ///
    /// # Errors
    /// Those of the store: nothing was written, and nothing can be read that was not.
    pub async fn write(self: &Arc<Self>, permit: &Permit, tenant: Arc<TenantRecords>, records: Vec<Record>) -> Result<Written, Fault> {
        let names = tenant.loaded.get().cloned().ok_or_else(|| Fault::internal("records are written before they are read"))?;
        let sealer = Sealer { tenant: permit.tenant.clone(), key: permit.names_key.clone(), names };
        let this = Arc::clone(self);
        let writing = tokio::spawn(async move {
            let _alone = tenant.writing.lock().await;
            let (mut outcomes, changed) = compare(&tenant, records);
            if changed.is_empty() {
                return Ok(Written { outcomes, revision: this.revision() });
            }
            let (position, changed) = this.store.commit(move |changes| sealer.write(changes, changed)).await?;
            let mut held = tenant.records.write();
            changed.into_iter().for_each(|record| held.put(Arc::new(record)));
            drop(held);
            this.head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
            for (outcome, version) in &mut outcomes {
                if *outcome != Outcome::Unchanged || *version == PENDING {
                    *version = position;
                }
            }
            Ok(Written { outcomes, revision: this.revision_at(position) })
        });
        writing.await.unwrap_or_else(|_| Err(Fault::internal("writing records was cut short")))
    }
}

/// The version of what is about to be written.
const PENDING: u64 = 0;

/// What becomes of each record, and the records to write, each once, as the last of its name has it.
fn compare(tenant: &TenantRecords, records: Vec<Record>) -> (Vec<(Outcome, u64)>, Vec<Record>) {
    let held = tenant.records.read();
    let mut places: HashMap<RecordRef, usize> = HashMap::new();
    let mut changed: Vec<Record> = Vec::new();
    let mut outcomes = Vec::with_capacity(records.len());
    for record in records {
        let place = places.get(&record.reference).copied();
        let before = place.map(|place| &changed[place]).or_else(|| held.get(&record.reference).map(Arc::as_ref));
        let outcome = match before {
            None => (Outcome::Created, PENDING),
            Some(before) if Record { version: before.version, ..record.clone() } == *before => (Outcome::Unchanged, before.version),
            Some(_) => (Outcome::Updated, PENDING),
        };
        outcomes.push(outcome);
        match (outcome.0, place) {
            (Outcome::Unchanged, _) => {}
            (Outcome::Created | Outcome::Updated, Some(place)) => changed[place] = record,
            (Outcome::Created | Outcome::Updated, None) => {
                places.insert(record.reference.clone(), changed.len());
                changed.push(record);
            }
        }
    }
    (outcomes, changed)
}

/// Seals records and puts them under their names.
struct Sealer {
    tenant: TenantId,
    key: Key,
    names: Names,
}

impl Sealer {
    fn write(self, changes: &mut Changes<'_>, mut records: Vec<Record>) -> Result<(u64, Vec<Record>), StoreError> {
        let position = changes.get::<Head>(&())?.unwrap_or_default().position + 1;
        changes.put::<Head>(&(), &pb::StoredHead { position })?;
        for record in &mut records {
            record.version = position;
            let name = self.names.of(&record.reference);
            let sealed = seal(&self.key, &place(&self.tenant, name), &stored::bytes(record));
            let before: Vec<_> = changes.scan::<Parts>((self.tenant.clone(), name)).collect::<Result<_, _>>()?;
            let mut parts = 0;
            for (number, part) in (0..).zip(sealed.chunks(PART_BYTES)) {
                changes.put::<Parts>(&(self.tenant.clone(), name, number), &pb::StoredPart { sealed: part.to_vec() })?;
                parts = number + 1;
            }
            for (key, _) in before.into_iter().filter(|((_, _, number), _)| *number >= parts) {
                changes.delete::<Parts>(&key);
            }
        }
        Ok((position, records))
    }
}
