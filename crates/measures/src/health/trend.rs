//! Where a relationship is heading: the last quarter against the one before. Slow on purpose; it does not feed the score.

use super::{FEWEST_EVENTS, Timeline};

const QUARTER_DAYS: u32 = 90;

/// Where a relationship is heading.
///
/// Source: trends of the reference product's table schemas. The last two are given by services, never by the formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trend {
    /// More active days than in the quarter before.
    Improving,
    /// About as many.
    Steady,
    /// Fewer.
    Declining,
    /// Fewer than three events, or a data window that does not reach back two quarters.
    NotEnoughInfo,
    /// The trend could not be computed.
    SomethingWentWrong,
    /// The record has no trend.
    NotApplicable,
}

/// The trend at the timeline's instant: with `a` and `b` the weighted active days of the last 90 days and of the 90 before, the trend moves
/// when they differ by at least `max(3, b / 4)` (Rapport rule).
///
/// A data window under 180 days would hold only part of `b`, and every steady rhythm would seem to improve.
pub fn trend(timeline: &Timeline) -> Trend {
    if timeline.len() < FEWEST_EVENTS || timeline.data_window_days() < 2 * QUARTER_DAYS {
        return Trend::NotEnoughInfo;
    }
    let a = i64::from(timeline.active_days(QUARTER_DAYS).sixths);
    let b = i64::from(timeline.active_days_between(2 * QUARTER_DAYS, QUARTER_DAYS).sixths);
    // In quarters of sixths of a day, so that no float decides.
    let needed = (4 * 3 * 6).max(b);
    match 4 * (a - b) {
        more if more >= needed => Trend::Improving,
        less if -less >= needed => Trend::Declining,
        _ => Trend::Steady,
    }
}
