//! The one task of a view: it settles decisions, takes blocks, and writes chunks now and then. It alone writes the folds, so that
//! the order in which decisions and blocks take effect is the order of this file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use consent_client::{MailboxKeyState, MailboxState, Permit, Subscriber, TenantMirror, UserKind, UserMirror};
use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use runtime::{Link, Onward, fault_of};
use sealing::Key;
use store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use vocabulary::entry::Origin;
use vocabulary::{Address, Fault, PersonId, Reason, TenantId, UserId};

use crate::chunks::{Disk, Draft};
use crate::mailboxes::{Mailboxes, Place};
use crate::tables::CRM;
use crate::view::{Ours, Progress, Shared, TenantView};
use crate::{Fold, block, entry};

/// Chunks are written when so many entries wait, and otherwise at every tick.
const PENDING_LIMIT: usize = 50_000;
const TICK: Duration = Duration::from_secs(10);
/// How long a block may wait for the decision it was sealed under.
const BEHIND: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(100);
const ADDRESSES_AT_ONCE: usize = 2_000;
const MESSAGE_LIMIT: usize = 64 << 20;

pub(crate) struct Follower<F> {
    subscriber: Subscriber,
    client: FeedServiceClient<Link>,
    shared: Arc<Shared<F>>,
    disk: Disk,
    mailboxes: Mailboxes,
    /// Every block up to here is folded, held back or destroyed.
    position: u64,
    /// The decision up to which every tenant is settled.
    settled: Option<u64>,
    people: HashMap<TenantId, HashMap<Address, PersonId>>,
}

impl<F: Fold> Follower<F> {
    pub fn open(store: Store, subscriber: Subscriber, feed: Link, shared: Arc<Shared<F>>) -> Result<Self, Fault> {
        let disk = Disk::open(store)?;
        let client = FeedServiceClient::new(feed).max_decoding_message_size(MESSAGE_LIMIT);
        let position = disk.cursor.position;
        let (mailboxes, people) = Default::default();
        Ok(Self { subscriber, client, shared, disk, mailboxes, position, settled: None, people })
    }

    /// Follows until `stopping`, then writes what is pending.
    pub async fn run(mut self, stopping: CancellationToken) {
        while let Err(fault) = self.follow(&stopping).await {
            if fault.reason == Reason::RevisionLost {
                tracing::warn!("the log is another one: the view is built anew");
                if let Err(fault) = self.begin_anew().await {
                    tracing::error!(%fault, "the view could not be emptied");
                }
            } else {
                tracing::debug!(%fault, "the view is not following");
            }
            let mut changes = self.subscriber.changes();
            tokio::select! {
                () = stopping.cancelled() => break,
                () = tokio::time::sleep(RETRY) => {}
                _ = changes.changed() => {}
            }
        }
        if let Err(fault) = self.write().await {
            tracing::warn!(%fault, "what was pending is folded anew at the next start");
        }
        self.disk.close().await;
    }

