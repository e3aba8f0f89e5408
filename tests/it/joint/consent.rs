//! One life of consent: the real `Enforcement`, the decisions it speaks for, and what it says.

use std::collections::BTreeMap;
use std::time::Duration;

use consent_client::message::Message;
use consent_domain::enforcement::{Action, ConnectionId, Enforcement, Event, Farewell, Terms};

use super::broken::Broken;
use super::clock::Rate;
use super::words::State;

/// The lease that holders are told.
pub const LEASE: Duration = Duration::from_secs(1);

/// The lease of a farewell.
pub const FAREWELL: Duration = Duration::from_millis(2_500);

/// What a life of consent does to the world.
pub enum Told {
    Message(ConnectionId, Message),
    End(ConnectionId),
    Settled(u64),
}

pub struct Consent {
    enforcement: Enforcement,
    pub clock: Rate,
    pub incarnation: u64,
    pub state: State,
    /// Whether new streams are taken.
    pub up: bool,
    pub paused_until: u64,
    /// For when a tick is on its way.
    pub tick_at: u64,
    broken: Broken,
    /// Which tenant the last decision was about.
    changed: usize,
    acknowledged: BTreeMap<ConnectionId, u64>,
    /// Of a variant: leases granted against the machine's will, and the answers they put off.
    extra: BTreeMap<ConnectionId, Duration>,
    put_off: Vec<u64>,
    /// Of a variant: streams that are gone and counted as if they listened.
    forgotten: Vec<ConnectionId>,
}

impl Consent {
    pub fn begin(incarnation: u64, state: State, clock: Rate, time: u64, broken: Broken) -> Self {
        Self::after(None, incarnation, state, clock, time, broken)
    }

    /// The life that begins after farewell leases were recorded.
    pub fn after(farewell: Option<&Farewell>, incarnation: u64, state: State, clock: Rate, time: u64, broken: Broken) -> Self {
        let first = incarnation == 1 || broken == Broken::RestartWithoutWaiting;
        let longest = if first { Duration::ZERO } else { LEASE };
        // With 1 % and 10 ms added, what the holders are told.
        let bare = (LEASE - Duration::from_millis(10)) * 100 / 101;
        let terms = Terms { lease: if broken == Broken::NoMargin { bare } else { LEASE } };
        let enforcement = Enforcement::new(terms, incarnation, longest, clock.read(time));
        let enforcement = match farewell.filter(|_| broken != Broken::FarewellUnrecorded) {
            Some(farewell) => enforcement.after(farewell, clock.read(time)),
            None => enforcement,
        };
        Self {
            enforcement,
            clock,
            incarnation,
            state,
            up: true,
            paused_until: 0,
            tick_at: 0,
            broken,
            changed: 0,
            acknowledged: BTreeMap::new(),
            extra: BTreeMap::new(),
            put_off: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    /// Takes a decision: opens the tenant's mailbox anew, or closes it.
    pub fn decide(&mut self, tenant: usize, expires: Option<u64>, time: u64) -> Vec<Told> {
        let held = &mut self.state.tenants[tenant];
        let narrowing = held.open;
        held.open = !narrowing;
        held.generation += u32::from(held.open);
        held.expires = expires.filter(|_| held.open);
        self.state.position += 1;
        self.changed = tenant;
        let position = self.state.position;
        let mut told = self.take(Event::DecisionTaken { position, narrowing }, time);
        for connection in self.forgotten.clone() {
            told.extend(self.take(Event::Acknowledged { connection, position }, time));
        }
        told
    }

    /// Stops cleanly: what is recorded, and what the holders are told.
    pub fn part(&mut self, time: u64) -> (Farewell, Vec<Told>) {
        let now = self.clock.read(time);
        let farewell = self.enforcement.farewell(FAREWELL, now);
        let granted = self.enforcement.part(&farewell, now);
        let told = granted.into_iter().filter_map(|action| match action {
            Action::SendRenewed { connection, number, lease } => Some(Told::Message(connection, self.renewed(number, lease))),
            _ => None,
        });
        (farewell, told.collect())
    }

    /// A stream is gone.
    pub fn lose(&mut self, connection: ConnectionId, time: u64) -> Vec<Told> {
        if self.broken == Broken::GoneForgotten {
            self.forgotten.push(connection);
            return self.take(Event::Acknowledged { connection, position: self.state.position }, time);
        }
        self.take(Event::Disconnected { connection }, time)
    }

    pub fn take(&mut self, event: Event, time: u64) -> Vec<Told> {
        let now = self.clock.read(time);
        if let Event::Acknowledged { connection, position } = event {
            self.acknowledged.insert(connection, position);
        }
        let actions = self.enforcement.on(event, now);
        let mut told = Vec::new();
        if let Event::RenewReceived { connection, number } = event
            && self.broken == Broken::RenewedWhileUnacknowledged
            && self.acknowledged.contains_key(&connection)
            && actions.is_empty()
        {
            self.extra.insert(connection, now + LEASE + LEASE / 100 + Duration::from_millis(10));
            told.push(Told::Message(connection, self.renewed(number, LEASE)));
        }
        for action in actions {
            match action {
                // It left before the holder entered the set.
                Action::SendSnapshot { .. } if self.broken == Broken::SnapshotBeforeJoining => {}
                Action::SendSnapshot { connection } => told.push(Told::Message(connection, self.state.snapshot(self.incarnation))),
                Action::SendChange { connection, .. } => told.push(Told::Message(connection, self.state.change(self.changed))),
                // By the terms, which a variant makes shorter than what holders are told.
                Action::SendRenewed { connection, number, .. } => told.push(Told::Message(connection, self.renewed(number, LEASE))),
                Action::Refuse { connection } | Action::Close { connection } => told.push(Told::End(connection)),
                Action::Settled { position } => self.put_off.push(position),
            }
        }
        let (extra, acknowledged) = (&self.extra, &self.acknowledged);
        self.put_off.retain(|&position| {
            let withheld = extra.iter().any(|(connection, over)| now < *over && acknowledged[connection] < position);
            if !withheld {
                told.push(Told::Settled(position));
            }
            withheld
        });
        told
    }

    /// When a tick is due.
    pub fn wake(&self) -> Option<u64> {
        let put_off = self.extra.values().max().filter(|_| !self.put_off.is_empty()).copied();
        self.enforcement.wake().max(put_off).map(|wake| self.clock.time_of(wake))
    }

    fn renewed(&self, number: u64, lease: Duration) -> Message {
        let position = if self.broken == Broken::SnapshotBeforeJoining { 0 } else { self.state.position };
        Message::Renewed { number, incarnation: self.incarnation, position, lease }
    }
}
