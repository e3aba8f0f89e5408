//! Taking blocks: each is folded, kept a place for, or passed over, once the decisions it was sealed under are settled.

use std::collections::VecDeque;

use consent_client::{MailboxKeyState, Permit};
use contracts::ingestion::v1 as pb;
use sealing::Key;
use vocabulary::entry::Origin;
use vocabulary::{Fault, TenantId, Timestamp, UserId};

use crate::follower::Follower;
use crate::mailboxes::Place;
use crate::settle::opening;
use crate::tables::CRM;
use crate::{Fold, block, entry};

/// How many entries are folded before readers get a turn.
const FOLDED_AT_ONCE: usize = 2_000;

/// A message of the feed.
pub(crate) struct Taken {
    pub blocks: VecDeque<pb::Block>,
    pub position: u64,
    pub head: u64,
}

impl<F: Fold> Follower<F> {
    /// Works off what was taken from the tail, as far as the decisions are known that it was sealed under.
    pub(crate) async fn take(&mut self) -> Result<(), Fault> {
        let Some(mut taken) = self.taken.take() else { return Ok(()) };
        let outcome = self.take_blocks(&mut taken.blocks).await;
        if !taken.blocks.is_empty() {
            self.taken = Some(taken);
            self.publish(|_| {});
            return outcome;
        }
        self.position = self.position.max(taken.position);
        let caught_up = self.position >= taken.head;
        self.publish(|progress| progress.caught_up |= caught_up);
        self.complaint = None;
        outcome
    }

    async fn take_blocks(&mut self, blocks: &mut VecDeque<pb::Block>) -> Result<(), Fault> {
        while let Some(block) = blocks.front() {
            if block.position > self.position {
                if block.consent_position > self.subscriber.mirror().position {
                    return Ok(());
                }
                let permit = self.permit(&tenant_of(block)?)?;
                if let Some(permit) = permit {
                    if !self.is_open_as(&permit) {
                        self.settle().await?;
                        continue;
                    }
                    if !self.take_block(&permit, block)? {
                        return Ok(());
                    }
                }
                self.position = block.position;
            }
            blocks.pop_front();
        }
        Ok(())
    }

    /// Folds a block, or keeps its place, or passes over it, as the permit says to which its tenant is settled; `false` when the permit
    /// does not know the decision yet that the block was sealed under.
    fn take_block(&mut self, permit: &Permit, block: &pb::Block) -> Result<bool, Fault> {
        let place = (permit.tenant.clone(), UserId(block.user_id));
        match key_of(permit, block) {
            BlockKey::Open(key, scope) => self.fold_block(permit, &place, &key, scope, block)?,
            BlockKey::Held => self.mailboxes.keep(place, block.generation, block.position),
            BlockKey::PassOver => {}
            BlockKey::Behind => return Ok(false),
        }
        Ok(true)
    }

    /// Folds what a block tells, from `scope` on where there is one, and without the erased.
    pub(crate) fn fold_block(
        &mut self,
        permit: &Permit,
        place: &Place,
        key: &Key,
        scope: Option<Timestamp>,
        block: &pb::Block,
    ) -> Result<(), Fault> {
        let (tenant, user) = place;
        let mut entries = block::open(key, &block::log_place(tenant, *user, block.generation, block.position), &block.sealed)?;
        if let Some(scope) = scope {
            entries.retain(|entry| entry.time_micros >= scope.micros());
        }
        let (entries, _) = entry::without(entries, &permit.erased.people);
        self.fold(place, block.generation, entries.clone());
        self.mailboxes.push(place, block.position, entries);
        Ok(())
    }

    pub(crate) fn fold(&self, (tenant, user): &Place, generation: u32, entries: Vec<pb::Entry>) {
        let origin = if *user == CRM { Origin::Crm } else { Origin::Mailbox { user: *user, generation } };
        let view = self.shared.tenant(tenant);
        let mut entries = entries.into_iter().filter_map(entry::from_message).peekable();
        while entries.peek().is_some() {
            let mut fold = view.fold.write();
            entries.by_ref().take(FOLDED_AT_ONCE).for_each(|entry| fold.fold(origin, entry));
        }
    }
}

/// What a block's key allows.
pub(crate) enum BlockKey {
    /// The key, and from which instant on what it opens counts.
    Open(Key, Option<Timestamp>),
    Held,
    PassOver,
    Behind,
}

pub(crate) fn key_of(permit: &Permit, block: &pb::Block) -> BlockKey {
    let user = UserId(block.user_id);
    if user == CRM {
        return BlockKey::Open(permit.facts_key.clone(), None);
    }
    match permit.block_key(user, block.generation, block.consent_position) {
        MailboxKeyState::Open(user) => match &user.log_key {
            Some(key) if opening(user).is_some() => BlockKey::Open(key.clone(), user.scope_at(block.consent_position)),
            _ => BlockKey::Held,
        },
        MailboxKeyState::Held => BlockKey::Held,
        MailboxKeyState::Destroyed => BlockKey::PassOver,
        MailboxKeyState::Behind => BlockKey::Behind,
    }
}

pub(crate) fn tenant_of(block: &pb::Block) -> Result<TenantId, Fault> {
    TenantId::parse(&block.tenant_id).map_err(|_| Fault::internal("a block names no tenant"))
}
