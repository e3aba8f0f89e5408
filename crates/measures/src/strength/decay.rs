//! Decayed sums: what each direction still weighs at an instant, under four half-lives at once.

use vocabulary::Timestamp;

use super::{Event, Streams};

/// How fast touches fade. Four at once, so that a burst of last week and a rhythm of years both show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HalfLife {
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
    /// 365 days.
    Year,
}

impl HalfLife {
    /// All four, shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The half-life in days.
    pub const fn days(self) -> u16 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }
}

/// What both directions still weigh at an instant under one half-life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decayed {
    /// From the user to the other person.
    pub outbound: f64,
    /// From the other person to the user.
    pub inbound: f64,
}

impl Decayed {
    /// `m(L)`: one fifth the arithmetic mean, four fifths the geometric mean, which is nothing while one side is silent.
    pub fn mutual(self) -> f64 {
        0.2 * (self.outbound + self.inbound) / 2.0 + 0.8 * (self.outbound * self.inbound).sqrt()
    }

    /// `ln(1 + 30 m(L) / L)`: the term of one half-life in the strength.
    pub(super) fn log_rate(self, half_life: HalfLife) -> f64 {
        (30.0 * self.mutual() / f64::from(half_life.days())).ln_1p()
    }
}

impl Streams {
    /// `D(L, d)` for both directions: the sum of `w * 2^(-(at - t) / L)`. Every event must lie before `at`.
    pub fn decayed(&self, at: Timestamp, half_life: HalfLife) -> Decayed {
        Decayed { outbound: decayed(&self.outbound, at, half_life), inbound: decayed(&self.inbound, at, half_life) }
    }
}

fn decayed(events: &[Event], at: Timestamp, half_life: HalfLife) -> f64 {
    let half_life = f64::from(half_life.days());
    events.iter().map(|event| event.weight * (-at.days_since(event.time) / half_life).exp2()).sum()
}
