//! Records from memory onto disk: what is new or changed is made durable as one, and can be read from then on.

use std::sync::Arc;

use analytics_domain::Record;
use analytics_domain::upsert::{self, Outcome, Upserted};
use consent_client::Permit;
use contracts::analytics::v1 as pb;
use sealing::{Key, seal};
use store::{Changes, StoreError};
use vocabulary::{Fault, Revision, TenantId};

use super::{RecordStore, TenantRecords, next_position};
use crate::convert::stored;
use crate::tables::{Names, PART_BYTES, Parts, place};

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
        let sealer = Sealer { tenant: permit.tenant.clone(), key: permit.names_key.clone(), names: tenant.names()? };
        let (this, permit) = (Arc::clone(self), permit.clone());
        let writing = tokio::spawn(async move {
            let _alone = tenant.writing.lock().await;
            Self::is_before_erasure(&permit, &tenant)?;
            let Upserted { outcomes, changed } = upsert::decide(&tenant.read(), records);
            let position = match changed.is_empty() {
                true => *this.head.borrow(),
                false => {
                    let (position, changed) = this.store.commit(move |changes| sealer.write(changes, changed)).await?;
                    this.publish(&tenant, position, |held| changed.into_iter().for_each(|record| held.put(Arc::new(record))));
                    position
                }
            };
            let outcomes = outcomes.into_iter().map(|(outcome, version)| (outcome, version.unwrap_or(position))).collect();
            Ok(Written { outcomes, revision: this.revision_at(position) })
        });
        writing.await.unwrap_or_else(|_| Err(Fault::internal("writing records was cut short")))
    }
}

/// Seals records and puts them under their names.
pub(super) struct Sealer {
    pub tenant: TenantId,
    pub key: Key,
    pub names: Names,
}

impl Sealer {
    pub fn write(self, changes: &mut Changes<'_>, mut records: Vec<Record>) -> Result<(u64, Vec<Record>), StoreError> {
        let position = next_position(changes)?;
        records.iter_mut().for_each(|record| record.version = position);
        self.put(changes, &records)?;
        Ok((position, records))
    }

    /// Puts records as they are in the place of what is there.
    pub fn put<'a>(&self, changes: &mut Changes<'_>, records: impl IntoIterator<Item = &'a Record>) -> Result<(), StoreError> {
        for record in records {
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
        Ok(())
    }
}
