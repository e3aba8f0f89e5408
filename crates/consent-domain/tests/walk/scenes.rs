//! What the walk found, or might have, told again by hand.

use std::collections::BTreeSet;

use crate::compare::Both;
use crate::facts::{DAY, Entry, Kind, Members, PURPOSES, Said, Second, Switches, Type, Which};

const START: Second = 1_700_000_000;
const BOTH: Which = [true, true];

/// Two users and an application, everything open.
fn company() -> Both {
    let mut both = Both::starting(START, 2);
    let entry = |user| Entry { user, kind: Kind::Person, addresses: vec![u16::from(user)], roles: BTreeSet::new() };
    both.say(Said::Users { complete: true, entries: vec![entry(0), entry(1)] });
    both.say(features(BOTH));
    both.say(Said::Granted { of: Type::Identifiable, purposes: BOTH, expires: None });
    both
}

fn features(features: Which) -> Said {
    Said::Application { application: 0, switches: Switches { features, mailboxes: true, roles: BTreeSet::new() } }
}

fn after_a_day(both: &mut Both, said: Said) {
    both.wait(both.suite.now + DAY);
    both.say(said);
}

#[test]
fn what_one_purpose_collected_alone_is_not_folded_by_the_other_once_it_is_destroyed() {
    let mut both = company();
    after_a_day(&mut both, features([true, false]));
    after_a_day(&mut both, Said::UserOut { user: 0, purposes: [true, false] });
    after_a_day(&mut both, features(BOTH));
}

#[test]
fn a_feature_turned_on_under_consent_stays_on_when_that_is_withdrawn() {
    let mut both = company();
    after_a_day(&mut both, features([true, false]));
    after_a_day(&mut both, features(BOTH));
    both.wait(START + 40 * DAY);
    both.say(Said::Revoked);
    assert!(PURPOSES.into_iter().all(|of| both.tape.then().feature_on(0, of)));
    // Consent to less follows, and in the end the same again: nobody has to turn anything on.
    after_a_day(&mut both, Said::Granted { of: Type::Own, purposes: BOTH, expires: None });
    both.wait(START + 80 * DAY);
    both.say(Said::Granted { of: Type::Identifiable, purposes: BOTH, expires: None });
    assert!(both.tape.closed(0, 0, crate::facts::Purpose::Graph, crate::facts::Source::Mailbox).is_empty());
}

#[test]
fn consent_to_less_is_not_the_consent_that_has_to_come() {
    let mut both = company();
    both.say(Said::Revoked);
    after_a_day(&mut both, features([false, false]));
    both.say(Said::Granted { of: Type::Aggregated, purposes: BOTH, expires: None });
    both.say(features(BOTH));
    both.wait(START + 15 * DAY);
    assert!(PURPOSES.into_iter().all(|of| !both.tape.then().feature_on(0, of)));
}

#[test]
fn a_feature_turned_on_after_legacy_consent_ended_has_its_days_whatever_the_other_purpose_has() {
    let mut both = company();
    both.say(Said::Revoked);
    both.say(Said::Granted { of: Type::Identifiable, purposes: [true, false], expires: Some(START + DAY) });
    both.say(Said::Granted { of: Type::Identifiable, purposes: [false, true], expires: None });
    both.wait(START + DAY);
    both.say(features([false, true]));
    both.say(features(BOTH));
    both.wait(START + 15 * DAY);
    assert_eq!(PURPOSES.map(|of| both.tape.then().feature_on(0, of)), [false, true]);
}

#[test]
fn a_complete_sync_that_drops_an_opted_out_group_lets_nobody_in_through_the_groups_within() {
    let mut both = company();
    let inner = Members { group: 0, users: BTreeSet::from([0]), groups: BTreeSet::new() };
    let outer = Members { group: 1, users: BTreeSet::from([1]), groups: BTreeSet::from([0]) };
    both.say(Said::Groups { complete: true, groups: vec![inner, outer] });
    both.say(Said::GroupOut { group: 1, purposes: [true, false], future_only: true });
    after_a_day(&mut both, Said::Groups { complete: true, groups: Vec::new() });
    assert!(both.tape.then().groups_of(0).contains(&1));
    after_a_day(&mut both, Said::GroupIn { group: 1, purposes: BOTH });
    after_a_day(&mut both, Said::Groups { complete: true, groups: Vec::new() });
    assert!(both.tape.then().groups_of(0).is_empty());
}
