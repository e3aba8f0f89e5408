//! The explanation of a score: integer contributions that sum to it exactly.

use crate::rounding::largest_remainder;

use super::{CAP, Inputs, Model, Silent};

/// Where every explanation starts: the score of the neutral relationship, rounded.
pub const BASE: u8 = 50;

/// Under this sum of terms the score is taken for linear: the ratio would be 0 / 0.
const LINEAR_BELOW: f64 = 1e-9;

/// What each factor adds to [`BASE`], in points of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// How many active days there were.
    pub activity: i16,
    /// How long ago the last event was.
    pub recency: i16,
    /// How that silence compares with the expected gap.
    pub rhythm: i16,
    /// The cap, while a side is silent; its points are 0 when the score is low enough without it.
    pub cap: Option<Cap>,
}

/// The factor of a silent side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// What the cap takes away: 0 or less.
    pub points: i16,
    /// Who is silent, and for how long.
    pub silent: Silent,
}

impl Factors {
    /// [`BASE`] and all points: the score.
    pub fn sum(&self) -> i16 {
        i16::from(BASE) + self.activity + self.recency + self.rhythm + self.cap.map_or(0, |cap| cap.points)
    }

    /// Splits the way from the neutral score to `score` by the terms of the logit.
    ///
    /// The neutral score is taken unrounded, 49.755 rather than the 49.75 it is known by: the terms are divided by their sum, and a
    /// remainder of 0.005 over a sum near zero would blow opposite terms up to hundreds of points.
    pub(super) fn of(model: &Model, inputs: &Inputs, score: u8, silent: Option<Silent>) -> Self {
        let uncapped = model.score(inputs);
        let terms = model.terms(inputs);
        let sum = terms.sum();
        let points_per_term =
            if sum.abs() < LINEAR_BELOW { uncapped * (100.0 - uncapped) / 100.0 } else { (uncapped - model.score(&Inputs::NEUTRAL)) / sum };
        let target = i32::from(score) - i32::from(BASE);
        let parts = [terms.activity, terms.recency, terms.rhythm].map(|term| term * points_per_term);
        let taken = CAP - uncapped;
        // A cap that takes nothing must not receive a point of rounding.
        let ([activity, recency, rhythm], points) = if silent.is_some() && taken < 0.0 {
            let [activity, recency, rhythm, points] = largest_remainder([parts[0], parts[1], parts[2], taken], target);
            ([activity, recency, rhythm], points)
        } else {
            (largest_remainder(parts, target), 0)
        };
        Self {
            activity: activity as i16,
            recency: recency as i16,
            rhythm: rhythm as i16,
            cap: silent.map(|silent| Cap { points: points as i16, silent }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_neutral_relationship_scores_half_and_needs_no_factor() {
        let neutral = Model::THIRTY_DAYS.score(&Inputs::NEUTRAL);
        assert!((neutral - 49.75).abs() < 0.01, "{neutral}");
        let factors = Factors::of(&Model::THIRTY_DAYS, &Inputs::NEUTRAL, BASE, None);
        assert_eq!(factors, Factors { activity: 0, recency: 0, rhythm: 0, cap: None });
    }

    #[test]
    fn opposite_terms_that_cancel_stay_small() {
        // The activity that makes up for 60 silent days, to the last bit and within a millionth of it.
        let model = Model::THIRTY_DAYS;
        let rest = model.terms(&Inputs { nd: 7.0, dsl: 60.0, gap: 1.0 }).sum();
        for nudge in [0.0, 1e-12, 1e-9, 1e-6, -1e-6, 1e-3] {
            let nd = (8f64.ln() + rest / model.activity + nudge).exp() - 1.0;
            let factors = Factors::of(&model, &Inputs { nd, dsl: 60.0, gap: 1.0 }, BASE, None);
            assert_eq!((factors.activity, factors.recency, factors.rhythm, factors.sum()), (16, -16, 0, 50), "{nudge}");
        }
    }

    proptest! {
        #[test]
        fn factors_sum_to_the_score(dsl in 0.0..4000.0, nd in 0.0..280.0, gap in 0.0..4000.0, capped: bool) {
            let inputs = Inputs { dsl, nd, gap };
            let model = Model::THIRTY_DAYS;
            let silent = capped.then_some(Silent { us: None, them: Some(super::super::Silence::Never), allowed_days: 90 });
            let uncapped = model.score(&inputs);
            let score = if capped { uncapped.min(CAP) } else { uncapped }.round() as u8;
            let factors = Factors::of(&model, &inputs, score, silent);
            prop_assert_eq!(factors.sum(), i16::from(score));
            prop_assert!(factors.cap.is_none_or(|cap| cap.points <= 0));
            prop_assert!(factors.activity.abs() <= 120 && factors.recency.abs() <= 120 && factors.rhythm.abs() <= 120, "{:?}", factors);
        }
    }
}
