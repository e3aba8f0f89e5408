//! The single writer: one decision after the other, each in the order that keeps a crash harmless.
//! Widening: keys durable, then the decision. Narrowing: the decision durable, holders told, keys destroyed, acknowledgements, answer.
//! The keyring notes the position of each decision last, so that a store without it is known to be behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use consent_domain::{Decision, Moment, NamesKey, State, expire};
use contracts::consent::v1 as pb;
use parking_lot::RwLock;
use prost::Message;
use runtime::config::Limits;
use sealing::{Key, SlotId};
use store::{Changes, Store, StoreError};
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use vocabulary::{Address, Clock, Fault, Kind, Reason, TenantId, Timestamp, UserId};

use crate::access::Accesses;
use crate::convert::stored;
use crate::enforce::{Change, Hub, Ticking};
use crate::erasures::{self, Erasures};
use crate::events::{Actor, Appended, Draft, Ledger, Texts};
use crate::expiring;
use crate::keys::{self, Keys, TenantKeys};
use crate::requests::{self, Kept, Repeatable, RequestKey};
use crate::steps::{Observer, Step};
use crate::tables;
use crate::tenants::{Held, Tenants};

/// Everything the service's adapters work on.
pub(crate) struct Core {
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
    pub store: Store,
    pub keys: Keys,
    pub tenants: Arc<RwLock<Tenants>>,
    pub hub: Arc<Hub>,
    /// The regions the operator allows; none: every region.
    pub allowed_regions: Arc<[Box<str>]>,
    /// A decision was taken: what ends by itself may end at another instant.
    pub changed: Arc<Notify>,
    pub page_key: Key,
    /// Cancelled when the streams of holders are to end.
    pub ending: CancellationToken,
    /// What the head row says apart from the position.
    pub head: pb::StoredHead,
    pub erasures: Erasures,
    /// What administrators are shown before they consent.
    pub texts: Texts,
    /// Who read what.
    pub access: Accesses,
    /// Held from reading the state to replacing it; by [`Core::writing`].
    pub writing: Mutex<Kept>,
    /// Farewell leases are granted: nothing is decided any more.
    pub parted: AtomicBool,
    /// Told of every step.
    pub observer: Observer,
    pub _ticking: Ticking,
}

/// About what is decided, and how.
pub(crate) struct Command {
    pub tenant: TenantId,
    /// Who brings it about.
    pub actor: Actor,
    pub repeat: Option<Repeatable>,
    /// Only say what would happen.
    pub validate_only: bool,
    /// Whether the request takes something away: then even one that takes nothing more waits until what was taken before is enforced.
    pub narrows: bool,
    /// The addresses of whom it erases, as the caller named them.
    pub named: Vec<Address>,
}

/// A decision that is durable, and what must be in force before it is answered.
pub(crate) struct Decided<R> {
    pub answer: R,
    awaited: u64,
    request: Option<RequestKey>,
}

/// What is written with a decision.
struct Added {
    request: Option<(RequestKey, pb::StoredRequest)>,
    erasure: Option<erasures::Rows>,
    events: Arc<Appended>,
}

