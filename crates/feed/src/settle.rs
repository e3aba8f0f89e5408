//! How a view follows decisions: it forgets what closed, takes in what opened, folds again what returned. Only then does it say so,
//! and only then do readers with that permit read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use consent_client::{MailboxState, Permit, TenantMirror, UserKind, UserMirror};
use contracts::ingestion::v1 as pb;
use runtime::{Onward, fault_of};
use vocabulary::{Address, Fault, PersonId, Reason, TenantId, UserId};

use crate::Fold;
use crate::follower::{BlockKey, Follower, RETRY, key_of};
use crate::mailboxes::{Opening, Place};
use crate::tables::CRM;
use crate::view::{Ours, TenantView};

const ADDRESSES_AT_ONCE: usize = 2_000;
/// How long ingestion may take to name people.
const NAMING: Duration = Duration::from_secs(10);

impl<F: Fold> Follower<F> {
    /// Brings every tenant to the present decisions.
    pub(crate) async fn settle(&mut self) -> Result<(), Fault> {
        let position = *self.subscriber.changes().borrow();
        if self.settled == Some(position) {
            return Ok(());
        }
        for tenant in self.subscriber.tenants()? {
            let permit = self.subscriber.permit(&tenant)?;
            let view = self.shared.tenant(&tenant);
            if view.settled.load(Ordering::Acquire) < decided_at(&permit) {
                self.settle_tenant(&tenant, &permit, &view).await?;
                view.settled.store(decided_at(&permit), Ordering::Release);
            }
        }
        self.settled = Some(position);
        self.publish(|_| {});
        Ok(())
    }

    async fn settle_tenant(&mut self, tenant: &TenantId, permit: &Permit, view: &TenantView<F>) -> Result<(), Fault> {
        let open: HashMap<UserId, Opening> = permit.users.values().filter_map(|user| Some((user.id, opening(user)?))).collect();
        for (user, held) in self.mailboxes.of(tenant) {
            let wanted = open.get(&user);
            if user == CRM || wanted == Some(&held) {
                continue;
            }
            let place = (tenant.clone(), user);
            self.close(&place, permit, view).await?;
            if wanted.is_some_and(|wanted| wanted.generation == held.generation) {
                // Closed and opened again unseen: what its intervals allow is folded anew.
                self.disk.places.insert(place, pb::StoredPlace { generation: held.generation, position: 1 });
            }
        }
        for place in self.disk.stored(tenant) {
            let held = permit.users.get(&place.1).is_some_and(|user| user.state == MailboxState::Held);
            if place.1 != CRM && !held && !open.contains_key(&place.1) {
                self.disk.remove_all_but(&place, None).await?;
            }
        }
        self.load((tenant.clone(), CRM), Opening { generation: 0, key: permit.facts_key.clone() }).await?;
        for (user, opening) in open {
            self.load((tenant.clone(), user), opening).await?;
        }
        self.refold_returned(tenant, permit).await?;
        self.learn_ours(tenant, permit, view).await
    }

    /// Forgets a mailbox. If its key lives on, what was not written yet is folded again when it returns; else its rows go too.
    async fn close(&mut self, place: &Place, permit: &Permit, view: &TenantView<F>) -> Result<(), Fault> {
        view.fold.write().forget(place.1);
        let Some(loaded) = self.mailboxes.unload(place) else { return Ok(()) };
        let user = permit.users.get(&place.1);
        let held = user.is_some_and(|user| user.generation == loaded.opening.generation && user.state == MailboxState::Held);
        if !held {
            self.disk.places.remove(place);
            return Ok(self.disk.remove_all_but(place, None).await?);
        }
        if !loaded.pending.is_empty() {
            self.disk.places.insert(place.clone(), loaded.place());
        }
        Ok(())
    }

    /// Folds the chunks of a mailbox that is not in memory.
    async fn load(&mut self, place: Place, opening: Opening) -> Result<(), Fault> {
        if self.mailboxes.opening(&place).is_some() {
            return Ok(());
        }
        let generation = opening.generation;
        self.disk.remove_all_but(&place, Some(generation)).await?;
        match self.disk.load(&place, generation, &opening.key) {
            Ok(entries) => self.fold(&place, generation, entries),
            Err(fault) => {
                tracing::warn!(%fault, "chunks of a mailbox do not open: it is folded anew from the log");
                self.disk.remove_all_but(&place, None).await?;
                self.disk.places.insert(place.clone(), pb::StoredPlace { generation, position: 1 });
            }
        }
        self.mailboxes.load(place, opening);
        Ok(())
    }

