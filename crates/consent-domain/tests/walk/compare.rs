//! The oracle and the rules side by side: both hear the same, and after everything said every answer is compared for everybody.

mod decision;
mod holdings;

use std::collections::{BTreeMap, BTreeSet};

use consent_domain::{Decision, Gate, KeyName, expire};
use vocabulary::Timestamp;

use crate::facts::{PURPOSES, Purpose, Said, Second, Source, User};
use crate::figures::Figures;
use crate::gates::named;
use crate::holdings::{Held, Tape};
use crate::refusals::refusable;
use crate::suite::{Suite, address, external, name};

const GATES: [(u8, Gate); 7] = [
    (1, Gate::Feature),
    (2, Gate::MailboxSource),
    (3, Gate::TenantConsent),
    (4, Gate::Role),
    (5, Gate::Group),
    (6, Gate::User),
    (7, Gate::Region),
];

pub const fn purpose(purpose: Purpose) -> consent_domain::Purpose {
    match purpose {
        Purpose::Analytics => consent_domain::Purpose::RelationshipAnalytics,
        Purpose::Graph => consent_domain::Purpose::ConnectionGraph,
    }
}

/// What the oracle says of one user and purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    held: Option<Held>,
    lives: usize,
    new_since: Option<Second>,
    named: bool,
}

impl Row {
    fn open(&self) -> bool {
        self.held == Some(Held::Open)
    }

    fn readable(&self) -> bool {
        matches!(self.held, Some(Held::Open | Held::Kept))
    }
}

type Rows = Vec<[Row; 2]>;

#[derive(Clone)]
pub struct Both {
    pub tape: Tape,
    pub suite: Suite,
    pub figures: Figures,
    users: User,
    rows: Rows,
    /// Which purposes of whom stood open, and since when data counts, after each position of consent.
    open: BTreeMap<u64, Vec<[Option<Option<Second>>; 2]>>,
    /// The position at which each present life began.
    born: Vec<[u64; 2]>,
    keys: BTreeSet<KeyName>,
    ever: BTreeSet<KeyName>,
}

impl Both {
    pub fn starting(now: Second, users: User) -> Self {
        let (tape, suite) = (Tape::starting(now, 0..users), Suite::starting(now));
        let born = vec![[0; 2]; usize::from(users)];
        let (figures, rows, open, keys, ever) = Default::default();
        let mut both = Self { tape, suite, figures, users, rows, open, born, keys, ever };
        both.rows = both.rows();
        both
    }

    /// Says something to both. What the rules refuse must be refusable, and is not said.
    pub fn say(&mut self, said: Said) {
        let refusable = refusable(&self.tape, &said);
        match self.suite.hear(&said) {
            Err(why) => {
                assert_eq!(refusable, Some(why), "{said:?}");
                self.figures.refused += 1;
            }
            Ok(decision) => {
                assert_eq!(refusable, None, "{said:?}");
                self.tape.say(said);
                self.figures.said += 1;
                self.after(&decision);
            }
        }
    }

    /// Lets time pass; what ends by itself is decided when the rules say it is due.
    pub fn wait(&mut self, until: Second) {
        while let Some(due) = self.suite.due(until) {
            // At the instant itself, before it is decided, CheckConsent looks at the clock.
            self.tape.wait(due);
            self.suite.now = due;
            self.gates(true);
            let decision = self.suite.expire();
            assert!(!decision.is_empty(), "something was due, and nothing decided");
            self.figures.ended_by_itself += 1;
            self.after(&decision);
        }
        if until == self.suite.now {
            return;
        }
        self.tape.wait(until);
        self.suite.now = until;
        let nothing = Decision::default();
        self.after(&nothing);
    }

    fn rows(&self) -> Rows {
        let row = |user, of| {
            let lives = self.tape.lives(user, of);
            let held = lives.last().copied().filter(|held| *held != Held::Destroyed);
            Row { held, lives: lives.len(), new_since: self.tape.new_since(user, of), named: named(self.tape.then(), user, of) }
        };
        (0..self.users).map(|user| PURPOSES.map(|of| row(user, of))).collect()
    }

