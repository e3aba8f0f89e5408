//! Streams: messages in order each way, as slow as it gets, and both ends of them.

use std::collections::VecDeque;

use consent_client::machine::{Action, Event as Heard};
use consent_client::message::{Message, Say};
use consent_domain::enforcement::{ConnectionId, Event};
use rand::Rng as _;

use super::super::broken::Broken;
use super::super::consent::{LEASE, Told};
use super::{Due, World};

/// What arrives at a holder; nothing: the stream has ended.
type Down = Option<Message>;
/// What arrives at consent.
type Up = Option<Say>;

pub struct Stream {
    life: usize,
    holder: usize,
    instance: u64,
    /// The process at consent's end is gone, and its sockets with it.
    severed: bool,
    /// Of a variant: consent listens once the holder has entered the set.
    entering: bool,
    down: VecDeque<(u64, Down)>,
    up: VecDeque<(u64, Up)>,
}

impl World {
    /// Carries out what a life of consent says.
    pub(super) fn carry_out(&mut self, life: usize, told: Vec<Told>) {
        for told in told {
            match told {
                Told::Message(connection, message) => self.send_down(connection, Some(message)),
                Told::End(connection) => self.send_down(connection, None),
                Told::Settled(position) if life == self.life() => self.settled(position),
                // Whoever asked a life that is over gets no answer from it.
                Told::Settled(_) => {}
            }
        }
        let consent = &mut self.consents[life];
        if let Some(wake) = consent.wake().filter(|wake| *wake != consent.tick_at) {
            consent.tick_at = wake;
            self.after(wake.saturating_sub(self.time), Due::ConsentTick(life));
        }
    }

    fn delay(&mut self) -> u64 {
        match self.random.random_range(0..100) {
            0..2 => self.random.random_range(0..2_000_000),
            2..50 => self.random.random_range(0..5_000),
            _ => 0,
        }
    }

    pub(super) fn send_down(&mut self, connection: ConnectionId, message: Down) {
        let (time, delay) = (self.time, self.delay());
        let Some(stream) = self.streams.get_mut(&connection) else { return };
        let holder = stream.holder;
        let last = stream.down.back().map_or(0, |(arrives, _)| *arrives);
        let arrives = (time + delay).max(last).max(self.holders[holder].stalled_until[0]);
        stream.down.push_back((arrives, message));
        self.after(arrives - time, Due::HolderHears(holder));
    }

    fn send_up(&mut self, connection: ConnectionId, said: Up) {
        let (time, delay) = (self.time, self.delay());
        let Some(stream) = self.streams.get_mut(&connection) else { return };
        let last = stream.up.back().map_or(0, |(arrives, _)| *arrives);
        let arrives = (time + delay).max(last).max(self.holders[stream.holder].stalled_until[1]);
        stream.up.push_back((arrives, said));
        self.after(arrives - time, Due::ConsentHears(connection));
    }

    /// A holder opens a stream to consent, as long as there is one.
    pub(super) fn connect(&mut self, at: usize) {
        if self.holders[at].stream.is_some() {
            return;
        }
        let heard = self.holders[at].machine.mirror().incarnation;
        // A life that is over can be reached by accident; by one that never heard the next, the lock on the store forbids it.
        let astray = self.astray.filter(|life| self.consents[*life].incarnation < heard);
        let life = match astray {
            Some(life) if self.random.random_bool(0.3) => life,
            _ => self.life(),
        };
        let boot = self.holders[at].clock.read(self.time);
        let actions = self.holders[at].machine.on(Heard::Opened, boot);
        if !self.consents[life].up {
            self.holders[at].machine.on(Heard::Lost, boot);
            self.connect_again(at);
            return;
        }
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let instance = self.holders[at].instance;
        self.streams.insert(
            connection,
            Stream { life, holder: at, instance, severed: false, entering: false, down: VecDeque::new(), up: VecDeque::new() },
        );
        self.holders[at].stream = Some(connection);
        self.perform(at, actions);
    }

    fn connect_again(&mut self, at: usize) {
        let pause = u64::try_from(self.holders[at].machine.pause().as_micros()).unwrap();
        let jittered = pause / 2 + self.random.random_range(0..=pause / 2);
        self.after(jittered, Due::Connect(at));
    }

