//! The oracle and the rules side by side: both hear the same, and after everything said every answer is compared for everybody.

use std::collections::{BTreeMap, BTreeSet};

use consent_domain::{Decision, Gate, Holder, KeyName, KeyPart, MailboxState, expire, holding};
use vocabulary::Timestamp;

use crate::facts::{PURPOSES, Purpose, Said, Second, Source, Type, User, names};
use crate::gates::named;
use crate::holdings::{HOLD, Held, Tape};
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

#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub said: u64,
    pub refused: u64,
    pub ended_by_itself: u64,
    pub compared: u64,
    pub lives: u64,
    pub destroyed: u64,
    /// How often somebody's purpose was found open, kept, held, and without anything.
    pub found: [u64; 4],
}

impl Figures {
    pub fn with(self, other: Self) -> Self {
        Self {
            said: self.said + other.said,
            refused: self.refused + other.refused,
            ended_by_itself: self.ended_by_itself + other.ended_by_itself,
            compared: self.compared + other.compared,
            lives: self.lives + other.lives,
            destroyed: self.destroyed + other.destroyed,
            found: std::array::from_fn(|at| self.found[at] + other.found[at]),
        }
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
        self.compare_decision(&before, decision);
        self.gates(false);
        for user in 0..self.users {
            self.directory(user);
            self.holdings(user);
        }
        self.deadlines();
    }

