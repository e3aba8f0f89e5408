//! Random schedules: holders on clocks of their own, streams that are slow and break, consent that restarts. Whatever happens, a
//! withdrawal is never answered while somebody who has not taken it in may still act on an older state.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

const LEASE: u64 = 1000;
const HOLDERS: usize = 3;

/// A clock that runs at its own rate, in ten-thousandths of the true time's, from its own beginning. All of it in microseconds.
#[derive(Clone, Copy)]
struct Rate {
    beginning: u64,
    rate: u64,
}

impl Rate {
    fn drawn(random: &mut StdRng) -> Self {
        // Any two differ by less than 1 %, which is what the design assumes.
        Self { beginning: random.random_range(0..1 << 40), rate: random.random_range(9_956..=10_044) }
    }

    fn read(self, time: u64) -> Duration {
        Duration::from_micros(self.beginning + time * self.rate / 10_000)
    }

    /// The first time at which the clock shows that.
    fn time_of(self, shown: Duration) -> u64 {
        let shown = (shown.as_micros() as u64).saturating_sub(self.beginning);
        (shown * 10_000).div_ceil(self.rate)
    }
}

/// What travels to a holder.
#[derive(Clone, Copy)]
enum Told {
    State(u64),
    Renewed(u64),
}

/// A stream, as both ends see it: messages in order, each way.
struct Stream {
    connection: ConnectionId,
    down: VecDeque<(u64, Told)>,
    up: VecDeque<(u64, Event)>,
    asked: u64,
    noted: Vec<Duration>,
}

struct Holder {
    clock: Rate,
    instance: u64,
    stream: Option<Stream>,
    /// What it has taken in.
    position: u64,
    /// Until when it may act, by its own clock.
    until: Duration,
    /// It takes nothing up before this time: paused, or partitioned.
    stuck_until: u64,
}

