//! Whatever happens in whatever order, a view holds exactly what may be read.

use feed::Pace;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::consent::State;
use crate::log::Service;
use crate::process::{NEVER, Process};
use crate::rows;
use crate::world::{CRM, TENANT, World};

const CASES: u32 = 200;

#[derive(Clone, Debug)]
enum Act {
    /// A block of a mailbox, sealed so many decisions ago.
    Mail {
        user: u64,
        entries: u64,
        lag: u64,
    },
    Hold(u64),
    Release {
        user: u64,
        resumes: bool,
    },
    Destroy(u64),
    /// Opens again: in the same generation, or with all new keys.
    Open {
        user: u64,
        reopen: bool,
    },
    Withhold,
    Tell,
    Feed(Service),
    Stop,
    Crash,
    Start,
    Check,
}

fn act() -> impl Strategy<Value = Act> {
    let user = 1..=3_u64;
    prop_oneof![
        10 => (0..=3_u64, 1..=3_u64, 0..=2_u64).prop_map(|(user, entries, lag)| Act::Mail { user, entries, lag }),
        3 => user.clone().prop_map(Act::Hold),
        4 => (user.clone(), any::<bool>()).prop_map(|(user, resumes)| Act::Release { user, resumes }),
        2 => user.clone().prop_map(Act::Destroy),
        3 => (user, any::<bool>()).prop_map(|(user, reopen)| Act::Open { user, reopen }),
        1 => Just(Act::Withhold),
        2 => Just(Act::Tell),
        1 => prop_oneof![Just(Act::Feed(Service::Down)), Just(Act::Feed(Service::Hanging))],
        2 => Just(Act::Feed(Service::Up)),
        1 => Just(Act::Stop),
        1 => Just(Act::Crash),
        2 => Just(Act::Start),
        4 => Just(Act::Check),
    ]
}

/// The world with what the acts need to remember.
struct Run {
    world: World,
    pace: Pace,
    process: Option<Process>,
    /// The generation of each mailbox at each decision, as far as there was a key to seal with.
    sealing: Vec<[Option<u32>; 4]>,
    number: u64,
    last_sealed: u64,
    reachable: bool,
}

impl Run {
    fn begin(pending_limit: usize) -> Self {
        let world = World::new();
        let pace = Pace { pending_limit, ..NEVER };
        let sealing = vec![[None; 4]; world.consent.position() as usize + 1];
        let mut run = Self { world, pace, process: None, sealing, number: 0, last_sealed: 0, reachable: true };
        run.remember();
        run.last_sealed = run.world.consent.position();
        run
    }

    fn state(&self, user: u64) -> State {
        self.world.consent.mailbox(TENANT, user).state
    }

    fn remember(&mut self) {
        let generation = |user: u64| match user {
            CRM => Some(0),
            user => {
                Some(self.world.consent.mailbox(TENANT, user)).filter(|mailbox| mailbox.generation > 0).map(|mailbox| mailbox.generation)
            }
        };
        let now = [0, 1, 2, 3].map(generation);
        self.sealing.resize(self.world.consent.position() as usize + 1, now);
        if let Some(last) = self.sealing.last_mut() {
            *last = now;
        }
    }

    fn mail(&mut self, user: u64, entries: u64, lag: u64) {
        // Ingestion's own mirror may be behind, but never goes back.
        let sealed = self.world.consent.position().saturating_sub(lag).max(self.last_sealed);
        if let Some(generation) = self.sealing[sealed as usize][user as usize] {
            self.world.sealed_at(sealed, TENANT, user, generation, self.number..self.number + entries);
            self.number += entries;
            self.last_sealed = sealed;
        }
    }

    async fn act(&mut self, act: &Act) {
        let consent = self.world.consent.clone();
        match *act {
            Act::Mail { user, entries, lag } => self.mail(user, entries, lag),
            Act::Hold(user) if self.state(user) == State::Open => {
                consent.hold(TENANT, user);
            }
            Act::Release { user, resumes } if self.state(user) == State::Held => {
                if resumes {
                    consent.release(TENANT, user)
                } else {
                    consent.release_from_now(TENANT, user)
                };
            }
            Act::Destroy(user) if self.state(user) != State::Destroyed => {
                consent.destroy(TENANT, user);
            }
            Act::Open { user, reopen } if self.state(user) == State::Destroyed => {
                if reopen {
                    consent.reopen(TENANT, user)
                } else {
                    consent.grant(TENANT, user)
                };
            }
            Act::Hold(_) | Act::Release { .. } | Act::Destroy(_) | Act::Open { .. } => {}
            Act::Withhold => consent.withhold(),
            Act::Tell => consent.tell(),
            Act::Feed(service) => {
                self.reachable = service == Service::Up;
                self.world.log.following(service);
            }
            Act::Stop => {
                if let Some(process) = self.process.take() {
                    process.stop().await;
                }
            }
            Act::Crash => drop(self.process.take()),
            Act::Start => self.start().await,
            Act::Check => self.check().await,
        }
        self.remember();
    }

    async fn start(&mut self) {
        if self.process.is_none() {
            self.process = Some(self.world.start_at(self.pace).await);
        }
    }

    async fn check(&mut self) {
        self.world.consent.tell();
        if let Some(process) = self.process.as_ref().filter(|_| self.reachable) {
            self.world.check(process).await;
            for user in (1..=3).filter(|user| self.state(*user) == State::Destroyed) {
                assert!(rows::chunks(process.store(), TENANT, user).is_empty());
            }
        }
    }

    async fn end(&mut self) {
        for act in [Act::Feed(Service::Up), Act::Start, Act::Check, Act::Stop, Act::Start, Act::Check, Act::Crash] {
            self.act(&act).await;
        }
        self.start().await;
        for user in 1..=3 {
            if self.state(user) == State::Held {
                self.world.consent.release(TENANT, user);
            }
        }
        self.check().await;
    }
}

#[test]
fn a_view_holds_exactly_what_may_be_read() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, max_shrink_iters: 300, ..Config::default() });
    let acts = (prop_oneof![Just(1_usize), Just(4), Just(1_000)], proptest::collection::vec(act(), 1..32));
    let outcome = runner.run(&acts, |(pending_limit, acts)| {
        runtime.block_on(async {
            let mut run = Run::begin(pending_limit);
            run.start().await;
            for act in &acts {
                run.act(act).await;
            }
            run.end().await;
        });
        Ok(())
    });
    outcome.unwrap();
}
