//! What is still held of each mailbox for each purpose: lives, each with a beginning and perhaps an end. A life that has ended never
//! goes on; what opens later is another one.

use std::collections::BTreeSet;

use crate::facts::{Application, DAY, Fact, Kind, PURPOSES, Purpose, Said, Second, Source, User, names};
use crate::gates::{self, Out, Verdict, group, verdict};
use crate::history::Then;

pub const HOLD: Second = 30 * DAY;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Open,
    Kept,
    /// Held back: nobody has the key.
    Back {
        until: Second,
    },
    Destroyed,
}

/// Everything ever said, and for each user and purpose what followed after each fact and at each instant at which time alone may
/// change something.
#[derive(Clone)]
pub struct Tape {
    facts: Vec<Fact>,
    now: Second,
    seen: Vec<(User, Purpose, Vec<Glance>)>,
}

#[derive(Clone, Copy)]
struct Glance {
    at: Second,
    /// How much had been said.
    facts: usize,
    verdict: Verdict,
    /// Whether the user was in the directory and in an opted-out group.
    out: bool,
}

impl Tape {
    pub fn starting(now: Second, users: impl IntoIterator<Item = User>) -> Self {
        let seen = users.into_iter().flat_map(|user| PURPOSES.map(|purpose| (user, purpose, Vec::new()))).collect();
        Self { facts: Vec::new(), now, seen }
    }

    pub fn then(&self) -> Then<'_> {
        Then { facts: &self.facts, now: self.now }
    }

    pub fn say(&mut self, said: Said) {
        self.facts.push(Fact { at: self.now, said });
        self.glance();
    }

    /// Lets time pass, looking at every instant on the way at which a grant, a hold or a feature without consent may end.
    pub fn wait(&mut self, until: Second) {
        let ends = self.facts.iter().filter_map(|fact| if let Said::Granted { expires, .. } = fact.said { expires } else { None });
        let said = self.facts.iter().map(|fact| fact.at);
        let changes = ends.chain(said).flat_map(|at| [at, at + 14 * DAY]).collect::<Vec<Second>>();
        let mut instants: Vec<Second> = changes.into_iter().flat_map(|at| [at, at + HOLD]).chain([until]).collect();
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
            let out = then.entry(*user).is_some() && group(then, *user, *purpose) != Out::No;
            glances.push(Glance { at: self.now, facts: self.facts.len(), verdict: verdict(then, *user, *purpose), out });
        }
    }

    /// Every life a mailbox has had for a purpose, the last one last: how it stands, or that it ended.
    pub fn lives(&self, user: User, purpose: Purpose) -> Vec<Held> {
        let mut lives: Vec<Held> = Vec::new();
        for glance in self.glances(user, purpose) {
            match (lives.last_mut().filter(|held| **held != Held::Destroyed), glance.verdict) {
                (None, Verdict::Open) => lives.push(Held::Open),
                (None, _) => {}
                (Some(held), verdict) => *held = next(*held, verdict, glance.at),
            }
        }
        lives
    }

    /// How the present life stands; nothing where nothing is held.
    pub fn held(&self, user: User, purpose: Purpose) -> Option<Held> {
        self.lives(user, purpose).pop().filter(|held| *held != Held::Destroyed)
    }

    /// The gates that say no; somebody without a mailbox, or departed with nothing kept, has none that might be a source.
    pub fn closed(&self, user: User, application: Application, purpose: Purpose, source: Source) -> BTreeSet<u8> {
        let mut closed = gates::closed(self.then(), user, application, purpose, source);
        let mailbox = match self.then().entry(user) {
            None => false,
            Some((entry, _)) if entry.kind == Kind::Guest => false,
            Some((_, true)) => true,
            Some((_, false)) => self.held(user, purpose).is_some(),
        };
        if source == Source::Mailbox && !mailbox {
            closed.insert(2);
        }
        closed
    }

    /// "Leaving it restores only new data" and "opting in again back-fills anew": the last time the user, being in the directory, left
    /// the opted-out groups, unless the user opted in since.
    pub fn new_since(&self, user: User, purpose: Purpose) -> Option<Second> {
        let mut since = None;
        let mut before: Option<&Glance> = None;
        for glance in self.glances(user, purpose) {
            let fact = before.is_none_or(|before| before.facts < glance.facts).then(|| &self.facts[glance.facts - 1]);
            match fact.map(|fact| &fact.said) {
                Some(Said::Erased { user: erased }) if *erased == user => since = None,
                Some(Said::UserIn { user: chooser, purposes }) if *chooser == user && names(*purposes, purpose) => since = None,
                _ if before.is_some_and(|before| before.out) && !glance.out => since = Some(glance.at),
                _ => {}
            }
            before = Some(glance);
        }
        since
    }

    fn glances(&self, user: User, purpose: Purpose) -> impl Iterator<Item = &Glance> {
        self.seen.iter().filter(move |(u, p, _)| (*u, *p) == (user, purpose)).flat_map(|(.., glances)| glances)
    }
}

fn next(held: Held, verdict: Verdict, at: Second) -> Held {
    match (held, verdict) {
        (Held::Destroyed, _) | (_, Verdict::Destroy) => Held::Destroyed,
        (Held::Back { until }, _) if until <= at => Held::Destroyed,
        (Held::Back { until }, Verdict::Hold) => Held::Back { until },
        (_, Verdict::Hold) => Held::Back { until: at + HOLD },
        (_, Verdict::Keep) => Held::Kept,
        (_, Verdict::Open) => Held::Open,
    }
}
