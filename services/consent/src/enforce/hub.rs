//! Where streams, decisions and waiting withdrawals meet the machine: one lock, so that a decision is either in a holder's snapshot or
//! told to it afterwards. What is told is queued here and put into words by each stream.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use consent_domain::Decision;
use consent_domain::enforcement::{Action, ConnectionId, Enforcement, Event, Farewell};
use contracts::consent::v1::EnforceHello;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};
use vocabulary::{Clock, Fault, Kind, Reason, UserId};

use crate::tenants::{Held, Tenants};

/// What a holder is told, before it is put into words for it.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// The whole state.
    Snapshot(Tenants),
    /// What a decision changed.
    Change(Arc<Change>),
    /// The lease runs on.
    Renewed {
        /// Which renewal is answered.
        number: u64,
        /// The position of the last decision.
        position: u64,
        /// For how long, from the instant the holder noted.
        lease: Duration,
    },
}

/// What a decision changed: the tenant as it is afterwards, and which of its parts are new.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub position: u64,
    pub narrowing: bool,
    pub tenant: Arc<Held>,
    pub users: Vec<UserId>,
    pub settings: bool,
    /// Whether it erased somebody for good.
    pub erased: bool,
    /// Whose directory entry is gone, and the generation of the keys that went with it.
    pub gone: Option<(UserId, u32)>,
    /// Whether the tenant itself is gone.
    pub over: bool,
    /// The number of the tenant's last erasure.
    pub erasure_number: u64,
}

impl Change {
    /// What a decision changed that leaves a tenant as it is here.
    pub fn of(position: u64, narrowing: bool, tenant: Arc<Held>, decision: &Decision, erasure_number: u64) -> Self {
        let users = decision.users.iter().map(|user| user.id).collect();
        let erasure = decision.erasure.as_ref();
        let erased = erasure.is_some_and(|erasure| !(erasure.addresses.is_empty() && erasure.people.is_empty()));
        let settings = decision.settings.is_some() || decision.names.is_some();
        Self { position, narrowing, tenant, users, settings, erased, gone: None, over: false, erasure_number }
    }
}

/// What is queued for a stream, in order; after a fault nothing follows.
pub(crate) type Queue = mpsc::UnboundedSender<Result<Told, Fault>>;

/// The machine with its streams and those who wait.
pub(crate) struct Hub {
    pub incarnation: u64,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    /// Somebody began to wait.
    awaited: Notify,
}

struct Inner {
    machine: Enforcement,
    streams: HashMap<ConnectionId, Queue>,
    /// Who has a stream: the name, and the process that bears it.
    bearers: HashMap<ConnectionId, (u64, u64)>,
    waiting: HashMap<u64, Vec<oneshot::Sender<()>>>,
    connections: u64,
    position: u64,
}

/// What an action may send.
enum Sent {
    Nothing,
    Snapshot(Tenants),
    Change(Arc<Change>),
}

impl Hub {
    pub fn new(clock: Arc<dyn Clock>, machine: Enforcement, incarnation: u64) -> Self {
        let (streams, bearers, waiting) = Default::default();
        let inner = Inner { machine, streams, bearers, waiting, connections: 0, position: 0 };
        Self { incarnation, clock, inner: Mutex::new(inner), awaited: Notify::new() }
    }

    /// Lets a holder in. `state` is read while no decision can come in between. Who comes under a name that another process bears, and is
    /// connected, is no heir but runs on a copy of its store: another holder, under a name of its own.
    pub fn join(&self, hello: &EnforceHello, queue: Queue, state: impl FnOnce() -> Tenants) -> ConnectionId {
        let EnforceHello { instance, incarnation, process, .. } = *hello;
        let inner = &mut *self.inner.lock();
        inner.connections += 1;
        let connection = ConnectionId(inner.connections);
        let tenants = state();
        inner.position = tenants.position;
        let borne = inner.bearers.values().any(|(name, bearer)| *name == instance && *bearer != process);
        let instance = if borne { instance ^ process } else { instance };
        inner.streams.insert(connection, queue);
        inner.bearers.insert(connection, (instance, process));
        let joined = Event::Joined { connection, instance, incarnation, snapshot: tenants.position };
        self.step(inner, joined, &Sent::Snapshot(tenants));
        connection
    }

    /// Shows a durable decision: `install` to readers, the change to every holder.
    pub fn publish(&self, change: Change, install: impl FnOnce()) {
        let inner = &mut *self.inner.lock();
        install();
        inner.position = change.position;
        let taken = Event::DecisionTaken { position: change.position, narrowing: change.narrowing };
        self.step(inner, taken, &Sent::Change(Arc::new(change)));
    }