    fn after(&mut self, decision: &Decision) {
        let before = std::mem::take(&mut self.rows);
        self.rows = self.rows();
        let position = self.suite.state.position;
        let open = |rows: &[Row; 2]| rows.map(|row| row.open().then_some(row.new_since));
        self.open.insert(position, self.rows.iter().map(open).collect());
        for (user, (was, is)) in before.iter().zip(&self.rows).enumerate() {
            for of in PURPOSES {
                if was[of as usize].lives < is[of as usize].lives {
                    self.born[user][of as usize] = position;
                    self.figures.lives += 1;
                }
            }
        }
        self.decision(&before, decision);
        self.gates(false);
        for user in 0..self.users {
            self.directory(user);
            self.holdings(user);
        }
        self.deadlines();
    }

    /// Every gate of everybody, for each application and for any; as CheckConsent asks, by the clock, also when something
    /// is due and not yet decided.
    fn gates(&mut self, due: bool) {
        let state = &self.suite.state;
        let (consent, applications) = expire::present(state, Timestamp::from_seconds(self.suite.now));
        let mut compared = 0;
        for user in 0..self.users {
            let Some(held) = state.directory.of_external_id(&external(user)) else { continue };
            // Of who departed, G2 tells whether anything is kept: that ends with the decision.
            if due && held.departed {
                continue;
            }
            for of in PURPOSES {
                let mut anywhere = false;
                for application in self.tape.then().applications() {
                    let own = applications.iter().filter(|other| *other.id == *name(application));
                    let gates = state.gates_under(own, &consent);
                    for (source, asked) in [(Source::Mailbox, consent_domain::Source::Mailbox), (Source::Crm, consent_domain::Source::Crm)]
                    {
                        let closed = self.tape.closed(user, application, of, source);
                        let first = GATES.iter().find(|(number, _)| closed.contains(number)).map(|(_, gate)| *gate);
                        let case = || format!("user {user} {application} {of:?} {source:?}: {closed:?}");
                        assert_eq!(gates.first_closed(held, purpose(of), asked), first, "{}", case());
                        anywhere |= source == Source::Mailbox && closed.is_empty();
                        compared += 1;
                        if source == Source::Crm {
                            continue;
                        }
                        // G2 is asked of applications with G1 on.
                        for (number, gate) in GATES.iter().filter(|(number, _)| *number != 2 || !closed.contains(&1)) {
                            assert_eq!(gates.is_open(*gate, held, purpose(of)), !closed.contains(number), "{} G{number}", case());
                            compared += 1;
                        }
                    }
                }
                let gates = state.gates_under(&applications, &consent);
                let first = gates.first_closed(held, purpose(of), consent_domain::Source::Mailbox);
                assert_eq!(first.is_none(), anywhere, "user {user} {of:?}: {first:?}");
                let may = named(self.tape.then(), user, of);
                assert_eq!(gates.may_be_named(held, purpose(of)), may, "user {user} {of:?} named");
                compared += 2;
            }
        }
        self.figures.compared += compared;
    }

    fn directory(&mut self, user: User) {
        let held = self.suite.state.directory.of_external_id(&external(user));
        let entry = self.tape.then().entry(user);
        assert_eq!(held.map(|held| !held.departed), entry.as_ref().map(|(_, listed)| *listed), "user {user}");
        for number in entry.iter().flat_map(|(entry, _)| &entry.addresses) {
            let found = self.suite.state.directory.at_address(&address(*number));
            assert_eq!(found.map(|user| user.id), held.map(|user| user.id), "user {user}");
        }
        self.figures.compared += 1;
    }

    /// What GetConsent shows: until when consent must come.
    fn deadlines(&mut self) {
        let then = self.tape.then();
        for of in PURPOSES {
            let deadline = then.applications().into_iter().filter_map(|application| then.deadline(application, of)).min();
            let shown = self.suite.state.consent_deadline(purpose(of)).map(Timestamp::seconds);
            assert_eq!(shown, deadline, "{of:?}");
        }
        self.figures.compared += 2;
    }
}
