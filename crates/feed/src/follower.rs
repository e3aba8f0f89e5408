//! The one task of a view: it settles decisions, takes blocks, and writes chunks now and then. It alone writes the folds, so that
//! the order in which decisions and blocks take effect is the order of this file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use consent_client::{MailboxKeyState, Permit, Subscriber};
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
use crate::settle::opening;
use crate::tables::CRM;
use crate::view::{Progress, Shared};
use crate::{Fold, block, entry};

/// Chunks are written when so many entries wait, and otherwise at every tick.
const PENDING_LIMIT: usize = 50_000;
const TICK: Duration = Duration::from_secs(10);
/// How long a block may wait for the decision it was sealed under.
const BEHIND: Duration = Duration::from_secs(10);
pub(crate) const RETRY: Duration = Duration::from_millis(100);
const MESSAGE_LIMIT: usize = 64 << 20;

pub(crate) struct Follower<F> {
    pub(crate) subscriber: Subscriber,
    pub(crate) client: FeedServiceClient<Link>,
    pub(crate) shared: Arc<Shared<F>>,
    pub(crate) disk: Disk,
    pub(crate) mailboxes: Mailboxes,
    /// Every block up to here is folded, held back or destroyed.
    pub(crate) position: u64,
    /// The decision up to which every tenant is settled.
    pub(crate) settled: Option<u64>,
    pub(crate) people: HashMap<TenantId, HashMap<Address, PersonId>>,
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

    pub(crate) async fn blocks_after(&mut self, position: u64) -> Result<Streaming<pb::FollowResponse>, Fault> {
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

    pub(crate) fn fold_block(&mut self, place: &Place, key: &Key, block: pb::Block) -> Result<(), Fault> {
        let (tenant, user) = place;
        let entries = block::open(key, &block::log_place(tenant, *user, block.generation, block.position), &block.sealed)?;
        self.fold(place, block.generation, entries.clone());
        self.mailboxes.push(place, block.position, entries);
        Ok(())
    }

    pub(crate) fn fold(&self, (tenant, user): &Place, generation: u32, entries: Vec<pb::Entry>) {
        let origin = if *user == CRM { Origin::Crm } else { Origin::Mailbox { user: *user, generation } };
        let view = self.shared.tenant(tenant);
        let mut fold = view.fold.write();
        entries.into_iter().filter_map(entry::from_message).for_each(|entry| fold.fold(origin, entry));
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
            let open = place.1 == CRM || permit.users.get(&place.1).and_then(|user| opening(user)).as_ref() == Some(&loaded.opening);
            if open {
                drafts.push(Draft { place, opening: loaded.opening, entries: loaded.pending });
            } else {
                // Closed since it was settled: should it only be held, it is folded again from here.
                self.disk.places.insert(place.clone(), loaded.place());
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

    pub(crate) fn publish(&self, change: impl FnOnce(&mut Progress)) {
        self.shared.progress.send_modify(|progress| {
            progress.incarnation = self.disk.cursor.incarnation;
            progress.position = self.position;
            change(progress);
        });
    }
}

/// What a block's key allows.
pub(crate) enum BlockKey {
    Open(Key),
    Held,
    PassOver,
}

pub(crate) fn key_of(permit: &Permit, block: &pb::Block) -> Result<BlockKey, Fault> {
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

fn tenant_of(block: &pb::Block) -> Result<TenantId, Fault> {
    TenantId::parse(&block.tenant_id).map_err(|_| Fault::internal("a block names no tenant"))
}
