//! When people work: Monday to Friday, 8 to 18 UTC, with the odd mail at night.

use std::time::Duration;

use rand::Rng;
use vocabulary::Timestamp;

use crate::dice::Dice;

const HOUR: i64 = 3_600;
const OPENS: i64 = 8 * HOUR;
const CLOSES: i64 = 18 * HOUR;

/// Whether an instant lies on a Monday to Friday.
pub(crate) fn is_workday(at: Timestamp) -> bool {
    // The epoch was a Thursday.
    (at.day().0 + 3).rem_euclid(7) < 5
}

/// `at` if the office is open, else some time in the first three hours of the next working day; one time in fourteen, `at` anyway.
pub(crate) fn usually(dice: &mut Dice, at: Timestamp) -> Timestamp {
    if dice.random_ratio(1, 14) { at } else { open(dice, at) }
}

/// `at` if the office is open, else some time in the first three hours of the next working day.
pub(crate) fn open(dice: &mut Dice, at: Timestamp) -> Timestamp {
    let second = at.seconds() - at.day().start().seconds();
    if is_workday(at) && (OPENS..CLOSES).contains(&second) {
        return at;
    }
    let mut day = at.day().start();
    if second >= OPENS {
        day = day.plus_days(1);
    }
    while !is_workday(day) {
        day = day.plus_days(1);
    }
    day.plus(seconds(OPENS + dice.random_range(0..3 * HOUR)))
}

/// Some time between 8 and 11 on the working day that lies `days_ago` before `end`, or on the one before where that is a weekend;
/// earlier than `end`.
pub(crate) fn morning(dice: &mut Dice, end: Timestamp, days_ago: f64) -> Timestamp {
    let offset = seconds(OPENS + dice.random_range(0..3 * HOUR));
    let mut day = Timestamp::from_seconds(end.seconds() - (days_ago * 24.0) as i64 * HOUR).day().start();
    while !is_workday(day) || day.plus(offset) >= end {
        day = day.plus_days(-1);
    }
    day.plus(offset)
}

/// Somewhere in `from..until`, evenly; `from` where that is empty.
pub(crate) fn between(dice: &mut Dice, from: Timestamp, until: Timestamp) -> Timestamp {
    let length = (until.seconds() - from.seconds()).max(1);
    from.plus(seconds(dice.random_range(0..length)))
}

/// Some time in `from..until`, or a little after it, when the office is open.
pub(crate) fn open_time(dice: &mut Dice, from: Timestamp, until: Timestamp) -> Timestamp {
    let any = between(dice, from, until);
    open(dice, any)
}

/// Some time in `from..until`, or a little after it, mostly when the office is open.
pub(crate) fn usual_time(dice: &mut Dice, from: Timestamp, until: Timestamp) -> Timestamp {
    let any = between(dice, from, until);
    usually(dice, any)
}

/// `hours` later, to the second.
pub(crate) fn later(at: Timestamp, hours: f64) -> Timestamp {
    at.plus(seconds((hours * HOUR as f64) as i64))
}

/// A length of so many seconds, none where it is negative.
pub(crate) fn seconds(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or_default())
}
