//! The fitted logistic models: the probability that a relationship falls silent.

/// The three inputs of a model, after any stretching by a cadence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Days since the last event.
    pub dsl: f64,
    /// Weighted active days of the last 180.
    pub nd: f64,
    /// Days since the last event over the expected gap.
    pub gap: f64,
}

impl Inputs {
    /// The relationship every explanation starts from: a fortnight of silence after one active day in about 26, at its usual gap.
    pub const NEUTRAL: Self = Self { dsl: 14.0, nd: 7.0, gap: 1.0 };
}

/// `P = sigmoid(intercept + recency ln(1 + dsl) + activity ln(1 + nd) + rhythm ln(1 + gap))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Names the model in results; a refit has another name.
    pub version: &'static str,
    /// The constant.
    pub intercept: f64,
    /// Of `ln(1 + dsl)`.
    pub recency: f64,
    /// Of `ln(1 + nd)`.
    pub activity: f64,
    /// Of `ln(1 + gap)`.
    pub rhythm: f64,
}

impl Model {
    /// The probability of 30 silent days: the score.
    pub const THIRTY_DAYS: Self = Self { version: "health-30d-1", intercept: 0.755, recency: 0.452, activity: -1.087, rhythm: 0.420 };

    /// The probability of 60 silent days: risk lists.
    pub const SIXTY_DAYS: Self = Self { version: "health-60d-1", intercept: 0.419, recency: 0.350, activity: -1.133, rhythm: 0.559 };

    /// The probability of silence, 0.0..=1.0.
    pub fn silence(&self, inputs: &Inputs) -> f64 {
        1.0 / (1.0 + (-self.logit(inputs)).exp())
    }

    /// `100 (1 - P)`, 0.0..=100.0, unrounded and uncapped.
    pub fn score(&self, inputs: &Inputs) -> f64 {
        100.0 / (1.0 + self.logit(inputs).exp())
    }

    /// What recency, activity and rhythm add to the logit of the score, measured from the neutral relationship: more is healthier.
    pub(super) fn terms(&self, inputs: &Inputs) -> Terms {
        let from_neutral = |value: f64, neutral: f64| value.ln_1p() - neutral.ln_1p();
        Terms {
            activity: -self.activity * from_neutral(inputs.nd, Inputs::NEUTRAL.nd),
            recency: -self.recency * from_neutral(inputs.dsl, Inputs::NEUTRAL.dsl),
            rhythm: -self.rhythm * from_neutral(inputs.gap, Inputs::NEUTRAL.gap),
        }
    }

    fn logit(&self, inputs: &Inputs) -> f64 {
        let Inputs { dsl, nd, gap } = *inputs;
        self.intercept + self.recency * dsl.ln_1p() + self.activity * nd.ln_1p() + self.rhythm * gap.ln_1p()
    }
}

/// Terms of the logit of the score, measured from the neutral relationship.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    pub activity: f64,
    pub recency: f64,
    pub rhythm: f64,
}

impl Terms {
    pub fn sum(&self) -> f64 {
        self.activity + self.recency + self.rhythm
    }
}