    /// Answers `Ok` only once `stopping`. It is never dropped half way: what it has taken from the pending it must also write.
    async fn follow(&mut self, stopping: &CancellationToken) -> Result<(), Fault> {
        let mut changes = self.subscriber.changes();
        self.settle().await?;
        let mut blocks = self.blocks_after(self.position).await?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                changed = changes.changed() => {
                    changed.map_err(|_| Fault::internal("the subscriber has ended"))?;
                    self.settle().await?;
                }
                message = blocks.message() => {
                    let message = message.map_err(|status| fault_of(&status))?;
                    let message = message.ok_or_else(|| Fault::unavailable(Reason::DependencyUnavailable, "the feed has ended", RETRY))?;
                    self.take(message).await?;
                }
                _ = tick.tick() => self.write().await?,
            }
        }
    }

    async fn blocks_after(&mut self, position: u64) -> Result<Streaming<pb::FollowResponse>, Fault> {
        let request = pb::FollowRequest { after_position: position, incarnation: self.disk.cursor.incarnation };
        let answer = self.client.follow(Onward::service().request(request)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    async fn take(&mut self, message: pb::FollowResponse) -> Result<(), Fault> {
        self.disk.cursor.incarnation = message.incarnation;
        for block in message.blocks {
            let position = block.position;
            self.take_block(block).await?;
            self.position = position;
        }
        self.position = self.position.max(message.position);
        let caught_up = self.position >= message.head_position;
        self.publish(|progress| progress.caught_up |= caught_up);
        if self.mailboxes.pending() >= PENDING_LIMIT {
            self.write().await?;
        }
        Ok(())
    }

    /// Folds a block, or keeps its place, or passes over it: as the mirror says, once it knows the decision the block was sealed under.
    async fn take_block(&mut self, block: pb::Block) -> Result<(), Fault> {
        self.subscriber.reached(block.consent_position, BEHIND).await?;
        self.settle().await?;
        let tenant = tenant_of(&block)?;
        let permit = match self.subscriber.permit(&tenant) {
            Err(fault) if fault.reason == Reason::TenantNotFound => return Ok(()),
            permit => permit?,
        };
        let place = (tenant, UserId(block.user_id));
        match key_of(&permit, &block)? {
            BlockKey::Open(key) => self.fold_block(&place, &key, block),
            BlockKey::Held => {
                let stored = pb::StoredPlace { generation: block.generation, position: block.position };
                let known = self.disk.places.entry(place).or_insert(stored);
                if known.generation < block.generation {
                    *known = stored;
                }
                Ok(())
            }
            BlockKey::PassOver => Ok(()),
        }
    }

    fn fold_block(&mut self, place: &Place, key: &Key, block: pb::Block) -> Result<(), Fault> {
        let (tenant, user) = place;
        let entries = block::open(key, &block::log_place(tenant, *user, block.generation, block.position), &block.sealed)?;
        self.fold(place, block.generation, entries.clone());
        self.mailboxes.push(place, block.position, entries);
        Ok(())
    }

    fn fold(&self, (tenant, user): &Place, generation: u32, entries: Vec<pb::Entry>) {
        let origin = if *user == CRM { Origin::Crm } else { Origin::Mailbox { user: *user, generation } };
        let view = self.shared.tenant(tenant);
        let mut fold = view.fold.write();
        entries.into_iter().filter_map(entry::from_message).for_each(|entry| fold.fold(origin, entry));
    }

    /// Brings every tenant to the present decisions.
    async fn settle(&mut self) -> Result<(), Fault> {
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
        let open: HashMap<UserId, (u32, Key)> =
            permit.users.values().filter_map(|user| Some((user.id, (user.generation, open_key(user)?)))).collect();
        for (user, generation) in self.mailboxes.of(tenant) {
            if user != CRM && open.get(&user).is_none_or(|(wanted, _)| *wanted != generation) {
                self.close(&(tenant.clone(), user), permit, view).await?;
            }
        }
        for place in self.disk.stored(tenant) {
            let held = permit.users.get(&place.1).is_some_and(|user| user.state == MailboxState::Held);
            if place.1 != CRM && !held && !open.contains_key(&place.1) {
                self.disk.remove_all_but(&place, None).await?;
            }
        }
        self.load((tenant.clone(), CRM), 0, &permit.facts_key).await?;
        for (user, (generation, key)) in open {
            self.load((tenant.clone(), user), generation, &key).await?;
        }
        self.refold_returned(tenant, permit).await?;
        self.learn_ours(tenant, permit, view).await
    }

    /// Forgets a mailbox. If its key lives on, what was not written yet is folded again when it returns; else its rows go too.
    async fn close(&mut self, place: &Place, permit: &Permit, view: &TenantView<F>) -> Result<(), Fault> {
        view.fold.write().forget(place.1);
        let Some(loaded) = self.mailboxes.unload(place) else { return Ok(()) };
        let user = permit.users.get(&place.1);
        let held = user.is_some_and(|user| user.generation == loaded.generation && user.state == MailboxState::Held);
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
    async fn load(&mut self, place: Place, generation: u32, key: &Key) -> Result<(), Fault> {
        if self.mailboxes.generation(&place) == Some(generation) {
            return Ok(());
        }
        self.disk.remove_all_but(&place, Some(generation)).await?;
        match self.disk.load(&place, generation, key) {
            Ok(entries) => self.fold(&place, generation, entries),
            Err(fault) => {
                tracing::warn!(%fault, "chunks of a mailbox do not open: it is folded anew from the log");
                self.disk.remove_all_but(&place, None).await?;
                self.disk.places.insert(place.clone(), pb::StoredPlace { generation, position: 1 });
            }
        }
        self.mailboxes.load(place, generation);
        Ok(())
    }

    /// Folds from the log what was passed over while mailboxes that are open now were held: one pass for all of them.
    async fn refold_returned(&mut self, tenant: &TenantId, permit: &Permit) -> Result<(), Fault> {
        let loaded = |place: &Place, stored: &pb::StoredPlace| self.mailboxes.generation(place) == Some(stored.generation);
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
            let answer = self.client.resolve_people(Onward::service().within(BEHIND).request(request)).await;
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

    /// Writes what is pending, and the cursor behind it.
    async fn write(&mut self) -> Result<(), Fault> {
        if self.position == self.disk.cursor.position && self.mailboxes.pending() == 0 {
            return Ok(());
        }
        // Without a lease nothing is known to be open: it stays pending.
        self.settle().await?;
        let mut permits = HashMap::new();
        for tenant in self.subscriber.tenants()? {
            permits.insert(tenant.clone(), self.subscriber.permit(&tenant)?);
        }
        let mut drafts = Vec::new();
        for (place, loaded) in self.mailboxes.take_pending() {
            let Some(permit) = permits.get(&place.0) else { continue };
            let user = permit.users.get(&place.1).filter(|user| user.generation == loaded.generation);
            let key = if place.1 == CRM { Some(permit.facts_key.clone()) } else { user.and_then(|user| open_key(user)) };
            match key {
                Some(key) => drafts.push(Draft { place, generation: loaded.generation, key, entries: loaded.pending }),
                // Closed since it was settled: should it only be held, it is folded again from here.
                None => drop(self.disk.places.insert(place, loaded.place())),
            }
        }
        let cursor = pb::StoredCursor { incarnation: self.disk.cursor.incarnation, position: self.position };
        self.disk.write(drafts, cursor).await
    }

    async fn begin_anew(&mut self) -> Result<(), Fault> {
        self.disk.clear(0).await?;
        self.mailboxes = Mailboxes::default();
        self.people.clear();
        self.position = 0;
        self.settled = None;
        for view in self.shared.tenants.read().values() {
            view.settled.store(0, Ordering::Release);
            *view.fold.write() = F::default();
        }
        self.publish(|progress| progress.caught_up = false);
        Ok(())
    }

    fn publish(&self, change: impl FnOnce(&mut Progress)) {
        self.shared.progress.send_modify(|progress| {
            progress.incarnation = self.disk.cursor.incarnation;
            progress.position = self.position;
            change(progress);
        });
    }
}

/// What a block's key allows.
enum BlockKey {
    Open(Key),
    Held,
    PassOver,
}

fn key_of(permit: &Permit, block: &pb::Block) -> Result<BlockKey, Fault> {
    let user = UserId(block.user_id);
    if user == CRM {
        return Ok(BlockKey::Open(permit.facts_key.clone()));
    }
    match permit.block_key(user, block.generation, block.consent_position) {
        MailboxKeyState::Open(user) => Ok(user.log_key.clone().map_or(BlockKey::Held, BlockKey::Open)),
        MailboxKeyState::Held => Ok(BlockKey::Held),
        MailboxKeyState::Destroyed => Ok(BlockKey::PassOver),
        MailboxKeyState::Behind => {
            Err(Fault::unavailable(Reason::ConsentUnknown, "the mirror does not know the mailbox of a block yet", RETRY))
        }
    }
}

/// The position of the last decision about the tenant.
pub(crate) fn decided_at(tenant: &TenantMirror) -> u64 {
    tenant.position
}

fn open_key(user: &UserMirror) -> Option<Key> {
    if user.state == MailboxState::Open && user.log_key.is_some() { user.view_key.clone() } else { None }
}

fn tenant_of(block: &pb::Block) -> Result<TenantId, Fault> {
    TenantId::parse(&block.tenant_id).map_err(|_| Fault::internal("a block names no tenant"))
}
