//! The oracle itself, held against sentences of domain.md.

use std::collections::BTreeSet;

use crate::facts::{DAY, Entry, Kind, Members, Purpose, Said, Source, Switches, Type};
use crate::holdings::{HOLD, Held, Tape};

const BOTH: [bool; 2] = [true, true];

fn company() -> Tape {
    let mut tape = Tape::starting(0, [0, 1]);
    let entry = |user| Entry { user, kind: Kind::Person, addresses: vec![user.into()], roles: BTreeSet::new() };
    tape.say(Said::Users { complete: true, entries: vec![entry(0), entry(1)] });
    tape.say(Said::Groups {
        complete: true,
        groups: vec![
            Members { group: 0, users: BTreeSet::from([1]), groups: BTreeSet::new() },
            Members { group: 1, users: BTreeSet::new(), groups: BTreeSet::from([0]) },
        ],
    });
    tape.say(application(BOTH));
    tape.say(Said::Granted { of: Type::Identifiable, purposes: BOTH, expires: None });
    tape
}

fn application(features: [bool; 2]) -> Said {
    Said::Application { application: 0, switches: Switches { features, mailboxes: true, roles: BTreeSet::new() } }
}

#[test]
fn all_seven_gates_open_and_each_is_named_when_it_closes() {
    let mut tape = company();
    let ask = |tape: &Tape| tape.closed(1, 0, Purpose::Graph, Source::Mailbox);
    assert!(ask(&tape).is_empty());
    tape.say(application([true, false]));
    tape.say(Said::GroupOut { group: 1, purposes: BOTH, future_only: true });
    tape.say(Said::UserOut { user: 1, purposes: [false, true] });
    tape.say(Said::Region { allowed: false, by_operator: false });
    assert_eq!(ask(&tape), BTreeSet::from([1, 5, 6, 7]));
    assert_eq!(tape.closed(1, 0, Purpose::Graph, Source::Crm), BTreeSet::from([5, 6]));
}

#[test]
fn a_hold_is_destroyed_after_thirty_days_and_what_opens_later_is_another_life() {
    let mut tape = company();
    tape.wait(DAY);
    tape.say(application([true, false]));
    tape.wait(DAY + HOLD - 1);
    assert_eq!(tape.lives(0, Purpose::Graph), [Held::Back { until: DAY + HOLD }]);
    tape.wait(DAY + HOLD);
    tape.say(application(BOTH));
    assert_eq!(tape.lives(0, Purpose::Graph), [Held::Destroyed, Held::Open]);
    assert_eq!(tape.lives(0, Purpose::Analytics), [Held::Open]);
}

#[test]
fn a_group_that_keeps_lets_readers_keep_and_one_that_erases_does_not() {
    let mut tape = company();
    tape.say(Said::GroupOut { group: 1, purposes: BOTH, future_only: true });
    assert_eq!(tape.held(1, Purpose::Graph), Some(Held::Kept));
    tape.say(Said::GroupOut { group: 0, purposes: [false, true], future_only: false });
    assert_eq!(tape.held(1, Purpose::Graph), None);
    assert_eq!(tape.held(1, Purpose::Analytics), Some(Held::Kept));
    tape.wait(DAY);
    tape.say(Said::GroupIn { group: 0, purposes: BOTH });
    tape.say(Said::Groups { complete: false, groups: vec![Members { group: 1, users: BTreeSet::new(), groups: BTreeSet::new() }] });
    assert_eq!((tape.held(1, Purpose::Graph), tape.new_since(1, Purpose::Graph)), (Some(Held::Open), Some(DAY)));
}

#[test]
fn a_legacy_grant_ends_at_its_instant_and_a_consolidated_one_goes_on() {
    let mut tape = company();
    tape.say(Said::Revoked);
    tape.say(Said::Granted { of: Type::Identifiable, purposes: [true, false], expires: Some(DAY) });
    tape.wait(DAY - 1);
    assert!(tape.then().granted(Purpose::Analytics) && !tape.then().granted(Purpose::Graph));
    tape.wait(DAY);
    assert!(!tape.then().granted(Purpose::Analytics));
}

#[test]
fn a_feature_without_consent_switches_off_after_fourteen_days() {
    let mut tape = Tape::starting(0, []);
    tape.say(application([true, false]));
    tape.wait(14 * DAY - 1);
    assert!(tape.then().feature_on(0, Purpose::Analytics));
    tape.wait(14 * DAY);
    assert!(!tape.then().feature_on(0, Purpose::Analytics));
    tape.say(application([true, false]));
    assert!(tape.then().feature_on(0, Purpose::Analytics));
}
