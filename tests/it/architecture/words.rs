//! Words that stand in two places and must be the same in both.

use std::collections::BTreeSet;

use contracts::common::v1::ErrorReason;
use vocabulary::Reason;

use super::check;

const PREFIX: &str = "ERROR_REASON_";

/// Beyond any number the contract will give a reason.
const NUMBERS: std::ops::Range<i32> = 1..10_000;

#[test]
fn reasons_are_the_same_in_vocabulary_and_contract() {
    let ours: BTreeSet<String> = Reason::ALL.iter().map(|reason| format!("{PREFIX}{}", reason.as_str())).collect();
    let theirs: BTreeSet<String> =
        NUMBERS.filter_map(|number| ErrorReason::try_from(number).ok()).map(|reason| reason.as_str_name().to_owned()).collect();
    let mut problems: Vec<String> = ours.difference(&theirs).map(|name| format!("{name} is missing in error_reason.proto")).collect();
    problems.extend(theirs.difference(&ours).map(|name| format!("{name} is missing in vocabulary::Reason")));
    check("the reasons of errors are one list", problems);
}
