//! The one task of a view: it settles decisions, takes blocks, and writes chunks now and then. It alone writes the folds, so that
//! the order in which decisions and blocks take effect is the order of this file. It waits for everything at once and for nothing
//! else: whatever the feed does, the next decision is settled when it comes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use consent_client::{Permit, Reporter, Subscriber};
use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use runtime::Link;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use vocabulary::{Fault, Kind, Reason, TenantId};

use crate::Fold;
use crate::chunks::Disk;
use crate::erased::Gone;
use crate::mailboxes::Mailboxes;
use crate::names::Names;
use crate::refold::Pass;
use crate::settle::{Stamp, Standing, decided_at};
use crate::source::{Blocks, RETRY};
use crate::take::Taken;
use crate::view::{Progress, Shared};

const MESSAGE_LIMIT: usize = 64 << 20;

/// How often chunks are written.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// At the latest after this time.
    pub tick: Duration,
    /// And when so many entries wait.
    pub pending_limit: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { tick: Duration::from_secs(10), pending_limit: 50_000 }
    }
}

pub(crate) struct Follower<F> {
    pub(crate) subscriber: Subscriber,
    pub(crate) client: FeedServiceClient<Link>,
    pub(crate) shared: Arc<Shared<F>>,
    pub(crate) disk: Disk,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) names: Names,
    pub(crate) reporter: Reporter,
    /// Who was taken out of each tenant, and how many rows went that consent was not told of.
    pub(crate) erased: HashMap<TenantId, Gone>,
    /// Tenants that are erased, and of whom nothing is kept any more.
    pub(crate) tenants_gone: BTreeSet<TenantId>,
    /// What is settled of each tenant.
    pub(crate) standings: HashMap<TenantId, Standing>,
    /// The mirror to which every tenant is settled.
    pub(crate) settled: Option<Stamp>,
    /// Which log it is; 0 before it is known.
    pub(crate) incarnation: u64,
    /// Every block up to here is folded, has a place kept for it, or is destroyed.
    pub(crate) position: u64,
    pace: Pace,
    tail: Blocks,
    /// A message from the tail, as far as it is not worked off.
    pub(crate) taken: Option<Taken>,
    pub(crate) pass: Option<Pass>,
    /// What was last complained of: a complaint is repeated for ever, but told once.
    pub(crate) complaint: Option<String>,
}

impl<F: Fold> Follower<F> {
    pub fn new(disk: Disk, subscriber: Subscriber, feed: Link, reporter: Reporter, shared: Arc<Shared<F>>, pace: Pace) -> Self {
        let client = FeedServiceClient::new(feed).max_decoding_message_size(MESSAGE_LIMIT);
        let pb::StoredCursor { incarnation, position } = disk.cursor();
        let tail = Blocks::after(&client, position, incarnation, Duration::ZERO);
        let mailboxes = Mailboxes::beginning_at(disk.places().clone());
        let (names, standings) = Default::default();
        let (settled, taken, pass, complaint) = Default::default();
        Self {
            subscriber,
            client,
            shared,
            disk,
            mailboxes,
            names,
            reporter,
            erased: HashMap::new(),
            tenants_gone: BTreeSet::new(),
            standings,
            settled,
            incarnation,
            position,
            pace,
            tail,
            taken,
            pass,
            complaint,
        }
    }

    /// Follows until `stopping`, then writes what is pending. Only what may be given up is waited for side by side; each step is
    /// finished before the next begins.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut changes = self.subscriber.changes();
        let mut tick = interval(self.pace.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset();
        loop {
            let advanced = self.advance().await;
            let failed = advanced.is_err();
            self.complain(advanced);
            // Nothing more is taken in while what is pending cannot be written.
            let room = self.mailboxes.pending() < self.pace.pending_limit;
            let step = tokio::select! {
                () = stopping.cancelled() => break,
                Ok(()) = changes.changed() => Ok(()),
                () = sleep(RETRY), if failed => Ok(()),
                message = self.tail.next(), if room && self.taken.is_none() => self.receive(message).await,
                message = Pass::next(&mut self.pass), if room => self.refold(message).await,
                answer = self.names.answer() => self.learn(answer),
                () = std::future::ready(()), if !failed && self.any_owed_anew() => self.write_one_anew().await,
                _ = tick.tick() => self.write().await,
            };
            self.complain(step);
        }
        if let Err(fault) = self.write().await {
            tracing::warn!(%fault, "what was pending is folded anew at the next start");
        }
        self.disk.close().await;
    }

