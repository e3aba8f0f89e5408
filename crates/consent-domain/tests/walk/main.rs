//! A second oracle for the consent rules, written from domain.md (sections 5 and 7) by another hand than the rules and
//! than `tests/oracle.rs`: a list of what was said, by whom and when, read again from its beginning for every question. What is compared
//! is everything the rules answer, for everybody, after everything said.
//!
//! Where domain.md leaves room, ARCHITECTURE.md ("Gates") was followed:
//! - the basic tier asks G4, G5 and G6 only, and G7 does not close it;
//! - where any application will do, G4 asks those that come furthest;
//! - a complete sync that drops an opted-out group lets nobody in;
//! - "only new data" is an instant that goes with each stretch in which a purpose was collected;
//! - only consent to identifiable insights opens G3, and what ends by itself is decided when it is due.
//!
//! Where that says nothing either, the public docstrings of the crate were: shared mailboxes are read like a person's, other kinds have
//! none; who has none is stopped at G2; a grant that would end sooner what is granted is refused; who was erased comes back opted out.
//! "No G3 within 14 days of G1" is read to the letter: consent that was there within those days, if only for a moment, has come.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod facts;
mod history;

mod gates;
mod holdings;

mod suite;

mod compare;
mod figures;
mod refusals;

mod random;

mod table;

mod scenes;

mod examples;

use std::panic::{AssertUnwindSafe, catch_unwind};

use compare::Both;
use figures::Figures;
use random::{Company, USERS};

const START: facts::Second = 1_700_000_000;

/// One company's years; where the two disagree, everything said until then.
fn walk(seed: u64, steps: usize) -> Figures {
    let mut company = Company::of(seed);
    let mut both = Both::starting(START, USERS);
    let mut said = Vec::new();
    let walked = catch_unwind(AssertUnwindSafe(|| {
        for first in company.beginnings() {
            said.push(format!("{} {first:?}", both.suite.now - START));
            both.say(first);
        }
        for _ in 0..steps {
            let next = company.next(&both);
            said.push(format!("{} {next:?}", both.suite.now - START));
            both.say(next);
            let until = company.pause(&both);
            said.push(format!("{} until {}", both.suite.now - START, until - START));
            both.wait(until);
        }
    }));
    let last = said.len().saturating_sub(400);
    assert!(walked.is_ok(), "seed {seed}, after {} said:\n{}", said.len(), said[last..].join("\n"));
    both.figures
}

#[test]
fn after_everything_said_both_answer_alike_for_everybody() {
    let mut all = Figures::default();
    for seed in 0..64 {
        all = all.with(walk(seed, 100));
    }
    println!("{all:?}");
}
