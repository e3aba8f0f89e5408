//! What the walk found, or might have, told again by hand.

use std::collections::BTreeSet;

use crate::compare::Both;
use crate::facts::{DAY, Entry, Kind, Said, Second, Switches, Type, Which};

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
