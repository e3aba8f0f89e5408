//! The schedule: time, the network between the halves, and everything that goes wrong. One seed, one run.

mod network;
mod upsets;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use consent_domain::enforcement::{ConnectionId, Event, Farewell};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::broken::Broken;
use super::clock::Rate;
use super::consent::{Consent, FAREWELL, LEASE, Told};
use super::history::{History, Read};
use super::holder::{self, Holder};
use super::words::{State, Tenant};
use network::Stream;

const HOLDERS: usize = 3;
const TENANTS: usize = 3;

/// When commands and upsets stop, and when the run ends: in between, everything must come right by itself.
const UPSET_UNTIL: u64 = 12_000_000;
const END: u64 = 18_000_000;

/// What is due at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Connect(usize),
    HolderHears(usize),
    HolderTick(usize),
    /// Of a variant: a mirror is swapped in late.
    Swap(usize, u64),
    ConsentHears(ConnectionId),
    ConsentTick(usize),
    ConsentResumes,
    ConsentStarts,
    /// Of a variant: a holder enters the set late.
    Joins(ConnectionId, u64, u64),
    Expires(usize, u32),
    /// A withdrawal is asked for again by its `request_id`.
    Repeat(usize),
    Command,
    Upset,
    /// A holder takes up a request, and once more later; a probe comes once.
    Read(usize),
    Probe(usize),
}

/// A withdrawal that somebody waits for.
struct Withdrawal {
    tenant: usize,
    generation: u32,
    position: u64,
    /// From when the bound counts: asked, or asked again of a restarted consent, or consent awake again.
    since: u64,
    answered: bool,
    /// Which life of consent waits for it.
    awaited_by: usize,
}

pub struct World {
    random: SmallRng,
    broken: Broken,
    time: u64,
    due: BinaryHeap<Reverse<(u64, u64, Due)>>,
    order: u64,
    /// Every life of consent; the last one is the present one, any other takes no decision.
    consents: Vec<Consent>,
    /// A life that ended and is still reached by streams gone astray.
    astray: Option<usize>,
    holders: Vec<Holder>,
    instances: u64,
    streams: BTreeMap<ConnectionId, Stream>,
    connections: u64,
    withdrawals: Vec<Withdrawal>,
    /// The farewell leases that are recorded, and when the first life after them began; 0: not yet.
    farewell: Option<(Farewell, u64)>,
    history: History,
}