    /// The holder's end is gone; consent hears of it at once, later, or never.
    pub(super) fn lose_stream(&mut self, at: usize) {
        let Some(connection) = self.holders[at].stream.take() else { return };
        let boot = self.holders[at].clock.read(self.time);
        self.holders[at].machine.on(Heard::Lost, boot);
        if let Some(stream) = self.streams.get_mut(&connection) {
            stream.down.clear();
            if self.random.random_bool(0.5) {
                stream.up.clear();
            }
        }
        match self.random.random_range(0..3) {
            0 => {}
            1 => self.send_up(connection, None),
            _ => {
                let later = self.random.random_range(0..3_000_000);
                if let Some(stream) = self.streams.get_mut(&connection) {
                    let last = stream.up.back().map_or(0, |(arrives, _)| *arrives);
                    let arrives = last.max(self.time + later);
                    stream.up.push_back((arrives, None));
                    self.after(arrives - self.time, Due::ConsentHears(connection));
                }
            }
        }
    }

    /// A stream breaks, and another one is opened `within` that time.
    pub(super) fn break_stream(&mut self, at: usize, within: u64) {
        if self.holders[at].stream.is_some() {
            self.lose_stream(at);
            let again = self.random.random_range(0..within);
            self.after(again, Due::Connect(at));
        }
    }

    /// Takes up everything that has arrived, at once.
    pub(super) fn holder_hears(&mut self, at: usize) {
        let time = self.time;
        let Some((connection, stream)) = self.holders[at].stream.and_then(|id| Some((id, self.streams.get_mut(&id)?))) else { return };
        let (mut messages, mut ended) = (Vec::new(), false);
        while let Some((_, down)) = stream.down.pop_front_if(|(arrives, _)| *arrives <= time) {
            match down {
                Some(message) => messages.push(message),
                None => ended = true,
            }
        }
        if self.broken == Broken::IncarnationUnchecked {
            messages.iter_mut().for_each(|message| blind(message, connection));
        }
        if !messages.is_empty() {
            let boot = self.holders[at].clock.read(time);
            let actions = self.holders[at].machine.on(Heard::Received(messages), boot);
            self.perform(at, actions);
        }
        if ended && self.holders[at].stream == Some(connection) {
            self.lose_stream(at);
            self.connect_again(at);
        }
    }

    pub(super) fn holder_ticks(&mut self, at: usize) {
        let boot = self.holders[at].clock.read(self.time);
        let actions = self.holders[at].machine.on(Heard::Tick, boot);
        self.perform(at, actions);
    }

    /// Carries out what a holder's machine says.
    fn perform(&mut self, at: usize, actions: Vec<Action>) {
        let boot = self.holders[at].clock.read(self.time);
        let acknowledges = actions.iter().any(|action| matches!(action, Action::Say(Say::Acknowledge { .. })));
        for action in actions {
            match action {
                Action::Publish(mirror) if acknowledges && self.broken == Broken::AcknowledgedBeforeSwap => {
                    self.holders[at].swaps.push_back(mirror);
                    let late = self.random.random_range(1_000..30_000);
                    self.after(late, Due::Swap(at, self.holders[at].instance));
                }
                Action::Publish(mirror) => self.holders[at].mirror = mirror,
                Action::Extend(until) => {
                    let late = self.holders[at].noted_late.get(&until.saturating_sub(LEASE)).copied();
                    self.holders[at].until = match self.broken {
                        Broken::LeaseFromReceipt => boot + LEASE,
                        Broken::NotedAfterSending => late.map_or(until, |noted| noted + LEASE),
                        _ => until,
                    };
                }
                Action::Say(said) => self.say(at, said),
                Action::Announce(_) => {}
                Action::Disconnect(_) => {
                    self.lose_stream(at);
                    self.connect_again(at);
                }
            }
        }
        let holder = &mut self.holders[at];
        let wake = holder.clock.time_of(holder.machine.wake());
        if wake < super::END && wake != holder.tick_at {
            holder.tick_at = wake;
            self.after(wake.saturating_sub(self.time), Due::HolderTick(at));
        }
    }

