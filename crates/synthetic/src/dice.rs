//! Seeded randomness and the few distributions that mail follows. Every part of the company rolls its own dice, so that one part
//! can change without the others.

use std::f64::consts::TAU;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The source of all randomness.
pub(crate) type Dice = ChaCha8Rng;

/// Which part of the company rolls.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Cast = 1,
    Stories,
    External,
    Internal,
    Noise,
    Stream,
}

/// The dice of one part.
pub(crate) fn dice(seed: u64, part: Part) -> Dice {
    let mut dice = Dice::seed_from_u64(seed);
    dice.set_stream(part as u64);
    dice
}

/// One of `from`, which is not empty.
pub(crate) fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> &'a T {
    &from[dice.random_range(0..from.len())]
}

/// Log-normal: half of the draws lie below `median`.
pub(crate) fn log_normal(dice: &mut Dice, median: f64, sigma: f64) -> f64 {
    median * (sigma * standard_normal(dice)).exp()
}

/// How often something that happens `mean` times on average happened.
pub(crate) fn poisson(dice: &mut Dice, mean: f64) -> usize {
    if mean > 30.0 {
        return (mean + mean.sqrt() * standard_normal(dice)).round().max(0.0) as usize;
    }
    let floor = (-mean).exp();
    let mut product: f64 = dice.random();
    let mut count = 0;
    while product > floor {
        product *= dice.random::<f64>();
        count += 1;
    }
    count
}

/// 1 plus as many successes in a row as `again` allows, at most `most`.
pub(crate) fn run_length(dice: &mut Dice, again: f64, most: usize) -> usize {
    let mut length = 1;
    while length < most && dice.random_bool(again) {
        length += 1;
    }
    length
}

/// Box and Muller.
fn standard_normal(dice: &mut Dice) -> f64 {
    let radius = (-2.0 * (1.0 - dice.random::<f64>()).ln()).sqrt();
    radius * (TAU * dice.random::<f64>()).cos()
}

/// Draws an index by weight.
pub(crate) struct Weighted(Vec<f64>);

impl Weighted {
    /// Weight `1 / (rank + 1)^exponent` for each of `count` ranks, at least one.
    pub fn zipf(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weights = (1..=count.max(1)).map(|rank| (rank as f64).powf(-exponent));
        Self(
            weights
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// A rank, from 0.
    pub fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.random::<f64>() * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|sum| *sum <= at).min(self.0.len() - 1)
    }
}
