//! The people of records, asked for anew when the log is another one: its dictionary may be from before some of them had an id.

use std::sync::{Arc, Weak};
use std::time::Duration;

use analytics_domain::identify;
use consent_client::Subscriber;
use contracts::analytics::v1 as pb;
use feed::View;
use runtime::Onward;
use store::{Changes, StoreError};
use tokio_util::sync::CancellationToken;
use vocabulary::{Fault, TenantId};

use super::RecordStore;
use super::write::Sealer;
use crate::follow::Folded;
use crate::people::People;
use crate::tables::Identified;

/// When to try again what failed.
const AGAIN: Duration = Duration::from_secs(1);
/// How long ingestion may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keeps the people of every record those of the log that the view follows.
pub async fn keep(store: Weak<RecordStore>, view: View<Folded>, consent: Subscriber, people: People, stopping: CancellationToken) {
    let mut known = 0;
    loop {
        let log = tokio::select! {
            log = view.other_log(known) => log,
            () = stopping.cancelled() => return,
        };
        let Some(served) = store.upgrade() else { return };
        match served.identify(log, &consent, &people).await {
            Ok(()) => known = log,
            Err(fault) => {
                tracing::debug!(%fault, "the people of records are not identified by the present log yet");
                drop(served);
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    () = stopping.cancelled() => return,
                }
            }
        }
    }
}

impl RecordStore {
    async fn identify(&self, log: u64, consent: &Subscriber, people: &People) -> Result<(), Fault> {
        for tenant in consent.tenants()? {
            let before = self.store.get::<Identified>(&tenant)?.unwrap_or_default();
            if before.log_id != log {
                self.identify_tenant(log, &tenant, consent, people).await?;
            }
        }
        Ok(())
    }

    async fn identify_tenant(&self, log: u64, tenant: &TenantId, consent: &Subscriber, people: &People) -> Result<(), Fault> {
        let kept = self.of_tenant(&consent.permit(tenant)?).await?;
        let addresses = identify::addresses(&kept.read());
        let people = match addresses.is_empty() {
            true => Default::default(),
            false => people.resolve(tenant, addresses, &Onward::service().within(PATIENCE)).await?,
        };
        let _alone = kept.writing.lock().await;
        // A permit of its own for the write: what was erased while ingestion was asked is seen.
        let permit = consent.permit(tenant)?;
        Self::is_before_erasure(&permit, &kept)?;
        let changed = identify::decide(&kept.read(), &people);
        if !changed.is_empty() {
            tracing::info!(records = changed.len(), "records name people by the ids of the present log");
        }
        let sealer = Sealer { tenant: tenant.clone(), key: permit.names_key.clone(), names: kept.names()? };
        let id = tenant.clone();
        let put = move |changes: &mut Changes<'_>| {
            sealer.put(changes, &changed)?;
            changes.put::<Identified>(&id, &pb::StoredIdentified { log_id: log })?;
            Ok::<_, StoreError>(changed)
        };
        let changed = self.store.commit(put).await?;
        let mut records = kept.records.write();
        changed.into_iter().for_each(|record| records.put(Arc::new(record)));
        Ok(())
    }
}