    fn say(&mut self, at: usize, said: Say) {
        let Some(connection) = self.holders[at].stream else { return };
        let said = match said {
            Say::Hello { .. } if self.broken == Broken::IncarnationUnchecked => Say::Hello { incarnation: 0 },
            said => said,
        };
        self.send_up(connection, Some(said));
        if matches!(said, Say::Renew { .. }) && self.time < super::UPSET_UNTIL && self.random.random_bool(0.01) {
            // Suspended the moment it has asked: whoever looks at the clock only now sees a later instant.
            let awake = self.time + self.random.random_range(0..1_500_000);
            let holder = &mut self.holders[at];
            holder.suspended_until = holder.suspended_until.max(awake);
            holder.noted_late.insert(holder.clock.read(self.time), holder.clock.read(awake));
        }
    }

    pub(super) fn swap(&mut self, at: usize, instance: u64) {
        let holder = &mut self.holders[at];
        if holder.instance == instance
            && let Some(mirror) = holder.swaps.pop_front()
        {
            holder.mirror = mirror;
        }
    }

    pub(super) fn consent_hears(&mut self, connection: ConnectionId) {
        let time = self.time;
        let Some(stream) = self.streams.get_mut(&connection) else { return };
        let (life, instance) = (stream.life, stream.instance);
        let consent = &self.consents[life];
        if !consent.up || stream.severed || stream.entering {
            return;
        }
        if time < consent.paused_until {
            let wait = consent.paused_until - time;
            self.after(wait, Due::ConsentHears(connection));
            return;
        }
        while let Some((_, said)) =
            self.streams.get_mut(&connection).and_then(|stream| stream.up.pop_front_if(|(arrives, _)| *arrives <= time))
        {
            let consent = &mut self.consents[life];
            let told = match said {
                Some(Say::Hello { incarnation }) if self.broken == Broken::SnapshotBeforeJoining => {
                    let (snapshot, position) = (consent.state.snapshot(consent.incarnation), consent.state.position);
                    let enters = self.random.random_range(1_000..100_000);
                    self.after(enters, Due::Joins(connection, incarnation, position));
                    self.send_down(connection, Some(snapshot));
                    if let Some(stream) = self.streams.get_mut(&connection) {
                        stream.entering = true;
                    }
                    return;
                }
                Some(Say::Hello { incarnation }) => {
                    let snapshot = consent.state.position;
                    let mut told = consent.take(Event::Joined { connection, instance, incarnation, snapshot }, time);
                    if self.broken == Broken::ReturnedUnheard {
                        told.extend(consent.take(Event::Acknowledged { connection, position: snapshot }, time));
                    }
                    told
                }
                Some(Say::Renew { number }) => consent.take(Event::RenewReceived { connection, number }, time),
                Some(Say::Acknowledge { position }) => consent.take(Event::Acknowledged { connection, position }, time),
                None => consent.lose(connection, time),
            };
            self.carry_out(life, told);
        }
    }

    /// Of a variant: the holder enters the set, long after its snapshot left.
    pub(super) fn join(&mut self, connection: ConnectionId, incarnation: u64, snapshot: u64) {
        let time = self.time;
        let Some(stream) = self.streams.get_mut(&connection) else { return };
        stream.entering = false;
        let (life, instance, severed) = (stream.life, stream.instance, stream.severed);
        let consent = &mut self.consents[life];
        if consent.up && !severed {
            let told = consent.take(Event::Joined { connection, instance, incarnation, snapshot }, time);
            self.carry_out(life, told);
            self.consent_hears(connection);
        }
    }

    /// Every stream of a life ends; the holders hear of it.
    pub(super) fn end_streams(&mut self, life: usize) {
        let ended: Vec<_> = self.streams.iter().filter(|(_, stream)| stream.life == life).map(|(connection, _)| *connection).collect();
        for connection in ended {
            self.send_down(connection, None);
            if let Some(stream) = self.streams.get_mut(&connection) {
                stream.severed = true;
            }
        }
    }
}

/// Of a variant: every stream seems to come from a later incarnation than the one before.
fn blind(message: &mut Message, connection: ConnectionId) {
    match message {
        Message::Snapshot { incarnation, .. } | Message::Renewed { incarnation, .. } => *incarnation = connection.0,
        Message::Change { .. } => {}
    }
}
