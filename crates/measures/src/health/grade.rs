//! Grades of a score and the states beside them.

use std::fmt;

/// The grade of a relationship, or why it has none.
///
/// Source: health states of the reference product's table schemas. The last three are given by services, never by a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// At or above the bound of good.
    Good,
    /// At or above the bound of fair.
    Fair,
    /// Below the bound of fair.
    Poor,
    /// Fewer than three events in the data window.
    NotEnoughInfo,
    /// No event in the data window.
    NoClosedActivities,
    /// The first batch of the back-fill is not in yet.
    ComputationInProgress,
    /// The score could not be computed.
    SomethingWentWrong,
    /// A lead or opportunity of more than two years.
    EntityTooOld,
}

/// Where grades begin. Grades have no gaps: moving a bound moves the neighbour along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GradeBounds {
    good: u8,
    fair: u8,
}

impl GradeBounds {
    /// Good from `good`, fair from `fair`, poor below.
    ///
    /// # Errors
    /// [`BoundsError`] unless `0 < fair < good <= 100`, so that each grade keeps at least one score.
    pub const fn new(good: u8, fair: u8) -> Result<Self, BoundsError> {
        if 0 < fair && fair < good && good <= 100 { Ok(Self { good, fair }) } else { Err(BoundsError) }
    }

    /// The lowest good score.
    pub const fn good(self) -> u8 {
        self.good
    }

    /// The lowest fair score.
    pub const fn fair(self) -> u8 {
        self.fair
    }

    /// The grade of `score`.
    pub const fn grade(self, score: u8) -> State {
        if score >= self.good {
            State::Good
        } else if score >= self.fair {
            State::Fair
        } else {
            State::Poor
        }
    }
}

impl Default for GradeBounds {
    /// Good 60..=100, fair 40..=59, poor 0..=39.
    fn default() -> Self {
        Self { good: 60, fair: 40 }
    }
}

/// Bounds out of order or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsError;

impl fmt::Display for BoundsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fair must begin above 0, good above fair, and neither above 100")
    }
}

impl std::error::Error for BoundsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_meet_at_their_bounds() {
        for (score, state) in
            [(100, State::Good), (60, State::Good), (59, State::Fair), (40, State::Fair), (39, State::Poor), (0, State::Poor)]
        {
            assert_eq!(GradeBounds::default().grade(score), state, "{score}");
        }
        assert_eq!(GradeBounds::new(80, 20).map(|bounds| bounds.grade(79)), Ok(State::Fair));
    }

    #[test]
    fn every_grade_keeps_a_score() {
        for (good, fair, fits) in
            [(60, 40, true), (2, 1, true), (100, 99, true), (40, 40, false), (40, 60, false), (60, 0, false), (101, 40, false)]
        {
            assert_eq!(GradeBounds::new(good, fair).is_ok(), fits, "{good} {fair}");
        }
    }
}