    /// Takes what a stream said, or that it is gone.
    pub fn hear(&self, event: Event) {
        let inner = &mut *self.inner.lock();
        if let Event::Disconnected { connection } = event {
            inner.streams.remove(&connection);
            inner.bearers.remove(&connection);
        }
        self.step(inner, event, &Sent::Nothing);
    }

    /// Waits until all withdrawals up to a position are in force.
    pub async fn settled(&self, position: u64) {
        let (settled, answer) = oneshot::channel();
        {
            let inner = &mut *self.inner.lock();
            inner.waiting.entry(position).or_default().push(settled);
            self.step(inner, Event::Awaited { position }, &Sent::Nothing);
        }
        self.awaited.notify_one();
        // The sender goes only when it answers, or with the process.
        let _answered = answer.await;
    }

    /// Whether some holder under a lease has not acknowledged some withdrawal.
    pub fn is_withheld(&self) -> bool {
        self.inner.lock().machine.is_withheld(self.clock.boot_time())
    }

    /// What must be recorded before farewell leases of that length are granted.
    pub fn farewell(&self, length: Duration) -> Farewell {
        self.inner.lock().machine.farewell(length, self.clock.boot_time())
    }

    /// Grants the farewell leases that were recorded, and nothing more after them.
    pub fn part(&self, farewell: &Farewell) {
        let inner = &mut *self.inner.lock();
        let actions = inner.machine.part(farewell, self.clock.boot_time());
        for action in actions {
            if let Action::SendRenewed { connection, number, lease } = action {
                inner.tell(connection, Ok(Told::Renewed { number, position: inner.position, lease }));
            }
        }
    }

    /// Lets the machine look at the clock.
    pub fn tick(&self) {
        self.step(&mut self.inner.lock(), Event::Tick, &Sent::Nothing);
    }

    /// How long until a tick is due; `None` while nobody waits.
    pub fn until_wake(&self) -> Option<Duration> {
        let wake = self.inner.lock().machine.wake()?;
        Some(wake.saturating_sub(self.clock.boot_time()))
    }

    /// Resolves when somebody began to wait.
    pub async fn awaited(&self) {
        self.awaited.notified().await;
    }

    /// The clock is read after the event came: what is counted from it is counted long enough.
    fn step(&self, inner: &mut Inner, event: Event, sent: &Sent) {
        let actions = inner.machine.on(event, self.clock.boot_time());
        for action in actions {
            match (action, sent) {
                (Action::SendSnapshot { connection }, Sent::Snapshot(tenants)) => {
                    inner.tell(connection, Ok(Told::Snapshot(tenants.clone())));
                }
                (Action::SendChange { connection, .. }, Sent::Change(change)) => {
                    inner.tell(connection, Ok(Told::Change(Arc::clone(change))));
                }
                (Action::SendRenewed { connection, number, lease }, _) => {
                    inner.tell(connection, Ok(Told::Renewed { number, position: inner.position, lease }));
                }
                (Action::Refuse { connection }, _) => inner.end(connection, refused()),
                (Action::Close { connection }, _) => inner.end(connection, superseded()),
                (Action::Settled { position }, _) => {
                    for waiting in inner.waiting.remove(&position).unwrap_or_default() {
                        // Whoever went away meanwhile needs no answer.
                        let _gone = waiting.send(());
                    }
                }
                (Action::SendSnapshot { connection } | Action::SendChange { connection, .. }, _) => {
                    inner.end(connection, Fault::internal("the machine asked for what the event did not bring"));
                }
            }
        }
    }
}

impl Inner {
    fn tell(&self, connection: ConnectionId, told: Result<Told, Fault>) {
        if let Some(queue) = self.streams.get(&connection) {
            // A stream that is gone says so itself.
            let _gone = queue.send(told);
        }
    }

    fn end(&mut self, connection: ConnectionId, fault: Fault) {
        self.tell(connection, Err(fault));
        self.streams.remove(&connection);
        self.bearers.remove(&connection);
    }
}

fn refused() -> Fault {
    let message = "the holder has heard a later incarnation of consent: this store was put back from before";
    Fault::new(Kind::FailedPrecondition, Reason::ConsentUnknown, message)
}

fn superseded() -> Fault {
    Fault::new(Kind::Aborted, Reason::ConsentUnknown, "the stream was replaced by another one of its holder, or broke the protocol")
}
