//! Health of a relationship, 0..=100, with its grade, its explanation and its trend. Which interactions belong to a record's timeline,
//! and which settings apply to it, is decided elsewhere.

mod account;
mod cadence;
mod cap;
mod event;
mod factors;
mod figures;
mod grade;
mod model;
mod timeline;
mod trend;
mod weight;

pub use account::{Account, roll_up};
pub use cadence::{Cadence, CadenceError, YEARLY_NEEDS_DAYS};
pub use cap::{CAP, Silence, Silent};
pub use event::{Actor, Event};
pub use factors::{BASE, Cap, Factors};
pub use figures::Figures;
pub use grade::{BoundsError, GradeBounds, State};
pub use model::{Inputs, Model};
pub use timeline::{ActiveDays, Timeline};
pub use trend::{Trend, trend};
pub use weight::{Kind, Weight, WeightError, Weights};

/// Fewer events than this tell nothing about a relationship.
pub const FEWEST_EVENTS: usize = 3;

/// What a tenant, segment or record says about how health is to be read. Weights are applied when events are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How often contact is expected; none: judged against the relationship's own rhythm.
    pub cadence: Option<Cadence>,
    /// Where grades begin.
    pub bounds: GradeBounds,
}

/// The health of one relationship at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The grade, or why there is none.
    pub state: State,
    /// The score with everything behind it; none when there are too few events.
    pub measured: Option<Measured>,
}

/// A health score that explains itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The score people see, 0..=100.
    pub score: u8,
    /// What the formula gave, 0.0..=100.0, before cap and rounding.
    pub uncapped: f64,
    /// Integer contributions: [`BASE`] and the factors sum to [`Self::score`] exactly.
    pub factors: Factors,
    /// The figures the factors were computed from.
    pub figures: Figures,
    /// Probability of 30 silent days, 0.0..=1.0.
    pub silent_30_days: f64,
    /// Probability of 60 silent days, 0.0..=1.0: for risk lists.
    pub silent_60_days: f64,
    /// The formula used.
    pub model: &'static str,
}

/// The health of a relationship from its timeline, at the timeline's instant.
///
/// `health = round(100 (1 - P))`, `P` the probability of 30 silent days; at most [`CAP`] while one side is silent.
/// Sources: contact as a survival question, Navarro et al., EPJ Data Science 2017; coefficients fitted on four public mail sets; states,
/// relationship health of the reference product; cap and explanation, Rapport rule.
pub fn assess(timeline: &Timeline, settings: &Settings) -> Health {
    let Some(figures) = Figures::of(timeline, settings.cadence) else {
        return Health { state: State::NoClosedActivities, measured: None };
    };
    if timeline.len() < FEWEST_EVENTS {
        return Health { state: State::NotEnoughInfo, measured: None };
    }
    let model = &Model::THIRTY_DAYS;
    let inputs = figures.inputs(settings.cadence);
    let uncapped = model.score(&inputs);
    let silent = Silent::of(timeline, settings.cadence);
    let score = if silent.is_some() { uncapped.min(CAP) } else { uncapped }.round() as u8;
    let measured = Measured {
        score,
        uncapped,
        factors: Factors::of(model, &inputs, score, silent),
        figures,
        silent_30_days: model.silence(&inputs),
        silent_60_days: Model::SIXTY_DAYS.silence(&inputs),
        model: model.version,
    };
    Health { state: settings.bounds.grade(score), measured: Some(measured) }
}

#[cfg(test)]
mod tests;
