//! When a decision is taken: its place among all decisions, and the instant.

use vocabulary::Timestamp;

/// The position and the instant of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// One after the last decision of the suite.
    pub position: u64,
    /// The instant, read once.
    pub time: Timestamp,
}