    /// What a decision says of itself, and which keys it brings and takes.
    fn compare_decision(&mut self, before: &Rows, decision: &Decision) {
        let pairs = || before.iter().zip(&self.rows);
        let ended = |was: &Row, is: &Row| was.held.is_some() && (is.held.is_none() || was.lives < is.lives);
        let any = |rows: &[Row; 2], holds: fn(&Row) -> bool| rows.iter().any(holds);
        let opened = pairs().filter(|(was, is)| !any(was, Row::open) && any(is, Row::open)).count();
        let closed = pairs().filter(|(was, is)| was.iter().zip(*is).any(|(was, is)| ended(was, is))).count();
        assert_eq!((decision.opened, decision.closed), (opened as u64, closed as u64), "opened and closed");
        // Of what was held nobody had a key.
        let less = |was: &Row, is: &Row| {
            (was.readable() && (ended(was, is) || !is.readable())) || (was.open() && !is.open()) || (was.named && !is.named)
        };
        let narrows = pairs().find(|(was, is)| was.iter().zip(*is).any(|(was, is)| less(was, is)));
        assert!(decision.narrowing || narrows.is_none(), "somebody may do less, and nobody is waited for: {narrows:?}");
        self.figures.destroyed += decision.destroy.len() as u64;
        for key in &decision.destroy {
            assert!(self.keys.remove(key), "{key:?} is destroyed and was not there");
        }
        for key in &decision.mint {
            assert!(self.keys.insert(*key), "{key:?} is minted and was there");
            // A view that opens again beside the other purpose takes its name again, with intervals that begin anew.
            assert!(self.ever.insert(*key) || key.part != KeyPart::Log, "{key:?} comes back");
            let older = self.ever.iter().any(|other| other.user == key.user && other.generation > key.generation);
            assert!(!older, "{key:?} is of a generation that is over");
        }
        assert_eq!(self.keys, self.suite.state.keys().collect());
        for (user, (was, is)) in (0..).zip(before.iter().zip(&self.rows)) {
            let goes_on = was.iter().zip(is).any(|(was, is)| was.held.is_some() && was.lives == is.lives && is.held.is_some());
            let Some(held) = self.suite.state.directory.of_external_id(&external(user)) else { continue };
            let log = KeyName { user: held.id, generation: held.mailbox.generation, part: KeyPart::Log };
            if is.iter().any(|row| row.held.is_some()) {
                assert_eq!(decision.mint.contains(&log), !goes_on, "user {user}: a new log for new lives only");
            }
        }
        self.figures.compared += 3 + 2 * u64::from(self.users);
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

    fn holdings(&mut self, user: User) {
        let rows = self.rows[usize::from(user)];
        let Some(held) = self.suite.state.directory.of_external_id(&external(user)) else {
            assert!(rows.iter().all(|row| row.held.is_none()), "user {user}");
            return;
        };
        let alive = rows.iter().any(|row| row.held.is_some());
        let ingestion = match (rows.iter().any(Row::open), alive) {
            (true, _) => Some(MailboxState::Open),
            (false, true) => Some(MailboxState::Held),
            (false, false) => None,
        };
        let reader = |row: Row| row.held.map(|_| if row.readable() { MailboxState::Open } else { MailboxState::Held });
        let expected = [(Holder::Ingestion, ingestion), (Holder::Analytics, reader(rows[0])), (Holder::Graph, reader(rows[1]))];
        for (holder, expected) in expected {
            let has = holding(held, holder);
            let state = Some(has.state).filter(|state| !matches!(state, MailboxState::None | MailboxState::Destroyed));
            assert_eq!(state, expected, "user {user} {holder:?} of {rows:?}");
            let view = holder.purpose().filter(|_| expected == Some(MailboxState::Open)).map(KeyPart::View);
            assert_eq!((has.view, has.log()), (view, expected == Some(MailboxState::Open)), "user {user} {holder:?}");
        }
        for of in PURPOSES {
            let row = rows[of as usize];
            let found = match row.held {
                Some(Held::Open) => 0,
                Some(Held::Kept) => 1,
                Some(Held::Back { .. }) => 2,
                Some(Held::Destroyed) | None => 3,
            };
            self.figures.found[found] += 1;
            let until = held.mailbox.held_since(purpose(of)).map(|since| since.seconds() + HOLD);
            let expected = if let Some(Held::Back { until }) = row.held { Some(until) } else { None };
            assert_eq!(until, expected, "user {user} {of:?}");
            let intervals = held.mailbox.intervals.of(purpose(of));
            for (position, open) in &self.open {
                let then = open[usize::from(user)];
                if then.iter().all(Option::is_none) {
                    continue;
                }
                let within =
                    |interval: &&consent_domain::Interval| interval.from <= *position && interval.to.is_none_or(|to| *position < to);
                let folds = intervals.iter().find(within).map(|interval| interval.scope.map(Timestamp::seconds));
                let lives = row.held.is_some() && self.born[usize::from(user)][of as usize] <= *position;
                assert_eq!(folds, then[of as usize].filter(|_| lives), "user {user} {of:?} of {position}: {intervals:?}");
                self.figures.compared += 1;
            }
        }
        self.figures.compared += 8;
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

/// What the rules may refuse, and why: consent that would be over before it begins, or would end what is granted without saying so;
/// withdrawing what was never granted; whoever and whatever is not known.
fn refusable(tape: &Tape, said: &Said) -> Option<&'static str> {
    let then = tape.then();
    match said {
        Said::Granted { expires: Some(end), .. } if *end <= then.now => Some("expired"),
        Said::Granted { of, purposes, expires } => {
            let shorter = |held: Option<Second>| expires.is_some_and(|end| held.is_none_or(|held| end < held));
            let ends = |asked: Purpose| match of {
                Type::Identifiable => names(*purposes, asked) && shorter(then.granted_until(asked)),
                Type::Own | Type::Aggregated => true,
            };
            PURPOSES.into_iter().any(|asked| then.granted(asked) && ends(asked)).then_some("would withdraw")
        }
        Said::Revoked => (!then.given()).then_some("not granted"),
        Said::GroupOut { group, .. } | Said::GroupIn { group, .. } => (!then.knows_group(*group)).then_some("no group"),
        Said::UserOut { user, .. } | Said::UserIn { user, .. } | Said::Erased { user } => then.entry(*user).is_none().then_some("no user"),
        _ => None,
    }
}
