//! A tenant is erased: its rows leave consent's store in one commit, every holder is told, every key is destroyed.

use std::sync::Arc;

use consent_domain::Decision;
use contracts::consent::v1 as pb;
use store::{Changes, StoreError};
use vocabulary::{Fault, TenantId, Timestamp};

use super::ErasureKey;
use crate::enforce::Change;
use crate::keys;
use crate::steps::Step;
use crate::tables;
use crate::tenants::Held;
use crate::writer::Core;

/// What erasing a tenant takes away.
pub(crate) struct Going {
    pub number: u64,
    pub users: u64,
    pub mailboxes: u64,
}

impl Going {
    fn of(held: &Held) -> Self {
        let mailboxes = held.state.directory.users().filter(|user| user.mailbox.has_keys()).count() as u64;
        Self { number: held.state.erased.number + 1, users: held.state.directory.len() as u64, mailboxes }
    }
}

impl Core {
    /// What erasing a tenant would take away.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND.
    pub fn would_erase(&self, tenant: &TenantId) -> Result<Going, Fault> {
        Ok(Going::of(&self.present(tenant)?.0))
    }

    /// Erases a tenant; answers once it is enforced, and since when. Goes on to its end when the caller goes away.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND, and failures of store and keyring: what was decided is then still enforced, and its keys are owed.
    pub async fn erase_tenant(self: &Arc<Self>, tenant: TenantId) -> Result<(Going, Timestamp), Fault> {
        let core = Arc::clone(self);
        let (going, position) = self.to_its_end(async move { core.erase_whole(tenant).await }).await?;
        self.hub.settled(position).await;
        Ok((going, self.clock.now()))
    }

    async fn erase_whole(&self, tenant: TenantId) -> Result<(Going, u64), Fault> {
        let _alone = self.writing().await?;
        let (held, before) = self.present(&tenant)?;
        let (going, position, now) = (Going::of(&held), before + 1, self.clock.now());
        let key = (tenant.clone(), going.number);
        let row = pb::StoredErasure {
            kind: pb::ErasureKind::Tenant.into(),
            position,
            create_micros: now.micros(),
            mailboxes: going.mailboxes,
            due_number: going.number,
            ..pb::StoredErasure::default()
        };
        let head = pb::StoredHead { position, ..self.head };
        let (written, open, told) = (key.clone(), self.erasures.open_of(&tenant), super::of(&self.erasures.told, &tenant));
        let committed = self.store.commit::<(), StoreError>(move |changes| {
            delete_rows(changes, &written.0)?;
            open.iter().chain(&told).try_for_each(|key| overtake(changes, key, written.1))?;
            changes.put::<tables::Erasures>(&written, &row)?;
            changes.put::<tables::Head>(&(), &head)
        });
        committed.await?;
        self.passed(Step::DecisionDurable);
        self.erasures.told.lock().retain(|(of, _)| *of != tenant);
        self.erasures.open.lock().insert(key);
        let slots: Vec<_> = keys::needed(&held.state, &self.tenants.read().named(&tenant)).collect();
        let change = Change { over: true, ..Change::of(position, true, Arc::clone(&held), &Decision::default(), going.number) };
        self.hub.publish(change, || {
            let mut tenants = self.tenants.write();
            tenants.held.remove(&tenant);
            tenants.ledgers.remove(&tenant);
            tenants.erased.insert(tenant.clone(), going.number);
            tenants.position = position;
        });
        self.passed(Step::HoldersTold);
        self.changed.notify_one();
        tracing::info!(position, users = going.users, "a tenant is erased");
        self.keys.destroy(slots, position).await?;
        self.passed(Step::KeysDestroyed);
        self.erasures.stir();
        Ok((going, position))
    }
}

/// Deletes whatever consent keeps of a tenant but its erasures.
pub(crate) fn delete_rows(changes: &mut Changes<'_>, tenant: &TenantId) -> Result<(), StoreError> {
    let prefix = || (tenant.clone(),);
    let users: Vec<_> = changes.scan::<tables::Users>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let groups: Vec<_> = changes.scan::<tables::Groups>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let requests: Vec<_> = changes.scan::<tables::Requests>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let people: Vec<_> = changes.scan::<tables::ErasedPeople>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let reads: Vec<_> = changes.scan::<tables::Accesses>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let callers: Vec<_> = changes.scan::<tables::AccessCallers>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    let uncounted: Vec<_> =
        changes.scan::<tables::UncountedReads>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    users.iter().for_each(|key| changes.delete::<tables::Users>(key));
    groups.iter().for_each(|key| changes.delete::<tables::Groups>(key));
    requests.iter().for_each(|key| changes.delete::<tables::Requests>(key));
    people.iter().for_each(|key| changes.delete::<tables::ErasedPeople>(key));
    let events: Vec<_> = changes.scan::<tables::ConsentEvents>(prefix()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    events.iter().for_each(|key| changes.delete::<tables::ConsentEvents>(key));
    reads.iter().for_each(|key| changes.delete::<tables::Accesses>(key));
    callers.iter().for_each(|key| changes.delete::<tables::AccessCallers>(key));
    uncounted.iter().for_each(|key| changes.delete::<tables::UncountedReads>(key));
    changes.delete::<tables::AccessSwept>(tenant);
    changes.delete::<tables::Applications>(tenant);
    changes.delete::<tables::Tenants>(tenant);
    Ok(())
}

/// An earlier erasure is finished with this one: its keys go with the tenant's, and nobody is told any more.
pub(crate) fn overtake(changes: &mut Changes<'_>, key: &ErasureKey, number: u64) -> Result<(), StoreError> {
    let Some(mut row) = changes.get::<tables::Erasures>(key)? else { return Ok(()) };
    row.sealed_subject.clear();
    if row.finish_micros == 0 {
        row.due_number = number;
    }
    (row.names_owed, row.names_generation) = (false, 0);
    changes.put::<tables::Erasures>(key, &row)
}
