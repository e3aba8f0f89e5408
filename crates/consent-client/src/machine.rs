//! The subscriber as a pure state machine: events in with the boot time at which they were seen, actions out, to be carried out in
//! order. `stream` drives it with a connection, simulation with whatever it likes. It knows no task, no clock and no randomness.

mod cause;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::apply::{self, SettingsMissing};
use crate::lease::{Gap, Lease};
use crate::message::{Message, Say, TenantPart};
use crate::{Closed, Mirror};

pub use cause::Cause;

/// How long consent may leave us without a word we wait for; at least a lease.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shortest and the longest pause before the next stream.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A stream is open: what is said from now on goes there, what is received comes from there.
    Opened,
    /// Messages arrived on the present stream, in this order.
    Received(Vec<Message>),
    /// Time has passed; welcome at any instant, due at [`Machine::wake`].
    Tick,
    /// The stream is gone.
    Lost,
}

/// What is to be done, in the order given.
#[derive(Clone, Debug)]
pub enum Action {
    /// Cut all later permits from this mirror.
    Publish(Arc<Mirror>),
    /// Send this.
    Say(Say),
    /// Let permits be cut until this boot time.
    Extend(Duration),
    /// Tell whoever holds memory of these mailboxes to forget it.
    Announce(Vec<Closed>),
    /// Drop the stream; open another one after [`Machine::pause`].
    Disconnect(Cause),
}

/// Where the present stream stands.
enum Phase {
    Down,
    /// The snapshot, as far as its parts are in.
    Collecting(Option<Mirror>),
    Live,
}

/// The subscriber's state, over all its streams.
pub struct Machine {
    mirror: Arc<Mirror>,
    phase: Phase,
    lease: Lease,
    seen: u64,
    /// Since when we wait for a word.
    waiting: Option<Duration>,
    failures: u32,
}

/// What a batch of messages amounts to.
#[derive(Default)]
struct Outcome {
    applied: bool,
    acknowledge: bool,
    closed: Vec<Closed>,
}

impl Default for Machine {
    fn default() -> Self {
        Self { mirror: Arc::default(), phase: Phase::Down, lease: Lease::default(), seen: 0, waiting: None, failures: 0 }
    }
}