impl World {
    pub fn new(seed: u64, broken: Broken) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let state = State { position: 1, tenants: vec![Tenant::default(); TENANTS] };
        let consent = Consent::begin(1, state, Rate::drawn(&mut random), 0, broken);
        let holders = (0..HOLDERS as u64).map(|instance| Holder::new(Rate::drawn(&mut random), instance)).collect();
        let mut world = Self {
            random,
            broken,
            time: 0,
            due: BinaryHeap::new(),
            order: 0,
            consents: vec![consent],
            astray: None,
            holders,
            instances: HOLDERS as u64,
            streams: BTreeMap::new(),
            connections: 0,
            withdrawals: Vec::new(),
            farewell: None,
            history: History::default(),
        };
        for holder in 0..HOLDERS {
            world.after(0, Due::Connect(holder));
            world.after(0, Due::Read(holder));
        }
        world.after(1_000, Due::Command);
        world.after(500_000, Due::Upset);
        world
    }

    /// Runs to the end and hands over what happened.
    pub fn run(mut self) -> History {
        while let Some(Reverse((time, _, due))) = self.due.pop() {
            if time > END {
                break;
            }
            self.time = time;
            self.take(due);
        }
        let open = self.withdrawals.iter().find(|withdrawal| !withdrawal.answered);
        self.history.late = self.history.late.or(open.map(|withdrawal| (withdrawal.position, END.saturating_sub(withdrawal.since))));
        self.history
    }

    /// How long an answer may take by true time: a heartbeat, then a lease as consent counts it, on a slow clock.
    fn bound() -> u64 {
        micros(LEASE / 4 + LEASE + LEASE / 100) * 1_005 / 1_000 + 16_000
    }

    /// The latest that a withdrawal may be answered which was asked at `since`: a farewell lease may be waited for besides.
    fn latest(&self, since: u64) -> u64 {
        let farewell = self.farewell.as_ref().map_or(0, |(_, begun)| begun + micros(FAREWELL + FAREWELL / 100) * 1_005 / 1_000 + 16_000);
        (since + Self::bound()).max(farewell)
    }

    fn after(&mut self, delay: u64, due: Due) {
        self.order += 1;
        self.due.push(Reverse((self.time + delay, self.order, due)));
    }

    fn take(&mut self, due: Due) {
        match due {
            Due::Connect(at) | Due::HolderHears(at) | Due::HolderTick(at) | Due::Read(at) | Due::Probe(at)
                if self.time < self.holders[at].suspended_until =>
            {
                // Awake again, what has gathered is taken up in any order.
                let wakes = self.holders[at].suspended_until - self.time + self.random.random_range(0..4);
                self.after(wakes, due);
            }
            Due::Connect(at) => self.connect(at),
            Due::HolderHears(at) => self.holder_hears(at),
            Due::HolderTick(at) => self.holder_ticks(at),
            Due::Swap(at, instance) => self.swap(at, instance),
            Due::ConsentHears(connection) => self.consent_hears(connection),
            Due::ConsentTick(life) => self.tick(life),
            Due::ConsentResumes => self.resume(),
            Due::ConsentStarts => self.start_consent(),
            Due::Joins(connection, incarnation, snapshot) => self.join(connection, incarnation, snapshot),
            Due::Expires(tenant, generation) => self.expire(tenant, generation),
            Due::Repeat(withdrawal) => self.repeat(withdrawal),
            Due::Command => self.command(),
            Due::Upset => self.upset(),
            Due::Read(at) => {
                self.read(at);
                let next = self.random.random_range(5_000..25_000);
                self.after(next, due);
            }
            Due::Probe(at) => self.read(at),
        }
    }

    fn read(&mut self, at: usize) {
        let (began, tenant) = (self.time, self.random.random_range(0..TENANTS));
        let ended = began + self.random.random_range(0..5_000);
        let Some(mirror) = self.holders[at].permit(began, self.broken) else {
            self.history.refused += 1;
            return;
        };
        let saw = holder::seen(&mirror, tenant, began, self.broken);
        self.history.reads.push(Read { began, ended, holder: at, tenant, saw });
    }

    fn life(&self) -> usize {
        self.consents.len() - 1
    }

    /// The present life of consent, if it listens now.
    fn awake(&mut self) -> Option<&mut Consent> {
        let time = self.time;
        self.consents.last_mut().filter(|consent| consent.up && consent.paused_until <= time)
    }

    fn command(&mut self) {
        if self.time > UPSET_UNTIL {
            return;
        }
        let next = self.random.random_range(20_000..400_000);
        self.after(next, Due::Command);
        // Now and then two withdrawals wait at once.
        for _ in 0..self.random.random_range(1..=2) {
            let tenant = self.random.random_range(0..TENANTS);
            self.decide(tenant);
        }
    }

    fn decide(&mut self, tenant: usize) {
        let (time, life) = (self.time, self.life());
        let expires = self.random.random_bool(0.3).then(|| time + self.random.random_range(300_000..3_000_000));
        let Some(consent) = self.awake() else { return };
        let told = consent.decide(tenant, expires, time);
        let (position, Tenant { generation, open, expires }) = (consent.state.position, consent.state.tenants[tenant].clone());
        self.carry_out(life, told);
        if open {
            if let Some(expires) = expires {
                self.history.cover(tenant, generation, expires);
                self.history.expired += 1;
                self.after(expires - time, Due::Expires(tenant, generation));
            }
            return;
        }
        let withdrawal = self.withdrawals.len();
        self.withdrawals.push(Withdrawal { tenant, generation, position, since: time, answered: false, awaited_by: life });
        let told = self.consents[life].take(Event::Awaited { position }, time);
        self.carry_out(life, told);
        if self.random.random_bool(0.3) {
            let again = self.random.random_range(0..300_000);
            self.after(again, Due::Repeat(withdrawal));
        }
        if self.random.random_bool(0.3) {
            // Somebody joins while it waits.
            let at = self.random.random_range(0..HOLDERS);
            self.break_stream(at, 2_000);
        }
    }

    /// Consent takes the decision that is due.
    fn expire(&mut self, tenant: usize, generation: u32) {
        let (time, life) = (self.time, self.life());
        let Some(consent) = self.awake() else {
            self.after(50_000, Due::Expires(tenant, generation));
            return;
        };
        let held = &consent.state.tenants[tenant];
        if held.open && held.generation == generation {
            let told = consent.decide(tenant, None, time);
            self.carry_out(life, told);
        }
    }

    fn repeat(&mut self, at: usize) {
        let (time, life) = (self.time, self.life());
        let position = self.withdrawals[at].position;
        let Some(consent) = self.awake() else {
            self.after(50_000, Due::Repeat(at));
            return;
        };
        let mut told = consent.take(Event::Awaited { position }, time);
        if self.broken == Broken::RepeatAnsweredAtOnce {
            told.push(Told::Settled(position));
        }
        if self.withdrawals[at].awaited_by != life {
            (self.withdrawals[at].awaited_by, self.withdrawals[at].since) = (life, time);
        }
        self.carry_out(life, told);
    }

    fn settled(&mut self, position: u64) {
        let time = self.time;
        let Some(withdrawal) = self.withdrawals.iter_mut().find(|withdrawal| withdrawal.position == position && !withdrawal.answered)
        else {
            return;
        };
        withdrawal.answered = true;
        let (since, took) = (withdrawal.since, time.saturating_sub(withdrawal.since));
        self.history.cover(withdrawal.tenant, withdrawal.generation, time);
        let latest = self.latest(since);
        self.history.answered += 1;
        self.history.longest_answer = self.history.longest_answer.max(took);
        if time > latest {
            self.history.late.get_or_insert((position, took));
        }
        // Where an answer came too early, it shows at once.
        for at in 0..HOLDERS {
            for _ in 0..TENANTS {
                self.after(1, Due::Probe(at));
            }
        }
    }

    fn tick(&mut self, life: usize) {
        let (time, consent) = (self.time, &mut self.consents[life]);
        if !consent.up {
            return;
        }
        if time < consent.paused_until {
            let wait = consent.paused_until - time;
            self.after(wait, Due::ConsentTick(life));
            return;
        }
        let told = consent.take(Event::Tick, time);
        self.carry_out(life, told);
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap()
}
