//! The oracle itself, held against sentences of domain.md.

use std::collections::BTreeSet;

use crate::facts::{DAY, Entry, Kind, Members, Purpose, Said, Source};
use crate::gates::{closed, deadline};
use crate::holdings::{HOLD, Held, Tape};

const BOTH: [bool; 2] = [true, true];

fn company() -> Tape {
    let mut tape = Tape::starting(0, &[0, 1], &crate::facts::PURPOSES);
    let entry = |user| Entry { user, kind: Kind::Person, addresses: 1, roles: BTreeSet::new() };
    tape.say(Said::Users(vec![entry(0), entry(1)]));
    tape.say(Said::Groups(vec![
        Members { group: 0, users: BTreeSet::from([1]), groups: BTreeSet::new() },
        Members { group: 1, users: BTreeSet::new(), groups: BTreeSet::from([0]) },
    ]));
    tape.say(application(BOTH));
    tape.say(Said::Granted { identifiable: true, purposes: BOTH, expires: None });
    tape
}

fn application(features: [bool; 2]) -> Said {
    Said::Application { application: 0, identifiable: true, features, mailboxes: true, roles: BTreeSet::new() }
}

#[test]
fn all_seven_gates_open_and_each_is_named_when_it_closes() {
    let mut tape = company();
    let ask = |tape: &Tape| closed(tape.then(), 1, 0, Purpose::Graph, Source::Mailbox);
    assert!(ask(&tape).is_empty());
    tape.say(application([true, false]));
    tape.say(Said::GroupOut { group: 1, purposes: BOTH, future_only: true });
    tape.say(Said::UserOut { user: 1, purposes: [false, true] });
    tape.say(Said::Region { allowed: false });
    assert_eq!(ask(&tape), BTreeSet::from([1, 5, 6, 7]));
    assert_eq!(closed(tape.then(), 1, 0, Purpose::Graph, Source::Crm), BTreeSet::from([6, 7]));
}

#[test]
fn a_hold_is_destroyed_after_thirty_days_and_what_opens_later_is_another_life() {
    let mut tape = company();
    tape.wait(DAY);
    tape.say(application([true, false]));
    tape.wait(DAY + HOLD - 1);
    assert_eq!(tape.lives(0, Purpose::Graph).last().unwrap().held, Held::Held { until: DAY + HOLD });
    tape.wait(DAY + HOLD);
    tape.say(application(BOTH));
    let held: Vec<Held> = tape.lives(0, Purpose::Graph).iter().map(|life| life.held).collect();
    assert_eq!(held, [Held::Destroyed, Held::Open]);
    assert_eq!(tape.lives(0, Purpose::Analytics).len(), 1);
}

#[test]
fn a_group_that_keeps_lets_readers_keep_and_one_that_erases_does_not() {
    let mut tape = company();
    tape.say(Said::GroupOut { group: 1, purposes: BOTH, future_only: true });
    assert_eq!(tape.lives(1, Purpose::Graph).last().unwrap().held, Held::Kept);
    tape.say(Said::GroupOut { group: 0, purposes: [false, true], future_only: false });
    assert_eq!(tape.lives(1, Purpose::Graph).last().unwrap().held, Held::Destroyed);
    assert_eq!(tape.lives(1, Purpose::Analytics).last().unwrap().held, Held::Kept);
    tape.say(Said::Groups(Vec::new()));
    let last = tape.lives(1, Purpose::Graph).pop().unwrap();
    assert!(last.held == Held::Open && last.new_only);
}

#[test]
fn a_legacy_grant_ends_at_its_instant_and_a_consolidated_one_goes_on() {
    let mut tape = company();
    tape.say(Said::Revoked { identifiable: true });
    tape.say(Said::Granted { identifiable: true, purposes: [true, false], expires: Some(DAY) });
    assert_eq!(deadline(tape.then(), 0, Purpose::Graph), Some(14 * DAY));
    tape.wait(DAY - 1);
    assert!(tape.then().granted(Purpose::Analytics) && !tape.then().granted(Purpose::Graph));
    tape.wait(DAY);
    assert!(!tape.then().granted(Purpose::Analytics));
}
