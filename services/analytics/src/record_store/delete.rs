//! Records off the disk and out of memory. A deletion that is asked for again under its request id is answered as the first time.

use std::sync::Arc;

use analytics_domain::delete::{self, Delete};
use consent_client::Permit;
use store::{Changes, StoreError};
use vocabulary::{Fault, Revision, TenantId, Timestamp};

use super::repeat::{Asked, Repeatable};
use super::{RecordStore, TenantRecords, next_position};
use crate::tables::Parts;

/// A deletion, as it was asked for.
#[derive(Debug)]
pub struct Deletion {
    /// Which record, in which version.
    pub command: Delete,
    /// Only say whether it would go.
    pub validate_only: bool,
    /// For who may ask again.
    pub repeat: Option<Repeatable>,
}

impl RecordStore {
    /// Deletes a record and answers from which revision on it is gone. Once begun it is finished, whether or not anybody still waits.
    ///
    /// # Errors
    /// RECORD_NOT_FOUND, STALE_ETAG, REQUEST_ID_REUSED; those of the store: then nothing was deleted.
    pub async fn delete(
        self: &Arc<Self>,
        permit: &Permit,
        tenant: Arc<TenantRecords>,
        deletion: Deletion,
        now: Timestamp,
    ) -> Result<Revision, Fault> {
        let Deletion { command, validate_only, repeat } = deletion;
        let asked = repeat.filter(|_| !validate_only).map(|repeat| Asked::of(&repeat, permit));
        let (id, name) = (permit.tenant.clone(), tenant.names()?.of(&command.reference));
        let this = Arc::clone(self);
        let deleting = tokio::spawn(async move {
            let _alone = tenant.writing.lock().await;
            if let Some(asked) = &asked
                && let Some(position) = asked.answered(&this.store, now)?
            {
                return Ok(this.revision_at(position));
            }
            let gone = delete::decide(&tenant.read(), &command)?;
            if validate_only {
                return Ok(this.revision());
            }
            let deleted = this.store.commit(move |changes| {
                let position = delete_parts(changes, id, name)?;
                asked.map_or(Ok(()), |asked| asked.keep(changes, position, now))?;
                Ok::<_, StoreError>(position)
            });
            let position = deleted.await?;
            this.publish(&tenant, position, |held| drop(held.remove(&gone.reference)));
            Ok(this.revision_at(position))
        });
        deleting.await.unwrap_or_else(|_| Err(Fault::internal("deleting a record was cut short")))
    }
}

fn delete_parts(changes: &mut Changes<'_>, tenant: TenantId, name: u128) -> Result<u64, StoreError> {
    let parts: Vec<_> = changes.scan::<Parts>((tenant, name)).collect::<Result<_, _>>()?;
    parts.iter().for_each(|(key, _)| changes.delete::<Parts>(key));
    next_position(changes)
}
