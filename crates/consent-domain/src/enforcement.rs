//! Consent's half of leases, pure: events in with the boot time at which they were seen, actions out, to be carried out in order.
//! It knows no task, no clock and no key; what a snapshot or a change says is the service's business (design.md, section 3).
//!
//! - A holder enters the set when it joins, before its snapshot is taken. Its first lease comes after it acknowledged the snapshot.
//! - A lease is counted from the sending of `Renewed`, longer than it is by the rate at which clocks may differ.
//! - A withdrawal is answered when every connection has acknowledged it or its lease is over. A connection that is gone goes on being
//!   counted until its lease is over, and so does what was granted before this process started.
//! - A holder that is back is one with the connection it had: what that may still show it gives up with the snapshot it acknowledges.
//! - Nobody is renewed who leaves a withdrawal unacknowledged for longer than a heartbeat.

mod connection;
mod farewell;
mod lease;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connection::Connection;

pub use farewell::Farewell;
pub use lease::Terms;

/// Names one stream of one holder, for the life of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A holder opened a stream.
    Joined {
        /// The stream.
        connection: ConnectionId,
        /// Names the holder: whoever comes under the same name is the same process, or its heir after it has ended.
        instance: u64,
        /// The highest incarnation of consent it has seen; 0: none.
        incarnation: u64,
        /// The position its snapshot is taken at.
        snapshot: u64,
    },
    /// A holder asked for its lease to run on.
    RenewReceived {
        /// The stream.
        connection: ConnectionId,
        /// Which renewal of the stream; from 1.
        number: u64,
    },
    /// A holder says that everything up to a position is in force.
    Acknowledged {
        /// The stream.
        connection: ConnectionId,
        /// The position.
        position: u64,
    },
    /// A stream is gone.
    Disconnected {
        /// The stream.
        connection: ConnectionId,
    },
    /// A decision is durable.
    DecisionTaken {
        /// Its position.
        position: u64,
        /// Whether it takes anything away.
        narrowing: bool,
    },
    /// Somebody waits until all withdrawals up to a position are in force.
    Awaited {
        /// The position.
        position: u64,
    },
    /// Time has passed; welcome at any instant, due at [`Enforcement::wake`].
    Tick,
}

/// What is to be done, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Refuse the stream: its holder has heard a later consent than this one.
    Refuse {
        /// The stream.
        connection: ConnectionId,
    },
    /// End the stream: the same process opened another one, or broke the protocol.
    Close {
        /// The stream.
        connection: ConnectionId,
    },
    /// Send the whole state, taken at the position that was named when the holder joined.
    SendSnapshot {
        /// The stream.
        connection: ConnectionId,
    },
    /// Send what the decision changed.
    SendChange {
        /// The stream.
        connection: ConnectionId,
        /// The decision.
        position: u64,
    },
    /// Send that the lease runs on.
    SendRenewed {
        /// The stream.
        connection: ConnectionId,
        /// Which renewal is answered.
        number: u64,
        /// For how long, from the instant the holder noted with that number.
        lease: Duration,
    },
    /// All withdrawals up to this position are in force: whoever waits for it is answered.
    Settled {
        /// The position, as it was awaited.
        position: u64,
    },
}

/// Everybody who may hold a lease, and everybody who waits for them.
#[derive(Clone, Debug)]
pub struct Enforcement {
    terms: Terms,
    incarnation: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    /// When the longest lease granted before this process started is over.
    unknown_until: Duration,
    /// Holders that were granted a farewell lease before, and are not back.
    away: BTreeSet<u64>,
    farewell_until: Duration,
    farewell_length: Duration,
    /// Farewell leases are granted: this process renews nobody any more.
    parted: bool,
    awaited: BTreeSet<u64>,
}

/// What is known of whoever joins.
struct Connecting {
    instance: u64,
    incarnation: u64,
    snapshot: u64,
    now: Duration,
}

