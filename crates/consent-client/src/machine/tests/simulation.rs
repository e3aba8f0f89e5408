//! A consent that follows the rules, and a wire that delays, breaks and pauses, against the real machine: once a withdrawal is answered,
//! no permit shows what it closed.

use std::collections::VecDeque;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

const LEASE: u64 = 2_000;
const HEARTBEAT: u64 = 500;

/// Consent, in milliseconds of its own clock: one user, whose generation is open or not.
#[derive(Default)]
struct Consent {
    position: u64,
    generation: u32,
    open: bool,
    /// When the holder's last lease counts as over.
    over: u64,
    joined: bool,
    acknowledged: u64,
    /// The narrowing decision that waits: its position, generation and instant.
    narrowing: Option<(u64, u32, u64)>,
    /// The generations whose withdrawal was answered.
    answered: Vec<u32>,
}

impl Consent {
    fn user(&self) -> crate::UserMirror {
        user(1, self.generation, if self.open { OPEN } else { DESTROYED })
    }

    fn decide(&mut self, now: u64) -> Message {
        self.position += 1;
        self.open = !self.open;
        if self.open {
            self.generation += 1;
        } else {
            self.narrowing = Some((self.position, self.generation, now));
        }
        change(self.position, vec![self.user()])
    }

    fn hear(&mut self, say: Say, now: u64) -> Option<Message> {
        match say {
            Say::Hello { .. } => {
                (self.joined, self.acknowledged) = (true, 0);
                Some(snapshot(1, self.position, vec![self.user()]))
            }
            Say::Acknowledge { position } => {
                self.acknowledged = self.acknowledged.max(position);
                None
            }
            Say::Renew { number } => {
                let overdue = self.narrowing.is_some_and(|(position, _, since)| self.acknowledged < position && now > since + HEARTBEAT);
                if overdue {
                    return None;
                }
                self.over = self.over.max(now + LEASE * 101 / 100 + 10);
                Some(renewed(number, 1, self.position))
            }
        }
    }

    /// Answers the withdrawal that waits, when the holder has acknowledged it or its lease is over.
    fn answer(&mut self, now: u64) {
        if let Some((position, generation, _)) = self.narrowing
            && ((self.joined && self.acknowledged >= position) || now > self.over)
        {
            self.answered.push(generation);
            self.narrowing = None;
        }
    }
}

/// Messages on their way, each with the instant at which it arrives; order is kept.
struct Wire<T>(VecDeque<(u64, T)>);

impl<T> Wire<T> {
    fn send(&mut self, message: T, now: u64, delay: u64) {
        let last = self.0.back().map_or(0, |(arrival, _)| *arrival);
        self.0.push_back((last.max(now + delay), message));
    }

    fn arrived(&mut self, now: u64) -> Option<T> {
        self.0.pop_front_if(|(arrival, _)| *arrival <= now).map(|(_, message)| message)
    }
}

/// The holder's clock differs from consent's by up to 1 %, and started elsewhere.
fn holders_clock(now: u64, slow: u64) -> Duration {
    Duration::from_micros(7_000_000 + now * (1_000 - slow))
}

fn run(seed: u64) -> (usize, u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    let slow = random.random_range(0..10);
    let mut consent = Consent { position: 1, ..Consent::default() };
    let mut machine = Machine::default();
    let (mut up, mut down) = (Wire(VecDeque::new()), Wire(VecDeque::new()));
    let (mut published, mut until) = (Arc::<Mirror>::default(), Duration::ZERO);
    let (mut connected, mut paused_until, mut permits) = (false, 0, 0);
    for now in (0..60_000).step_by(25) {
        let boot = holders_clock(now, slow);
        if consent.narrowing.is_none() && random.random_bool(0.02) {
            let told = consent.decide(now);
            if consent.joined {
                down.send(told, now, random.random_range(0..100));
            }
        }
        let mut actions = Vec::new();
        if now >= paused_until {
            if connected && random.random_bool(0.004) {
                // The wire breaks: what is under way is lost, and consent may notice later or never.
                (connected, consent.joined) = (false, random.random_bool(0.5));
                up.0.clear();
                down.0.clear();
                actions.extend(machine.on(Event::Lost, boot));
            } else if !connected && random.random_bool(0.05) {
                connected = true;
                up.0.clear();
                down.0.clear();
                actions.extend(machine.on(Event::Opened, boot));
            } else if random.random_bool(0.003) {
                paused_until = now + random.random_range(0..5_000);
            } else {
                let messages: Vec<_> = std::iter::from_fn(|| down.arrived(now)).collect();
                actions.extend(machine.on(if messages.is_empty() { Event::Tick } else { Event::Received(messages) }, boot));
            }
        }
        for action in actions {
            match action {
                Action::Publish(mirror) => published = mirror,
                Action::Extend(extended) => until = extended,
                // Now and then something hangs on the way for longer than a lease.
                Action::Say(say) if connected => {
                    up.send(say, now, if random.random_bool(0.02) { random.random_range(0..4_000) } else { 20 });
                }
                Action::Disconnect(_) => connected = false,
                Action::Say(_) | Action::Announce(_) => {}
            }
        }
        while let Some(say) = up.arrived(now) {
            if let Some(told) = consent.hear(say, now) {
                let delay = if random.random_bool(0.02) { random.random_range(0..4_000) } else { 20 };
                down.send(told, now, delay);
            }
        }
        consent.answer(now);
        if boot < until {
            permits += 1;
            let shown = published.tenants.get(&tenant()).and_then(|tenant| tenant.users.get(&UserId(1)));
            if let Some(user) = shown.filter(|user| user.is_open()) {
                assert!(!consent.answered.contains(&user.generation), "seed {seed}: a permit shows what was withdrawn, at {now}");
            }
        }
    }
    (consent.answered.len(), permits)
}

#[test]
fn withdrawn_consent_is_shown_by_no_permit_whatever_the_wire_and_the_clocks_do() {
    let (mut answered, mut permits) = (0, 0);
    for seed in 0..400 {
        let (withdrawals, shown) = run(seed);
        (answered, permits) = (answered + withdrawals, permits + shown);
    }
    assert!(answered > 2_000 && permits > 200_000, "the simulation is alive: {answered} withdrawals answered, {permits} permits");
}
