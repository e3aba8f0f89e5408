//! The cap on one-sided relationships. The formula was fitted on pairs that wrote both ways; without a cap a customer whom we ignore
//! would score 96.

use vocabulary::Timestamp;

use super::{Actor, Cadence, Timeline};

/// The most a relationship can score while one side is silent: the top of the poor grade as published.
pub const CAP: f64 = 39.0;

/// A side counts as silent after this many days at the earliest.
const LEAST_SILENT_DAYS: u32 = 90;

/// Since when a side has not acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It never acted within the data window.
    Never,
    /// It last acted this many whole days ago.
    Days(u32),
}

/// The silent side or sides; at least one is some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Our silence, when it is too long.
    pub us: Option<Silence>,
    /// Their silence, when it is too long.
    pub them: Option<Silence>,
    /// The whole days a side may be silent: 90, or twice the cadence.
    pub allowed_days: u32,
}

impl Silent {
    /// Who is silent; none when both sides have acted and neither has been silent for more than `max(90, 2 * cadence)` whole days.
    ///
    /// Whole days, so that a relationship two cadences late is not cut because one side wrote an hour before the other.
    pub(super) fn of(timeline: &Timeline, cadence: Option<Cadence>) -> Option<Self> {
        let allowed_days = cadence.map_or(0, |cadence| 2 * cadence.days()).max(LEAST_SILENT_DAYS);
        let silence = |acted: fn(Actor) -> bool| too_long(timeline.last_by(acted), timeline.at(), allowed_days);
        let (us, them) = (silence(Actor::is_us), silence(Actor::is_them));
        (us.is_some() || them.is_some()).then_some(Self { us, them, allowed_days })
    }
}

fn too_long(last: Option<Timestamp>, at: Timestamp, allowed_days: u32) -> Option<Silence> {
    let Some(last) = last else { return Some(Silence::Never) };
    let days = at.days_since(last) as u32;
    (days > allowed_days).then_some(Silence::Days(days))
}