    /// Does whatever can be done without waiting for others.
    async fn advance(&mut self) -> Result<(), Fault> {
        self.settle().await?;
        let taken = self.take().await;
        self.find_missing();
        let asked = self.ask_names();
        if self.mailboxes.pending() >= self.pace.pending_limit {
            self.write().await?;
        }
        taken.and(asked)
    }

    fn complain(&mut self, outcome: Result<(), Fault>) {
        let Err(fault) = outcome else { return };
        let complaint = fault.to_string();
        if self.complaint.as_ref() != Some(&complaint) {
            match fault.kind {
                Kind::Unavailable => tracing::debug!(%fault, "the view is not following"),
                _ => tracing::error!(%fault, "the view cannot follow"),
            }
            self.complaint = Some(complaint);
        }
    }

    async fn receive(&mut self, message: Result<pb::FollowResponse, Fault>) -> Result<(), Fault> {
        match message.and_then(|message| self.of_this_log(message)) {
            Ok(pb::FollowResponse { incarnation, blocks, position, head_position: head }) => {
                self.incarnation = incarnation;
                self.taken = Some(Taken { blocks: blocks.into(), position, head });
                Ok(())
            }
            Err(fault) => {
                self.tail = Blocks::after(&self.client, self.position, self.incarnation, RETRY);
                self.begin_anew_if_lost(fault).await
            }
        }
    }

    /// The message, if it comes from the log that is being followed.
    pub(crate) fn of_this_log(&self, message: pb::FollowResponse) -> Result<pb::FollowResponse, Fault> {
        if self.incarnation == 0 || self.incarnation == message.incarnation {
            return Ok(message);
        }
        Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the feed went over to another log"))
    }

    /// Writes what is pending, and the cursor behind it.
    async fn write(&mut self) -> Result<(), Fault> {
        self.settle().await?;
        for (tenant, _) in self.mailboxes.unwritten().map(|(place, _)| place) {
            // Without a lease nothing is known to be open, and what has closed since is forgotten first: it stays pending.
            if !self.permit(tenant)?.is_some_and(|permit| self.is_open_as(&permit)) {
                return Err(Fault::unavailable(Reason::ConsentUnknown, "decisions came before chunks were written", RETRY));
            }
        }
        let cursor = pb::StoredCursor { incarnation: self.incarnation, position: self.position };
        self.disk.write(self.mailboxes.unwritten(), self.mailboxes.places(), cursor).await?;
        self.mailboxes.written();
        Ok(())
    }

    /// Builds the view anew when the log turned out to be another one.
    pub(crate) async fn begin_anew_if_lost(&mut self, fault: Fault) -> Result<(), Fault> {
        if fault.reason != Reason::RevisionLost {
            return Err(fault);
        }
        tracing::warn!("the log is another one: the view is built anew");
        self.disk.clear().await?;
        self.mailboxes = Mailboxes::default();
        self.standings.clear();
        self.erased.clear();
        self.shared.tenants.write().clear();
        (self.settled, self.taken, self.pass, self.names) = Default::default();
        (self.incarnation, self.position) = (0, 0);
        self.tail = Blocks::after(&self.client, 0, 0, Duration::ZERO);
        self.publish(|progress| progress.caught_up = false);
        Ok(())
    }

    pub(crate) fn publish(&self, change: impl FnOnce(&mut Progress)) {
        self.shared.progress.send_modify(|progress| {
            progress.incarnation = self.incarnation;
            progress.position = self.position;
            change(progress);
        });
    }

    /// A permit, or `None` for a tenant that is erased, or was never known.
    pub(crate) fn permit(&self, tenant: &TenantId) -> Result<Option<Permit>, Fault> {
        match self.subscriber.permit(tenant) {
            Ok(permit) => Ok(Some(permit)),
            Err(fault) if fault.reason == Reason::TenantNotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether exactly the mailboxes are in memory that stand open by this permit.
    pub(crate) fn is_open_as(&self, permit: &Permit) -> bool {
        self.standings.get(&permit.tenant).is_some_and(|standing| standing.opened == Some(decided_at(permit)))
    }
}