impl Machine {
    /// Takes an event seen at boot time `now`.
    ///
    /// A decision is published before it is acknowledged, and acknowledged before anybody is told to purge; a batch is published and
    /// acknowledged once.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Opened => {
                self.phase = Phase::Collecting(None);
                self.lease.reopen();
                self.waiting = Some(now);
                actions.push(Action::Say(Say::Hello { incarnation: self.seen }));
            }
            Event::Received(messages) => self.receive(messages, &mut actions),
            Event::Tick => {
                if self.waiting.is_some_and(|since| now >= since.saturating_add(self.patience())) {
                    self.disconnect(Cause::Silent, &mut actions);
                }
            }
            Event::Lost => self.fall(),
        }
        if matches!(self.phase, Phase::Live) && now >= self.lease.due() {
            self.waiting.get_or_insert(now);
            actions.push(Action::Say(Say::Renew { number: self.lease.renew(now) }));
        }
        actions
    }

    /// The boot time at which a [`Event::Tick`] is due.
    pub fn wake(&self) -> Duration {
        let silent = self.waiting.map_or(Duration::MAX, |since| since.saturating_add(self.patience()));
        match self.phase {
            Phase::Down => Duration::MAX,
            Phase::Collecting(_) => silent,
            Phase::Live => silent.min(self.lease.due()),
        }
    }

    /// How long to wait before the next stream, before jitter: it doubles until a lease is won.
    pub fn pause(&self) -> Duration {
        (PAUSE.0 * (1 << self.failures.saturating_sub(1).min(8))).min(PAUSE.1)
    }

    /// The mirror as last published, or about to be.
    pub fn mirror(&self) -> &Arc<Mirror> {
        &self.mirror
    }

    /// The boot time the lease runs to.
    pub fn until(&self) -> Duration {
        self.lease.until()
    }

    fn patience(&self) -> Duration {
        PATIENCE.max(self.lease.length())
    }

    fn receive(&mut self, messages: Vec<Message>, actions: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Down) {
            return;
        }
        self.waiting = None;
        let until = self.lease.until();
        let mut outcome = Outcome::default();
        let taken = messages.into_iter().try_for_each(|message| self.take(message, &mut outcome));
        if outcome.applied {
            actions.push(Action::Publish(Arc::clone(&self.mirror)));
        }
        if outcome.acknowledge {
            actions.push(Action::Say(Say::Acknowledge { position: self.mirror.position }));
        }
        if self.lease.until() > until {
            self.failures = 0;
            actions.push(Action::Extend(self.lease.until()));
        }
        if !outcome.closed.is_empty() {
            actions.push(Action::Announce(outcome.closed));
        }
        if let Err(cause) = taken {
            self.disconnect(cause, actions);
        }
    }

    fn take(&mut self, message: Message, outcome: &mut Outcome) -> Result<(), Cause> {
        match message {
            Message::Snapshot { incarnation, log_incarnation, position, tenants, last } => {
                self.hear(incarnation)?;
                self.collect(Mirror { incarnation, log_incarnation, position, ..Mirror::default() }, tenants)?;
                if last {
                    self.install(outcome);
                }
                Ok(())
            }
            Message::Change { position, tenants } => self.change(position, tenants, outcome),
            Message::Renewed { number, incarnation, position, lease } => {
                self.hear(incarnation)?;
                if matches!(self.phase, Phase::Live) && incarnation != self.mirror.incarnation {
                    return Err(Cause::IncarnationChanged);
                }
                self.lease.renewed(number, lease, position, self.mirror.position).map_err(|Gap| Cause::PositionSkipped)
            }
        }
    }

    fn hear(&mut self, incarnation: u64) -> Result<(), Cause> {
        if incarnation < self.seen {
            return Err(Cause::LowerIncarnation);
        }
        self.seen = incarnation;
        Ok(())
    }

    /// Adds a part to the snapshot; a first part on a live stream begins another one.
    fn collect(&mut self, empty: Mirror, tenants: Vec<TenantPart>) -> Result<(), Cause> {
        if matches!(self.phase, Phase::Live) {
            self.phase = Phase::Collecting(None);
        }
        let Phase::Collecting(collected) = &mut self.phase else { return Err(Cause::OutOfTurn) };
        let (incarnation, position) = (empty.incarnation, empty.position);
        let collected = collected.get_or_insert(empty);
        let rolled_back = incarnation == self.mirror.incarnation && position < self.mirror.position;
        if rolled_back || (collected.incarnation, collected.position) != (incarnation, position) {
            return Err(Cause::SnapshotInconsistent);
        }
        for part in tenants {
            apply::tenant(collected, part, position, &mut Vec::new()).map_err(|SettingsMissing| Cause::SettingsMissing)?;
        }
        Ok(())
    }

    /// Swaps the collected snapshot in, whole.
    fn install(&mut self, outcome: &mut Outcome) {
        if let Phase::Collecting(Some(collected)) = std::mem::replace(&mut self.phase, Phase::Live) {
            outcome.closed.extend(apply::closings(&self.mirror, &collected));
            self.mirror = Arc::new(collected);
            self.lease.reached(self.mirror.position);
            (outcome.applied, outcome.acknowledge) = (true, true);
        }
    }

    fn change(&mut self, position: u64, tenants: Vec<TenantPart>, outcome: &mut Outcome) -> Result<(), Cause> {
        if !matches!(self.phase, Phase::Live) {
            return Err(Cause::OutOfTurn);
        }
        // What was decided while the snapshot was taken is in it already, and said again.
        if position <= self.mirror.position {
            outcome.acknowledge = true;
            return Ok(());
        }
        if position - 1 != self.mirror.position {
            return Err(Cause::PositionSkipped);
        }
        // First: should a tenant be missing, what is in force by half is published too, but not acknowledged.
        outcome.applied = true;
        let mirror = Arc::make_mut(&mut self.mirror);
        for part in tenants {
            apply::tenant(mirror, part, position, &mut outcome.closed).map_err(|SettingsMissing| Cause::SettingsMissing)?;
        }
        mirror.position = position;
        outcome.acknowledge = true;
        self.lease.reached(position);
        Ok(())
    }

    fn disconnect(&mut self, cause: Cause, actions: &mut Vec<Action>) {
        self.fall();
        actions.push(Action::Disconnect(cause));
    }

    fn fall(&mut self) {
        if !matches!(self.phase, Phase::Down) {
            self.failures = self.failures.saturating_add(1);
        }
        (self.phase, self.waiting) = (Phase::Down, None);
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            Phase::Down => "down",
            Phase::Collecting(_) => "collecting",
            Phase::Live => "live",
        };
        f.debug_struct("Machine").field("phase", &phase).field("mirror", &self.mirror).field("lease", &self.lease).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