impl Enforcement {
    /// Begins at boot time `now`. `longest_granted` is the longest lease that was ever in force before, zero when none was: until it is
    /// over no withdrawal is answered. A longer one than that must be recorded before this is called.
    pub fn new(terms: Terms, incarnation: u64, longest_granted: Duration, now: Duration) -> Self {
        let unknown_until = if longest_granted.is_zero() { now } else { lease::counted_over(longest_granted, now) };
        let (connections, away, farewell_until, farewell_length, parted, awaited) = Default::default();
        Self { terms, incarnation, connections, unknown_until, away, farewell_until, farewell_length, parted, awaited }
    }

    /// Takes an event seen at boot time `now`, which must have been read after the event was received.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Joined { connection, instance, incarnation, snapshot } => {
                self.join(connection, Connecting { instance, incarnation, snapshot, now }, &mut actions);
            }
            Event::RenewReceived { connection, number } => match self.connections.get_mut(&connection).map(|held| held.ask(number)) {
                Some(Ok(())) => self.renew(connection, now, &mut actions),
                Some(Err(connection::OutOfTurn)) => self.close(connection, &mut actions),
                None => {}
            },
            Event::Acknowledged { connection, position } => {
                if let Some(held) = self.connections.get_mut(&connection) {
                    held.acknowledge(position);
                    self.renew(connection, now, &mut actions);
                }
            }
            Event::Disconnected { connection } => {
                if let Some(held) = self.connections.get_mut(&connection) {
                    held.detach();
                }
            }
            Event::DecisionTaken { position, narrowing } => {
                for (&connection, held) in &mut self.connections {
                    if narrowing {
                        held.await_acknowledgement(position, now);
                    }
                    if held.is_attached() {
                        actions.push(Action::SendChange { connection, position });
                    }
                }
            }
            Event::Awaited { position } => {
                self.awaited.insert(position);
            }
            Event::Tick => {}
        }
        self.connections.retain(|_, held| held.is_attached() || held.has_lease(now));
        self.settle(now, &mut actions);
        actions
    }

    /// The boot time at which a [`Event::Tick`] may settle something; `None` while nobody waits for time to pass.
    pub fn wake(&self) -> Option<Duration> {
        let position = *self.awaited.first()?;
        let leases = self.connections.values().filter(|held| held.withholds(position)).filter_map(Connection::lease_over);
        let farewell = (!self.away.is_empty()).then_some(self.farewell_until);
        leases.chain([self.unknown_until]).chain(farewell).max()
    }

    /// How many streams are open.
    pub fn holders(&self) -> usize {
        self.connections.values().filter(|held| held.is_attached()).count()
    }

    fn join(&mut self, id: ConnectionId, connecting: Connecting, actions: &mut Vec<Action>) {
        let Connecting { instance, incarnation, snapshot, now } = connecting;
        if incarnation > self.incarnation {
            actions.push(Action::Refuse { connection: id });
            return;
        }
        let mut joined = Connection::joined(instance, snapshot);
        if self.away.remove(&instance) {
            joined.return_from_farewell(self.farewell_until, now);
        }
        let before = self.connections.iter().find(|(_, held)| held.instance() == instance).map(|(id, _)| *id);
        if let Some((connection, held)) = before.and_then(|before| self.connections.remove_entry(&before)) {
            if held.is_attached() {
                actions.push(Action::Close { connection });
            }
            joined.succeed(held);
        }
        self.connections.insert(id, joined);
        actions.push(Action::SendSnapshot { connection: id });
    }

    fn close(&mut self, connection: ConnectionId, actions: &mut Vec<Action>) {
        if let Some(held) = self.connections.get_mut(&connection) {
            held.detach();
            actions.push(Action::Close { connection });
        }
    }

    fn renew(&mut self, connection: ConnectionId, now: Duration, actions: &mut Vec<Action>) {
        if self.parted {
            return;
        }
        let lease = self.terms.lease;
        let renewed = self.connections.get_mut(&connection).and_then(|held| held.renew(&self.terms, now));
        actions.extend(renewed.map(|number| Action::SendRenewed { connection, number, lease }));
    }

    fn settle(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if now < self.unknown_until || !self.away.is_empty() && now < self.farewell_until {
            return;
        }
        let connections = &self.connections;
        self.awaited.retain(|&position| {
            let withheld = connections.values().any(|held| held.has_lease(now) && held.withholds(position));
            if !withheld {
                actions.push(Action::Settled { position });
            }
            withheld
        });
    }
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
