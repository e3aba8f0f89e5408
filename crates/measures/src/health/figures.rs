//! The figures behind a score, as they are shown, and how they enter the formula.

use vocabulary::Timestamp;

use super::{Cadence, Inputs, Timeline};

/// The days over which activity is counted and the usual gap is read.
const WINDOW_DAYS: u32 = 180;
/// The gap taken for usual when there are too few active days to read one from.
const UNKNOWN_GAP_DAYS: f64 = 60.0;

/// What a score was computed from. Days are 24 hours and fractional unless they are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The last event.
    pub last: Timestamp,
    /// `dsl`: days since the last event, either direction.
    pub days_since_last: f64,
    /// Distinct UTC days with an event in the last [`Self::activity_window_days`].
    pub active_days: u32,
    /// The same, each day by the weight of its heaviest event; `nd` when no cadence is set.
    pub weighted_active_days: f64,
    /// The days over which activity was counted: 180, or what the cadence needs.
    pub activity_window_days: u32,
    /// `mg`: the usual gap between active days, read from the last 180 days; at least 1.
    pub mean_gap_days: f64,
    /// The gap the silence is held against: the cadence where one is set, else the usual gap.
    pub expected_gap_days: f64,
    /// `gap`: days since the last event over the expected gap.
    pub gaps: f64,
}

impl Figures {
    /// The figures of a timeline; none when it has no event.
    pub(super) fn of(timeline: &Timeline, cadence: Option<Cadence>) -> Option<Self> {
        let (first, last) = timeline.first().zip(timeline.last())?;
        let activity_window_days = cadence.map_or(WINDOW_DAYS, |cadence| cadence.activity_days(timeline.data_window_days()));
        let activity = timeline.active_days(activity_window_days);
        let mean_gap_days = mean_gap(timeline, first, last);
        let expected_gap_days = cadence.map_or(mean_gap_days, |cadence| f64::from(cadence.days()));
        let days_since_last = timeline.at().days_since(last);
        Some(Self {
            last,
            days_since_last,
            active_days: activity.count,
            weighted_active_days: activity.weighted(),
            activity_window_days,
            mean_gap_days,
            expected_gap_days,
            gaps: days_since_last / expected_gap_days,
        })
    }

    /// The figures as the formula takes them: with a cadence of c days, time is stretched by `k = c / 14`.
    pub(super) fn inputs(&self, cadence: Option<Cadence>) -> Inputs {
        match cadence {
            None => Inputs { dsl: self.days_since_last, nd: self.weighted_active_days, gap: self.gaps },
            Some(cadence) => {
                let k = cadence.scale();
                let per_window = f64::from(WINDOW_DAYS) / f64::from(self.activity_window_days.max(1));
                Inputs { dsl: self.days_since_last / k, nd: k * per_window * self.weighted_active_days, gap: self.gaps }
            }
        }
    }
}

/// `mg`: the span of the last 180 days that held contact, over the gaps between its active days.
fn mean_gap(timeline: &Timeline, first: Timestamp, last: Timestamp) -> f64 {
    let days = timeline.active_days(WINDOW_DAYS).count;
    if days < 2 {
        return UNKNOWN_GAP_DAYS;
    }
    let from = first.max(timeline.days_ago(WINDOW_DAYS));
    (last.days_since(from) / f64::from(days - 1)).max(1.0)
}
