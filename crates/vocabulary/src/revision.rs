//! Revisions: which state an answer was read at, and which state a request demands at least.
//! A vector of points, one a log; opaque to clients.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Fault, Kind, Reason};

/// A log that a revision may name a point of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Decisions of consent.
    Consent,
    /// The log of interactions.
    Log,
    /// CRM records.
    Records,
}

impl Part {
    const ALL: [Self; 3] = [Self::Consent, Self::Log, Self::Records];

    const fn letter(self) -> char {
        match self {
            Self::Consent => 'c',
            Self::Log => 'l',
            Self::Records => 'r',
        }
    }
}

/// A position in one life of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Which life: positions of another one mean nothing.
    pub incarnation: u64,
    /// How far.
    pub position: u64,
}

/// A vector of points. The empty one demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision(BTreeMap<Part, Point>);

impl Revision {
    /// A revision of one part.
    pub fn of(part: Part, incarnation: u64, position: u64) -> Self {
        Self(BTreeMap::from([(part, Point { incarnation, position })]))
    }

    /// The same revision with one more part, which replaces what stood there.
    #[must_use]
    pub fn with(mut self, part: Part, incarnation: u64, position: u64) -> Self {
        self.0.insert(part, Point { incarnation, position });
        self
    }

    /// What is demanded of a part, if anything.
    pub fn point(&self, part: Part) -> Option<Point> {
        self.0.get(&part).copied()
    }

    /// Both together: the later point of each part; where incarnations differ, `other`'s.
    #[must_use]
    pub fn join(mut self, other: &Self) -> Self {
        for (part, point) in &other.0 {
            match self.0.get(part) {
                Some(held) if held.incarnation == point.incarnation && held.position >= point.position => {}
                _ => {
                    self.0.insert(*part, *point);
                }
            }
        }
        self
    }

    /// Parses what [`fmt::Display`] wrote; the empty text is the empty revision.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, REVISION_INVALID.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = || Fault::new(Kind::InvalidArgument, Reason::RevisionInvalid, "the revision cannot be parsed");
        let mut parts = BTreeMap::new();
        for token in text.split_terminator('.') {
            let part = Part::ALL.into_iter().find(|part| token.starts_with(part.letter())).ok_or_else(invalid)?;
            let (incarnation, position) = token[1..].split_once('-').ok_or_else(invalid)?;
            let number = |hex: &str| u64::from_str_radix(hex, 16).map_err(|_| invalid());
            let point = Point { incarnation: number(incarnation)?, position: number(position)? };
            if parts.insert(part, point).is_some() {
                return Err(invalid());
            }
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (part, point)) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{}{:x}-{:x}", part.letter(), point.incarnation, point.position)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_survives_its_own_text() {
        let revision = Revision::of(Part::Consent, 7, 42).with(Part::Log, u64::MAX, 0);
        assert_eq!(Revision::parse(&revision.to_string()).unwrap(), revision);
        assert_eq!(Revision::parse("").unwrap(), Revision::default());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["x1-2", "c", "c1", "c1-zz", "c1-2.c1-3", "é1-2"] {
            assert_eq!(Revision::parse(text).unwrap_err().reason, Reason::RevisionInvalid, "{text}");
        }
    }

    #[test]
    fn joining_keeps_the_later_point() {
        let old = Revision::of(Part::Log, 1, 5);
        let new = Revision::of(Part::Log, 1, 9).with(Part::Records, 2, 1);
        assert_eq!(old.clone().join(&new), new.clone().join(&old));
        assert_eq!(old.join(&new).point(Part::Log).unwrap().position, 9);
    }
}