    /// Folds from the log what was passed over while mailboxes that are open now were held: one pass for all of them.
    async fn refold_returned(&mut self, tenant: &TenantId, permit: &Permit) -> Result<(), Fault> {
        let loaded = |place: &Place, stored: &pb::StoredPlace| {
            self.mailboxes.opening(place).is_some_and(|opening| opening.generation == stored.generation)
        };
        let of_tenant = self.disk.places.iter().filter(|((of, _), _)| of == tenant);
        let returned: HashMap<UserId, u64> =
            of_tenant.filter(|(place, stored)| loaded(place, stored)).map(|((_, user), stored)| (*user, stored.position)).collect();
        let Some(first) = returned.values().min().copied() else { return Ok(()) };
        if first <= self.position {
            let mut blocks = self.blocks_after(first - 1).await?;
            let mut position = first - 1;
            while position < self.position {
                let message = blocks.message().await.map_err(|status| fault_of(&status))?;
                let message = message.ok_or_else(|| Fault::unavailable(Reason::DependencyUnavailable, "the feed has ended", RETRY))?;
                position = message.position;
                for block in message.blocks {
                    let wanted = block.tenant_id == tenant.as_str()
                        && block.position <= self.position
                        && returned.get(&UserId(block.user_id)).is_some_and(|from| *from <= block.position);
                    if wanted && let BlockKey::Open(key) = key_of(permit, &block)? {
                        self.fold_block(&(tenant.clone(), UserId(block.user_id)), &key, block)?;
                    }
                }
            }
        }
        self.disk.places.retain(|(of, user), _| of != tenant || !returned.contains_key(user));
        Ok(())
    }

    /// Learns the person ids of the directory's addresses.
    async fn learn_ours(&mut self, tenant: &TenantId, permit: &Permit, view: &TenantView<F>) -> Result<(), Fault> {
        let people = self.people.entry(tenant.clone()).or_default();
        let ours: Vec<&Arc<UserMirror>> =
            permit.users.values().filter(|user| matches!(user.kind, UserKind::Person | UserKind::Shared)).collect();
        let unknown: HashSet<&Address> =
            ours.iter().flat_map(|user| &user.addresses).filter(|address| !people.contains_key(*address)).collect();
        let unknown: Vec<&Address> = unknown.into_iter().collect();
        for addresses in unknown.chunks(ADDRESSES_AT_ONCE) {
            let request = pb::ResolvePeopleRequest {
                tenant_id: tenant.as_str().to_owned(),
                addresses: addresses.iter().map(|address| address.as_str().to_owned()).collect(),
                mint: true,
                person_ids: Vec::new(),
            };
            let answer = self.client.resolve_people(Onward::service().within(NAMING).request(request)).await;
            let ids = answer.map_err(|status| fault_of(&status))?.into_inner().person_ids;
            people.extend(addresses.iter().map(|address| (*address).clone()).zip(ids.into_iter().map(PersonId)));
        }
        let mut learned = Ours::default();
        for user in ours {
            let mut persons: Vec<PersonId> = user.addresses.iter().filter_map(|address| people.get(address).copied()).collect();
            persons.sort_unstable();
            learned.user_of.extend(persons.iter().map(|person| (*person, user.id)));
            learned.persons_of.insert(user.id, persons);
        }
        *view.ours.write() = Arc::new(learned);
        Ok(())
    }
}

/// The position of the last decision about the tenant.
pub(crate) fn decided_at(tenant: &TenantMirror) -> u64 {
    tenant.position
}

/// How a mailbox stands open to this view, if it does.
pub(crate) fn opening(user: &UserMirror) -> Option<Opening> {
    let readable = user.state == MailboxState::Open && user.log_key.is_some();
    user.view_key.clone().filter(|_| readable).map(|key| Opening { generation: user.generation, key })
}