impl Core {
    /// Decides about a tenant: `rule` gives the decision and whatever else the answer tells, `answer` makes the answer of the tenant as
    /// it is afterwards. Goes on to its end when the caller goes away.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND, REQUEST_ID_REUSED, what the rule says, and failures of store and keyring.
    pub async fn decide<T, R>(
        self: &Arc<Self>,
        command: Command,
        rule: impl FnOnce(&State, Moment) -> Result<(Decision, T), Fault> + Send + 'static,
        answer: impl FnOnce(&State, &Decision, T, String) -> R + Send + 'static,
    ) -> Result<Decided<R>, Fault>
    where
        T: Send + 'static,
        R: Message + Default + 'static,
    {
        let core = Arc::clone(self);
        let narrowed = (command.narrows && !command.validate_only).then(|| command.tenant.clone());
        let decided = self.to_its_end(async move {
            let (mut kept, now) = core.turn(&command).await?;
            let (held, position) = core.present(&command.tenant)?;
            if let Some(decided) = core.answered(&command, &held, now).await? {
                return Ok(decided);
            }
            let (decision, more) = rule(&held.state, Moment { position: position + 1, time: now })?;
            let decision = decision.numbered(&held.state);
            let mut next = held.after(&decision);
            let taken = !(decision.is_empty() || command.validate_only);
            let answer = answer(&next.state, &decision, more, core.revision(if taken { position + 1 } else { position }));
            if command.validate_only {
                return Ok(Decided { answer, awaited: 0, request: None });
            }
            let awaited = if command.narrows || decision.narrowing { next.state.position } else { 0 };
            let request = core.request(&command, &next, &answer, awaited, now);
            let key = request.as_ref().map(|(key, _)| key.clone());
            let draft = core.draft(&command, Some(&held.state), &decision, &held.keys);
            let minted = core.minted(&command.tenant, &decision, &draft);
            core.keys.mint(minted.clone(), position).await?;
            core.passed(Step::KeysMinted);
            next.mailbox_keys.extend(core.keys.of_mailboxes(&command.tenant, decision.mint.iter().copied())?);
            if decision.names.is_some() {
                next.keys = core.keys.of_tenant(&command.tenant, next.state.names)?;
            }
            let erasure = erasures::Rows::of(&core.erasures, &held.state, &decision, &command.named, &held.keys.names, now);
            let erasure = erasure.map(|rows| rows.in_ledger(draft.erasure_at()));
            let events = Arc::new(draft.sealed(&core.texts, &held.keys, &core.keys)?);
            let added = Added { request, erasure, events: Arc::clone(&events) };
            core.write(&mut kept, &next, &decision, added, minted, now).await?;
            let destroyed = keys::destroyed(&command.tenant, &decision);
            if !decision.is_empty() {
                core.publish(Some(&held.state), next, &decision, &events);
            }
            let closes = awaited > 0 || !destroyed.is_empty();
            let noted = core.keys.destroy(destroyed, if taken { position + 1 } else { position }).await;
            if closes {
                noted?;
            }
            core.passed(Step::KeysDestroyed);
            Ok(Decided { answer, awaited, request: key })
        });
        let decided = decided.await;
        if let (Err(refused), Some(tenant)) = (&decided, narrowed)
            && may_repeat(refused)
        {
            self.finish(&tenant).await?;
        }
        decided
    }

