//! Clocks that run at rates of their own. All times are microseconds of the schedule's true time.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::SmallRng;

/// A boot-time clock: from its own beginning, at its own rate in ten-thousandths of the true time's.
#[derive(Clone, Copy)]
pub struct Rate {
    beginning: u64,
    rate: u64,
}

impl Rate {
    /// Any two differ by less than 1 %, which is what the design assumes.
    pub fn drawn(random: &mut SmallRng) -> Self {
        let rate = match random.random_range(0..3) {
            0 => 9_956,
            1 => 10_044,
            _ => random.random_range(9_956..=10_044),
        };
        Self { beginning: random.random_range(0..1 << 40), rate }
    }

    pub fn read(self, time: u64) -> Duration {
        Duration::from_micros(self.beginning + time * self.rate / 10_000)
    }

    /// The first time at which the clock shows that.
    pub fn time_of(self, shown: Duration) -> u64 {
        let shown = u64::try_from(shown.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX).saturating_sub(self.beginning);
        u64::try_from((u128::from(shown) * 10_000).div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX)
    }
}