struct World {
    random: StdRng,
    time: u64,
    clock: Rate,
    enforcement: Enforcement,
    incarnation: u64,
    position: u64,
    narrowings: Vec<u64>,
    settled: u64,
    connections: u64,
    holders: Vec<Holder>,
    answered: usize,
    /// Restarts for which somebody had a farewell lease, and what was recorded of the last.
    parted: usize,
    recorded: Option<Farewell>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let clock = Rate::drawn(&mut random);
        let holders = (0..HOLDERS as u64).map(|n| {
            let clock = Rate::drawn(&mut random);
            Holder { clock, instance: n, stream: None, position: 0, until: Duration::ZERO, stuck_until: 0 }
        });
        let holders = holders.collect();
        let enforcement = Enforcement::new(terms(), 1, Duration::ZERO, clock.read(0));
        let (time, incarnation, position, settled, connections, answered, parted, narrowings) = (0, 1, 0, 0, 0, 0, 0, Vec::new());
        Self {
            random,
            time,
            clock,
            enforcement,
            incarnation,
            position,
            narrowings,
            settled,
            connections,
            holders,
            answered,
            parted,
            recorded: None,
        }
    }

    fn take(&mut self, event: Event) {
        let now = self.clock.read(self.time);
        for action in self.enforcement.on(event, now) {
            match action {
                Action::SendSnapshot { connection } => self.tell(connection, Told::State(self.position)),
                Action::SendChange { connection, position } => self.tell(connection, Told::State(position)),
                Action::SendRenewed { connection, number, .. } => self.tell(connection, Told::Renewed(number)),
                Action::Close { connection } | Action::Refuse { connection } => {
                    for holder in &mut self.holders {
                        holder.stream = holder.stream.take().filter(|stream| stream.connection != connection);
                    }
                }
                Action::Settled { position } => {
                    self.settled = self.settled.max(position);
                    self.answered += 1;
                }
            }
        }
    }

    fn tell(&mut self, connection: ConnectionId, told: Told) {
        let delay = self.delay();
        let stream = self.holders.iter_mut().filter_map(|holder| holder.stream.as_mut()).find(|stream| stream.connection == connection);
        if let Some(stream) = stream {
            let at = stream.down.back().map_or(0, |last| last.0).max(self.time + delay);
            stream.down.push_back((at, told));
        }
    }

    fn delay(&mut self) -> u64 {
        match self.random.random_range(0..100) {
            0..5 => self.random.random_range(0..1_500_000),
            5..50 => self.random.random_range(0..5_000),
            _ => 0,
        }
    }

    fn say(&mut self, holder: usize, event: Event) {
        let delay = self.delay();
        if let Some(stream) = &mut self.holders[holder].stream {
            let at = stream.up.back().map_or(0, |last| last.0).max(self.time + delay);
            stream.up.push_back((at, event));
        }
    }

    /// One holder opens a stream, or takes up a message and asks for its lease.
    fn holder_acts(&mut self, at: usize) {
        if self.holders[at].stuck_until > self.time {
            return;
        }
        if self.holders[at].stream.is_none() {
            self.connections += 1;
            let connection = ConnectionId(self.connections);
            let stream = Stream { connection, down: VecDeque::new(), up: VecDeque::new(), asked: 0, noted: Vec::new() };
            self.holders[at].stream = Some(stream);
            let instance = self.holders[at].instance;
            self.take(Event::Joined { connection, instance, incarnation: self.incarnation, snapshot: self.position });
            return;
        }
        let (time, holder) = (self.time, &mut self.holders[at]);
        let Some(stream) = &mut holder.stream else { return };
        let connection = stream.connection;
        match stream.down.front().copied() {
            Some((arrives, told)) if arrives <= time => {
                stream.down.pop_front();
                match told {
                    Told::State(position) => {
                        holder.position = position;
                        self.say(at, Event::Acknowledged { connection, position });
                    }
                    Told::Renewed(number) => {
                        let noted = stream.noted[number as usize - 1];
                        holder.until = holder.until.max(noted + Duration::from_micros(LEASE * 1000));
                    }
                }
            }
            _ => {
                stream.asked += 1;
                stream.noted.push(holder.clock.read(time));
                let number = stream.asked;
                self.say(at, Event::RenewReceived { connection, number });
            }
        }
    }

    fn consent_hears(&mut self, at: usize) {
        let time = self.time;
        let arrived = self.holders[at].stream.as_mut().and_then(|stream| {
            let arrives = stream.up.front()?.0;
            if arrives <= time { stream.up.pop_front() } else { None }
        });
        if let Some((_, event)) = arrived {
            self.take(event);
        }
    }

    fn break_stream(&mut self, at: usize) {
        let Some(stream) = self.holders[at].stream.take() else { return };
        // Consent learns of it at once, or never.
        if self.random.random_bool(0.5) {
            self.take(Event::Disconnected { connection: stream.connection });
        }
        if self.random.random_bool(0.3) {
            // Another process takes over; the old one lives on by what it knows, which its lease tells.
            self.holders[at].instance += HOLDERS as u64;
        }
    }

    /// Consent grants farewell leases, each of which arrives or does not.
    fn part(&mut self) -> Farewell {
        let now = self.clock.read(self.time);
        let farewell = self.enforcement.farewell(Duration::from_millis(3 * LEASE), now);
        for action in self.enforcement.part(&farewell, now) {
            let Action::SendRenewed { connection, number, lease } = action else { panic!("{action:?}") };
            let arrives = self.random.random_bool(0.8);
            let of = |holder: &&mut Holder| holder.stream.as_ref().is_some_and(|stream| stream.connection == connection);
            let Some(holder) = self.holders.iter_mut().find(of).filter(|_| arrives) else { continue };
            let noted = holder.stream.as_ref().map(|stream| stream.noted[number as usize - 1]).unwrap_or_default();
            // What was sent before arrived before.
            let told = holder.stream.take().into_iter().flat_map(|stream| stream.down);
            let states = told.filter_map(|(_, told)| if let Told::State(position) = told { Some(position) } else { None });
            holder.position = states.max().unwrap_or(holder.position).max(holder.position);
            holder.until = holder.until.max(noted + lease);
        }
        farewell
    }

    fn restart_consent(&mut self) {
        if self.random.random_bool(0.5) {
            self.recorded = Some(self.part());
            self.parted += usize::from(self.recorded.as_ref().is_some_and(|farewell| !farewell.holders.is_empty()));
        }
        self.incarnation += 1;
        for holder in &mut self.holders {
            holder.stream = None;
        }
        let longest = Duration::from_millis(LEASE);
        // Another machine: its clock is another one too.
        self.clock = Rate::drawn(&mut self.random);
        let now = self.clock.read(self.time);
        self.enforcement = Enforcement::new(terms(), self.incarnation, longest, now);
        // What was recorded stays so: it is never certain that it is over.
        if let Some(farewell) = &self.recorded {
            self.enforcement = self.enforcement.clone().after(farewell, now);
        }
        // Whoever asked before asks again.
        if let Some(last) = self.narrowings.last().copied() {
            self.take(Event::Awaited { position: last });
        }
    }

    /// Time goes on a little, or to the very instant at which consent may answer: where a lease counted too short would show.
    fn pass(&mut self) {
        let due = self.enforcement.wake().map(|wake| self.clock.time_of(wake)).filter(|due| *due > self.time);
        match due {
            Some(due) if self.random.random_bool(0.1) => {
                self.time = due;
                self.take(Event::Tick);
            }
            _ => self.time += self.random.random_range(0..20_000),
        }
    }

    fn step(&mut self) {
        self.pass();
        let at = self.random.random_range(0..HOLDERS);
        match self.random.random_range(0..1000) {
            0..=419 => self.holder_acts(at),
            420..=849 => self.consent_hears(at),
            850..=929 => self.take(Event::Tick),
            930..=959 => {
                self.position += 1;
                let narrowing = self.random.random_bool(0.6);
                self.take(Event::DecisionTaken { position: self.position, narrowing });
                if narrowing {
                    self.narrowings.push(self.position);
                    self.take(Event::Awaited { position: self.position });
                }
            }
            960..=979 => self.holders[at].stuck_until = self.time + self.random.random_range(0..3_000_000),
            980..=997 => self.break_stream(at),
            _ => self.restart_consent(),
        }
    }

    /// Nobody may act on a state that lacks a withdrawal that was answered.
    fn check(&self, seed: u64) {
        let last = self.narrowings.iter().rev().find(|position| **position <= self.settled).copied().unwrap_or(0);
        for (n, holder) in self.holders.iter().enumerate() {
            let alive = holder.clock.read(self.time) < holder.until;
            let behind = holder.position < last;
            assert!(!(alive && behind), "seed {seed}: holder {n} acts on {} though {last} was answered", holder.position);
        }
    }
}

fn terms() -> Terms {
    Terms { lease: Duration::from_millis(LEASE) }
}

#[test]
fn a_withdrawal_is_never_answered_while_somebody_may_act_without_it() {
    let (mut answered, mut parted) = (0, 0);
    for seed in 0..400 {
        let mut world = World::new(seed);
        for _ in 0..2_000 {
            world.step();
            world.check(seed);
        }
        // When everybody is silent, what is open is answered once time has passed.
        world.time += 5_000_000;
        world.take(Event::Tick);
        assert_eq!((world.settled, world.enforcement.wake()), (world.narrowings.last().copied().unwrap_or(0), None), "seed {seed}");
        answered += world.answered;
        parted += world.parted;
    }
    assert!(answered > 4_000 && parted > 100, "{answered} withdrawals were answered, {parted} farewells");
}
