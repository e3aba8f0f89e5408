//! What applications are told, and what they say: that their own copies are gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::consent::v1 as pb;
use prost::Message as _;
use vocabulary::{Fault, Reason, TenantId, Timestamp};

use super::rows::place;
use super::{of, one, unknown_erasure};
use crate::convert::erasure::due;
use crate::convert::time;
use crate::tables;
use crate::writer::Core;

impl Core {
    /// What an application has not acknowledged and is not in `seen`, which takes it in.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND, and those of the store.
    pub fn unacknowledged(
        &self,
        tenant: &TenantId,
        application: &str,
        seen: &mut BTreeSet<u64>,
    ) -> Result<Vec<pb::WatchErasuresResponse>, Fault> {
        let (held, _) = self.present(tenant)?;
        let mut told = Vec::new();
        for key in of(&self.erasures.told, tenant) {
            if seen.contains(&key.1) {
                continue;
            }
            let row = one(&self.store, tenant, key.1)?;
            let owed = |notice: &pb::StoredErasureNotice| notice.application_id == application && notice.acknowledge_micros == 0;
            if row.sealed_subject.is_empty() || !row.notices.iter().any(owed) {
                continue;
            }
            let subject = held.keys.opened(&place(&key), &row.sealed_subject)?;
            let subject = pb::ErasureSubject::decode(subject.as_slice()).map_err(|_| Fault::internal("a subject cannot be read"))?;
            seen.insert(key.1);
            told.push(pb::WatchErasuresResponse { number: key.1, subject: Some(subject), due_time: Some(time(due(&row))) });
        }
        Ok(told)
    }

    /// Notes that an application's copies are gone. When it was the last, what it was told goes too.
    ///
    /// # Errors
    /// ERASURE_NOT_FOUND, APPLICATION_NOT_FOUND, and those of the store.
    pub async fn acknowledge_erasure(
        self: &Arc<Self>,
        tenant: TenantId,
        application: String,
        number: u64,
        now: Timestamp,
    ) -> Result<pb::StoredErasure, Fault> {
        let key = (tenant, number);
        let written = key.clone();
        let acknowledged = self.store.commit(move |changes| {
            let mut row = changes.get::<tables::Erasures>(&written)?.ok_or_else(unknown_erasure)?;
            let notice = row.notices.iter_mut().find(|notice| notice.application_id == application);
            let notice = notice.ok_or_else(|| Fault::not_found(Reason::ApplicationNotFound, "the application was not told of it"))?;
            if notice.acknowledge_micros == 0 {
                notice.acknowledge_micros = now.micros();
                if row.notices.iter().all(|notice| notice.acknowledge_micros != 0) {
                    row.sealed_subject.clear();
                    // The row that is replaced had them too. Of a withdrawal it named users whom the directory names still.
                    row.names_owed |= row.kind != i32::from(pb::ErasureKind::Withdrawal);
                }
                changes.put::<tables::Erasures>(&written, &row)?;
            }
            Ok::<_, Fault>(row)
        });
        let row = acknowledged.await?;
        if row.sealed_subject.is_empty() {
            self.erasures.told.lock().remove(&key);
            if row.names_owed {
                self.erasures.open.lock().insert(key);
            }
            self.erasures.stir();
        }
        Ok(row)
    }

    /// Resolves when an erasure has changed since `changes` last looked.
    pub fn erasure_changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.erasures.changed.subscribe()
    }
}
