//! Strength of the tie between a user and another person, 0..=100, with the reasons for it.
//! Who may see a tie, and whom it names, is decided elsewhere.

mod decay;
mod label;
mod reasons;
mod touch;
mod weight;

pub use decay::{Decayed, HalfLife};
pub use label::Label;
pub use reasons::Reasons;
pub use touch::{Direction, Event, Streams, Touch};
pub use weight::{Attendance, MOST_OTHERS, MailRole, call_weight, mail_weight, meeting_weight};

use vocabulary::Timestamp;

/// The most a tie can score while one direction was never seen (Rapport rule).
pub const ONE_SIDED_CAP: f64 = 15.0;

/// How strong a tie is at one instant, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Strength {
    /// The strength people see: [`Self::raw`] rounded, 0..=100.
    pub score: u8,
    /// The strength that ranks: 0.0..=100.0, after the cap.
    pub raw: f64,
    /// What the formula gave before the cap, 0.0..=100.0.
    pub uncapped: f64,
    /// The word for the score, with the evidence of active days taken into account.
    pub label: Label,
    /// What the score rests on.
    pub reasons: Reasons,
}

impl Strength {
    /// The probability, 0.0..=1.0, that an introduction travels along this tie (best-influence path, Hangal et al. 2010).
    pub fn edge_probability(&self) -> f64 {
        self.raw / 100.0
    }
}

/// The strength of a tie at instant `at`, from every touch held of it, in any order.
///
/// `S = sum over half-lives L of ln(1 + 30 m(L) / L)`, `strength = 100 (1 - exp(-S / 4))`, where `m(L)` is one fifth the arithmetic
/// and four fifths the geometric mean of the decayed sums of both directions. Touches at or after `at`, and those without weight, count for
/// nothing.
///
/// Sources: half-life sums, Roth et al., KDD 2010 (Interactions Rank); geometric mean of both directions, Kossinets and Watts,
/// Science 2006; mixture, sum over half-lives and cap, Rapport rule.
pub fn measure(touches: &[Touch], at: Timestamp) -> Strength {
    let counted: Vec<Touch> = touches.iter().copied().filter(|touch| touch.counts_before(at)).collect();
    let streams = Streams::of(&counted);
    let terms = HalfLife::ALL.map(|half_life| (half_life, streams.decayed(at, half_life).log_rate(half_life)));
    let sum: f64 = terms.iter().map(|(_, term)| term).sum();
    let uncapped = 100.0 * -(-sum / 4.0).exp_m1();
    let one_sided = streams.outbound.is_empty() || streams.inbound.is_empty();
    let raw = if one_sided { uncapped.min(ONE_SIDED_CAP) } else { uncapped };
    let score = raw.round() as u8;
    let reasons = Reasons::of(&counted, &streams, strongest(&terms), raw < uncapped);
    Strength { score, raw, uncapped, label: Label::of(score, reasons.active_days), reasons }
}

/// The half-life with the largest term, the shorter one among equals; none when nothing was counted.
fn strongest(terms: &[(HalfLife, f64)]) -> Option<HalfLife> {
    let mut best = (None, 0.0);
    for &(half_life, term) in terms {
        if term > best.1 {
            best = (Some(half_life), term);
        }
    }
    best.0
}

#[cfg(test)]
mod tests;
