//! What is still held of each mailbox for each purpose: lives, each with a beginning, perhaps an end, and between them
//! the stretches in which it was collected. A life that has ended never goes on; what opens later is another one.

use crate::facts::{DAY, Fact, Purpose, Said, Second, Then, User};
use crate::gates::{Out, Verdict, group, verdict};

pub const HOLD: Second = 30 * DAY;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Open,
    Kept,
    Held { until: Second },
    Destroyed,
}

/// One stretch of holding something: from its opening to its destruction.
#[derive(Clone, Debug)]
pub struct Life {
    pub born: Second,
    pub held: Held,
    /// When what is collected is new only (the user had been in an opted-out group until then), not a year back.
    pub new_only: bool,
}

/// The verdicts after each fact and at each instant at which time alone may change one.
#[derive(Default)]
pub struct Tape {
    facts: Vec<Fact>,
    now: Second,
    seen: Vec<(User, Purpose, Vec<Glance>)>,
}

#[derive(Clone, Copy)]
struct Glance {
    at: Second,
    verdict: Verdict,
    in_group: bool,
}

impl Tape {
    pub fn starting(now: Second, users: &[User], purposes: &[Purpose]) -> Self {
        let seen = users.iter().flat_map(|user| purposes.iter().map(|purpose| (*user, *purpose, Vec::new()))).collect();
        Self { facts: Vec::new(), now, seen }
    }

    pub fn then(&self) -> Then<'_> {
        Then { facts: &self.facts, now: self.now }
    }

    pub fn say(&mut self, said: Said) {
        self.facts.push(Fact { at: self.now, said });
        self.glance();
    }

    /// Lets time pass, looking at every instant on the way at which a grant ends or a hold may.
    pub fn wait(&mut self, until: Second) {
        let ends = self.facts.iter().filter_map(|fact| match fact.said {
            Said::Granted { expires, .. } => expires,
            _ => None,
        });
        let said = self.facts.iter().map(|fact| fact.at);
        let mut instants: Vec<Second> = ends.chain(said).flat_map(|at| [at, at + HOLD]).chain([until]).collect();
        instants.retain(|at| self.now < *at && *at <= until);
        instants.sort_unstable();
        instants.dedup();
        for at in instants {
            self.now = at;
            self.glance();
        }
    }

    fn glance(&mut self) {
        let then = Then { facts: &self.facts, now: self.now };
        for (user, purpose, glances) in &mut self.seen {
            glances.push(Glance {
                at: self.now,
                verdict: verdict(then, *user, *purpose),
                in_group: group(then, *user, *purpose) != Out::No,
            });
        }
    }

    /// Every life a mailbox has had for a purpose, the last one last.
    pub fn lives(&self, user: User, purpose: Purpose) -> Vec<Life> {
        let Some((.., glances)) = self.seen.iter().find(|(u, p, _)| (*u, *p) == (user, purpose)) else {
            return Vec::new();
        };
        let mut lives: Vec<Life> = Vec::new();
        let mut was_in_group = false;
        for glance in glances {
            let living = lives.last_mut().filter(|life| life.held != Held::Destroyed);
            match (living, glance.verdict) {
                (None, Verdict::Open) => {
                    lives.push(Life { born: glance.at, held: Held::Open, new_only: was_in_group });
                }
                (None, _) => {}
                (Some(life), verdict) => life.held = next(life.held, verdict, glance.at),
            }
            was_in_group = glance.in_group;
        }
        lives
    }
}

fn next(held: Held, verdict: Verdict, at: Second) -> Held {
    match (held, verdict) {
        (Held::Destroyed, _) | (_, Verdict::Destroy) => Held::Destroyed,
        (Held::Held { until }, _) if until <= at => Held::Destroyed,
        (Held::Held { until }, Verdict::Hold) => Held::Held { until },
        (_, Verdict::Hold) => Held::Held { until: at + HOLD },
        (_, Verdict::Keep) => Held::Kept,
        (_, Verdict::Open) => Held::Open,
    }
}
