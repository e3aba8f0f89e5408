//! Etags: the version of something as its callers see it, and what is said to one who changes it after having seen another.

use std::fmt;

use crate::{Fault, Kind, Reason};

/// A version of something that callers may change; on the wire in quotes, as RFC 9110 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(pub u64);

impl Etag {
    /// Parses what [`fmt::Display`] wrote.
    ///
    /// # Errors
    /// [`EtagError`] when it is none of ours.
    pub fn parse(text: &str) -> Result<Self, EtagError> {
        let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|hex| !hex.starts_with('+'));
        version.and_then(|hex| u64::from_str_radix(hex, 16).ok()).map(Self).ok_or(EtagError)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{:x}\"", self.0)
    }
}

/// A text is no etag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EtagError;

impl fmt::Display for EtagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be as an answer gave it, with its quotes")
    }
}

impl std::error::Error for EtagError {}

/// The etag of a request is not the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

impl Stale {
    /// Compares the version a caller saw with the present one; a caller who names none has no condition.
    ///
    /// # Errors
    /// [`Stale`] when they differ.
    pub fn check(expected: Option<u64>, present: u64) -> Result<(), Self> {
        match expected {
            Some(expected) if expected != present => Err(Self),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the etag is not the present one, read again")
    }
}

impl std::error::Error for Stale {}

impl From<Stale> for Fault {
    fn from(stale: Stale) -> Self {
        Self::new(Kind::Aborted, Reason::StaleEtag, stale.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_survives_its_own_text() {
        for version in [0, 10, u64::MAX] {
            assert_eq!(Etag::parse(&Etag(version).to_string()), Ok(Etag(version)));
        }
        assert_eq!(Etag(26).to_string(), "\"1a\"");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1a", "\"", "\"\"", "\"1a", "\"zz\"", "\"+1\"", "W/\"1a\"", "\"10000000000000000\""] {
            assert_eq!(Etag::parse(text), Err(EtagError), "{text}");
        }
    }

    #[test]
    fn only_a_caller_who_saw_another_version_is_stale() {
        for (expected, present, fits) in [(None, 7, true), (Some(7), 7, true), (Some(6), 7, false), (Some(8), 7, false)] {
            assert_eq!(Stale::check(expected, present).is_ok(), fits, "{expected:?} {present}");
        }
        let fault = Fault::from(Stale);
        assert_eq!((fault.kind, fault.reason), (Kind::Aborted, Reason::StaleEtag));
    }
}
