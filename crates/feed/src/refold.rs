//! Folding again from the log what mailboxes miss that were held, or whose chunks did not open: one pass for all of them, beside the
//! tail, which goes on meanwhile.

use std::time::Duration;

use contracts::ingestion::v1 as pb;
use vocabulary::{Fault, Reason, TenantId, UserId};

use crate::Fold;
use crate::follower::Follower;
use crate::source::{Blocks, RETRY};
use crate::take::{BlockKey, key_of, tenant_of};

/// A reading of the log from the first block that is missing anywhere.
pub(crate) struct Pass {
    blocks: Blocks,
    /// Whatever is missing up to here was folded.
    position: u64,
}

impl Pass {
    /// The next message; never, while nothing is missing.
    pub async fn next(pass: &mut Option<Self>) -> Result<pb::FollowResponse, Fault> {
        match pass {
            Some(pass) => pass.blocks.next().await,
            None => std::future::pending().await,
        }
    }
}

impl<F: Fold> Follower<F> {
    /// Sees to it that a pass goes on, or begins, before the first block that is missing; `true` when the one there was goes on.
    pub(crate) fn find_missing(&mut self) -> bool {
        match (self.mailboxes.first_missing(), &self.pass) {
            (Some(first), Some(pass)) if pass.position < first => return true,
            _ => self.begin_pass(Duration::ZERO),
        }
        false
    }

    fn begin_pass(&mut self, pause: Duration) {
        self.pass = self.mailboxes.first_missing().map(|first| {
            let position = first.saturating_sub(1);
            Pass { blocks: Blocks::after(&self.client, position, self.incarnation, pause), position }
        });
    }

    /// Folds what a message of the pass brings of what is missing.
    pub(crate) async fn refold(&mut self, message: Result<pb::FollowResponse, Fault>) -> Result<(), Fault> {
        let outcome = match message.and_then(|message| self.of_this_log(message)) {
            Ok(message) => self.refold_settled(message).await,
            Err(fault) => Err(fault),
        };
        let Err(fault) = outcome else { return Ok(()) };
        self.begin_pass(RETRY);
        self.begin_anew_if_lost(fault).await
    }

    async fn refold_settled(&mut self, message: pb::FollowResponse) -> Result<(), Fault> {
        self.settle().await?;
        // What has opened just now may begin before the pass: then the message is read again.
        if self.find_missing() { self.refold_blocks(message) } else { Ok(()) }
    }

    fn refold_blocks(&mut self, message: pb::FollowResponse) -> Result<(), Fault> {
        for block in &message.blocks {
            let place = (tenant_of(block)?, UserId(block.user_id));
            if !self.mailboxes.misses(&place, block.position) {
                continue;
            }
            let permit = self.permit(&place.0)?.filter(|permit| self.is_open_as(permit));
            match permit.as_ref().map(|permit| (permit, key_of(permit, block))) {
                Some((permit, BlockKey::Open(key, scope))) => self.fold_block(permit, &place, &key, scope, block)?,
                Some((_, BlockKey::PassOver)) => {}
                // Decisions have come that are not settled yet: the pass begins again when they are.
                None => {
                    self.pass = None;
                    return Ok(());
                }
                Some((_, BlockKey::Held | BlockKey::Behind)) => {
                    return Err(Fault::unavailable(Reason::ConsentUnknown, "a block was sealed under a decision not known here", RETRY));
                }
            }
            self.mailboxes.found(&place, block.position + 1);
        }
        self.mailboxes.all_found(message.position + 1);
        if let Some(pass) = &mut self.pass {
            pass.position = message.position;
        }
        let tenants: Vec<TenantId> = self.standings.keys().cloned().collect();
        tenants.iter().for_each(|tenant| self.answer_for(tenant));
        Ok(())
    }
}