    /// Makes a tenant with its keys.
    ///
    /// # Errors
    /// What `make` says, REQUEST_ID_REUSED, and failures of store and keyring.
    pub async fn create<R: Message + Default + 'static>(
        self: &Arc<Self>,
        command: Command,
        make: impl FnOnce(Option<&State>, Moment) -> Result<State, Fault> + Send + 'static,
        answer: impl FnOnce(&State, String) -> R + Send + 'static,
    ) -> Result<Decided<R>, Fault> {
        let core = Arc::clone(self);
        self.to_its_end(async move {
            let mut kept = core.writing().await?;
            let now = core.clock.now();
            let (held, position) = {
                let tenants = core.tenants.read();
                (tenants.held.get(&command.tenant).cloned(), tenants.position)
            };
            if let Some(held) = &held
                && let Some(decided) = core.answered(&command, held, now).await?
            {
                return Ok(decided);
            }
            if core.tenants.read().erased.contains_key(&command.tenant) {
                return Err(Fault::new(
                    Kind::AlreadyExists,
                    Reason::TenantExists,
                    "a tenant of that id was erased: ids are never given again",
                ));
            }
            let moment = Moment { position: position + 1, time: now };
            let state = make(held.as_ref().map(|held| &held.state), moment)?;
            let answer = answer(&state, core.revision(position + 1));
            let slots = keys::of_tenant(&command.tenant, NamesKey::default());
            core.keys.mint(slots.clone(), position).await?;
            core.passed(Step::KeysMinted);
            let keys = core.keys.of_tenant(&command.tenant, NamesKey::default())?;
            let decision = Decision { settings: Some(state.settings.clone()), ..Decision::at(moment) };
            let draft = core.draft(&command, None, &decision, &keys);
            let events = Arc::new(draft.sealed(&core.texts, &keys, &core.keys)?);
            let next = Held { state, keys, mailbox_keys: Default::default() };
            let request = core.request(&command, &next, &answer, 0, now);
            let added = Added { request, erasure: None, events: Arc::clone(&events) };
            core.write(&mut kept, &next, &decision, added, slots, now).await?;
            core.publish(None, next, &decision, &events);
            // What fails here is owed.
            let _noted = core.keys.destroy(Vec::new(), position + 1).await;
            Ok(Decided { answer, awaited: 0, request: None })
        })
        .await
    }

    /// Waits until a decision is in force everywhere, and says since when; now, when it took nothing away.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn enforced<R>(&self, decided: &Decided<R>) -> Result<Timestamp, Fault> {
        if decided.awaited > 0 {
            self.hub.settled(decided.awaited).await;
        }
        let now = self.clock.now();
        match &decided.request {
            Some(key) if decided.awaited > 0 => requests::enforced(&self.store, key.clone(), now).await,
            Some(_) | None => Ok(now),
        }
    }

    /// Destroys what is still owed, and waits until all that was decided about a tenant is in force.
    async fn finish(&self, tenant: &TenantId) -> Result<(), Fault> {
        let (held, position) = self.present(tenant)?;
        self.keys.destroy(Vec::new(), position).await?;
        self.hub.settled(held.state.position).await;
        Ok(())
    }

    /// The answer to a request that came before. What its decision destroys is destroyed by now, or now.
    async fn answered<R: Message + Default>(&self, command: &Command, held: &Held, now: Timestamp) -> Result<Option<Decided<R>>, Fault> {
        let Some(repeat) = command.repeat.as_ref().filter(|_| !command.validate_only) else { return Ok(None) };
        let Some(answered) = repeat.answered(&self.store, &command.tenant, &held.keys, now)? else { return Ok(None) };
        self.keys.destroy(Vec::new(), answered.awaited).await?;
        let request = Some(repeat.key(&command.tenant, &held.keys));
        Ok(Some(Decided { answer: answered.answer, awaited: answered.awaited, request }))
    }

    fn draft(&self, command: &Command, before: Option<&State>, decision: &Decision, own: &TenantKeys) -> Draft {
        let draft = |ledger: &Ledger| Draft::of(&command.tenant, before, ledger, decision, &command.actor, own);
        let tenants = self.tenants.read();
        tenants.ledgers.get(&command.tenant).map_or_else(|| draft(&Ledger::default()), draft)
    }

    /// The slots that must be durable before a decision is: what it mints, and ledger keys of those who have none yet.
    fn minted(&self, tenant: &TenantId, decision: &Decision, draft: &Draft) -> Vec<SlotId> {
        let opened = decision.mint.iter().map(|name| name.user);
        let named: BTreeSet<UserId> = opened.chain(draft.named()).collect();
        let of_ledger = self.keys.lacking(named.into_iter().map(|user| SlotId::of_ledger(tenant, user)));
        keys::minted(tenant, decision).into_iter().chain(of_ledger).collect()
    }

    fn request(
        &self,
        command: &Command,
        held: &Held,
        answer: &impl Message,
        awaited: u64,
        now: Timestamp,
    ) -> Option<(RequestKey, pb::StoredRequest)> {
        let repeat = command.repeat.as_ref()?;
        let row = repeat.row(&command.tenant, &held.keys, answer, awaited, now);
        Some((repeat.key(&command.tenant, &held.keys), row))
    }

    /// Makes a decision durable. When it is certain that nothing of it is on disk, the keys minted for it go again.
    async fn write(
        &self,
        kept: &mut Kept,
        next: &Held,
        decision: &Decision,
        added: Added,
        minted: Vec<SlotId>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let Added { request, erasure, events } = added;
        if decision.is_empty() && request.is_none() {
            return Ok(());
        }
        let rows = (!decision.is_empty()).then(|| stored::Rows::of(&next.state, decision, &next.keys));
        let head = pb::StoredHead { position: decision.moment.position, ..self.head };
        let expired = kept.expire(now);
        if let Some((key, _)) = &request {
            kept.push(key.clone(), now);
        }
        let erasure = erasure.map(Arc::new);
        let erased = erasure.clone();
        let committed = self.store.commit(move |changes: &mut Changes<'_>| {
            if let Some(rows) = rows {
                rows.put(changes)?;
                events.put(changes)?;
                changes.put::<tables::Head>(&(), &head)?;
            }
            erased.iter().try_for_each(|erased| erased.put(changes))?;
            for key in &expired {
                changes.delete::<tables::Requests>(key);
            }
            if let Some((key, row)) = &request {
                changes.put::<tables::Requests>(key, row)?;
            }
            Ok::<_, StoreError>(())
        });
        let committed = committed.await;
        if committed.as_ref().is_err_and(applied_nothing) && !minted.is_empty() {
            // What fails here is owed.
            let _owed = self.keys.destroy(minted, 0).await;
        }
        committed?;
        self.passed(Step::DecisionDurable);
        if let Some(erasure) = erasure {
            self.erasures.written(&erasure);
        }
        Ok(())
    }

    /// Shows a durable decision to readers and holders, to all at the same moment.
    fn publish(&self, before: Option<&State>, next: Held, decision: &Decision, events: &Appended) {
        let (tenant, position, narrowing) = (Arc::new(next), decision.moment.position, decision.narrowing);
        let gone = decision.erasure.as_ref().and_then(|erasure| before?.directory.get(erasure.user?));
        let gone = gone.map(|user| (user.id, user.mailbox.generation));
        let number = tenant.state.erased.number;
        let change = Change { gone, ..Change::of(position, narrowing, Arc::clone(&tenant), decision, number) };
        self.hub.publish(change, || {
            let mut tenants = self.tenants.write();
            tenants.ledgers.entry(tenant.state.tenant.clone()).or_default().take(events);
            tenants.held.insert(tenant.state.tenant.clone(), tenant);
            tenants.position = position;
        });
        self.passed(Step::HoldersTold);
        self.changed.notify_one();
        tracing::info!(position, narrowing, users = decision.users.len(), minted = decision.mint.len(), "decided");
    }

    /// The right to decide about a tenant, and the instant of it. What is due by then is decided first: a command that reopens what has ended
    /// would find it open.
    async fn turn(self: &Arc<Self>, command: &Command) -> Result<(MutexGuard<'_, Kept>, Timestamp), Fault> {
        let kept = self.writing().await?;
        let now = self.clock.now();
        let ends = |due: Timestamp| due <= now && !matches!(command.actor, Actor::Suite);
        if !expire::due(&self.present(&command.tenant)?.0.state).is_some_and(ends) {
            return Ok((kept, now));
        }
        drop(kept);
        expiring::end(Arc::clone(self), command.tenant.clone()).await?;
        Ok((self.writing().await?, self.clock.now()))
    }

    /// The right to decide and write, which one has at a time.
    ///
    /// # Errors
    /// UNAVAILABLE, SHUTTING_DOWN.
    pub async fn writing(&self) -> Result<MutexGuard<'_, Kept>, Fault> {
        let kept = self.writing.lock().await;
        if self.parted.load(Ordering::Relaxed) {
            return Err(Fault::unavailable(Reason::ShuttingDown, "consent is stopping", Duration::from_secs(1)));
        }
        Ok(kept)
    }

    /// Tells whoever looks on.
    pub fn passed(&self, step: Step) {
        (self.observer)(step);
    }

    /// Runs to its end even if whoever asked goes away: between key, decision and announcement there is no stopping.
    pub async fn to_its_end<R: Send + 'static>(&self, work: impl Future<Output = Result<R, Fault>> + Send + 'static) -> Result<R, Fault> {
        let task = tokio::spawn(work.in_current_span());
        task.await.unwrap_or_else(|_| Err(Fault::internal("a decision ended in a panic")))
    }
}

/// Whether a refusal may be due to what an earlier try of the same request did: then that comes to its end first.
fn may_repeat(refused: &Fault) -> bool {
    matches!(refused.reason, Reason::NotGranted | Reason::StaleEtag | Reason::UserNotFound)
}

/// Whether a failed commit certainly left nothing on disk. Otherwise the decision may stand there and need its keys; those that no
/// decision needs are destroyed at the next start.
fn applied_nothing(error: &StoreError) -> bool {
    match error {
        StoreError::ValueTooLarge { .. } | StoreError::Panicked => true,
        StoreError::Locked
        | StoreError::Failed { .. }
        | StoreError::Damaged { .. }
        | StoreError::UnknownFormat { .. }
        | StoreError::BehindMirror
        | StoreError::AheadOfMirror
        | StoreError::Closed => false,
    }
}
