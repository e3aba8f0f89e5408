//! Weights of the kinds of activity: integers 3..=9, neutral 6, so that a kind counts half to one and a half times.

use std::collections::BTreeMap;
use std::fmt;

/// The weight of one kind of activity, 3..=9.
///
/// Source: relationship health settings of the reference product, plus or minus 50 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u8);

impl Weight {
    /// 6: the kind counts once.
    pub const NEUTRAL: Self = Self(6);
    /// 3: the kind counts half.
    pub const LEAST: Self = Self(3);
    /// 9: the kind counts one and a half times.
    pub const MOST: Self = Self(9);

    /// The weight `value`.
    ///
    /// # Errors
    /// [`WeightError`] unless `value` is in 3..=9.
    pub const fn new(value: u8) -> Result<Self, WeightError> {
        if value >= Self::LEAST.0 && value <= Self::MOST.0 { Ok(Self(value)) } else { Err(WeightError) }
    }

    /// The integer, 3..=9: sixths of a day.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

/// A weight outside 3..=9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightError;

impl fmt::Display for WeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a weight is an integer from 3 to 9")
    }
}

impl std::error::Error for WeightError {}

/// A kind of activity, as weights tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind<'a> {
    /// A mail.
    Email,
    /// A meeting or appointment.
    Meeting,
    /// A phone call.
    Phone,
    /// A task.
    Task,
    /// A type of the tenant's own, by its name.
    Custom(&'a str),
}

/// The weight of each kind; custom types that are not named are neutral.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Of mails.
    pub email: Weight,
    /// Of meetings.
    pub meeting: Weight,
    /// Of phone calls.
    pub phone: Weight,
    /// Of tasks.
    pub task: Weight,
    /// Of the tenant's own types, by name.
    pub custom: BTreeMap<String, Weight>,
}

impl Weights {
    /// The weight of `kind`.
    pub fn of(&self, kind: Kind<'_>) -> Weight {
        match kind {
            Kind::Email => self.email,
            Kind::Meeting => self.meeting,
            Kind::Phone => self.phone,
            Kind::Task => self.task,
            Kind::Custom(name) => self.custom.get(name).copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_integers_from_3_to_9() {
        for (value, good) in [(0, false), (2, false), (3, true), (6, true), (9, true), (10, false)] {
            assert_eq!(Weight::new(value).is_ok(), good, "{value}");
        }
        assert_eq!(Weight::default().get(), 6);
    }

    #[test]
    fn custom_types_are_neutral_until_they_are_named() {
        let mut weights = Weights { phone: Weight::MOST, ..Weights::default() };
        weights.custom.insert("site visit".into(), Weight::LEAST);
        for (kind, weight) in [
            (Kind::Email, Weight::NEUTRAL),
            (Kind::Phone, Weight::MOST),
            (Kind::Custom("site visit"), Weight::LEAST),
            (Kind::Custom("lunch"), Weight::NEUTRAL),
        ] {
            assert_eq!(weights.of(kind), weight, "{kind:?}");
        }
    }
}
