//! The expected cadence of contact: how a relationship that is meant to be slow is judged by its own measure.

use std::fmt;

/// A yearly cadence needs this many days of data: three contacts to read a rhythm from.
pub const YEARLY_NEEDS_DAYS: u32 = 1095;

/// How often contact is expected.
///
/// Source: relationship health settings of the reference product for daily to monthly; quarterly and yearly, Rapport rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Every 3 days.
    EveryFewDays,
    /// Every 7 days.
    Weekly,
    /// Every 14 days.
    Fortnightly,
    /// Every 30 days.
    Monthly,
    /// Every 91 days.
    Quarterly,
    /// Every 365 days.
    Yearly,
}

impl Cadence {
    /// Every cadence, shortest first.
    pub const ALL: [Self; 7] =
        [Self::Daily, Self::EveryFewDays, Self::Weekly, Self::Fortnightly, Self::Monthly, Self::Quarterly, Self::Yearly];

    /// The expected gap in days.
    pub const fn days(self) -> u32 {
        match self {
            Self::Daily => 1,
            Self::EveryFewDays => 3,
            Self::Weekly => 7,
            Self::Fortnightly => 14,
            Self::Monthly => 30,
            Self::Quarterly => 91,
            Self::Yearly => 365,
        }
    }

    /// Whether a data window of `data_window_days` can tell whether this cadence is kept.
    ///
    /// # Errors
    /// [`CadenceError`] for a yearly cadence on less than [`YEARLY_NEEDS_DAYS`].
    pub const fn fits(self, data_window_days: u32) -> Result<(), CadenceError> {
        match self {
            Self::Yearly if data_window_days < YEARLY_NEEDS_DAYS => {
                Err(CadenceError { needed_days: YEARLY_NEEDS_DAYS, held_days: data_window_days })
            }
            _ => Ok(()),
        }
    }

    /// `k`: this cadence over the fortnight of the neutral relationship.
    pub(super) fn scale(self) -> f64 {
        f64::from(self.days()) / 14.0
    }

    /// `W`: the days over which activity is counted under this cadence, at most the data window.
    pub(super) fn activity_days(self, data_window_days: u32) -> u32 {
        data_window_days.min((6 * self.days()).max(180))
    }
}

/// A cadence that the data window is too short for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CadenceError {
    /// Days of data the cadence needs.
    pub needed_days: u32,
    /// Days of data the window holds.
    pub held_days: u32,
}

impl fmt::Display for CadenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this cadence needs a data window of {} days, the window is {}", self.needed_days, self.held_days)
    }
}

impl std::error::Error for CadenceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yearly_cadence_is_refused_under_three_years_of_data() {
        for cadence in Cadence::ALL {
            for window in [90, 365, 1094, 1095, 3650] {
                let refused = cadence == Cadence::Yearly && window < 1095;
                assert_eq!(cadence.fits(window).is_err(), refused, "{cadence:?} {window}");
            }
        }
    }

    #[test]
    fn activity_is_counted_over_six_gaps_within_the_data() {
        for (cadence, window, days) in [
            (Cadence::Daily, 365, 180),
            (Cadence::Monthly, 365, 180),
            (Cadence::Quarterly, 3650, 546),
            (Cadence::Quarterly, 365, 365),
            (Cadence::Yearly, 1095, 1095),
            (Cadence::Yearly, 3650, 2190),
            (Cadence::Daily, 60, 60),
        ] {
            assert_eq!(cadence.activity_days(window), days, "{cadence:?} {window}");
        }
    }
}
