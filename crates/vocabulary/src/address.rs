//! Email addresses, normalised once so that equality is identity. Debug never shows one.

use std::fmt;
use std::sync::Arc;

/// A normalised email address: lower case, no display name, no brackets, one `@`.
///
/// Case is folded in the local part too: no mail system in use tells people apart by it (Rapport rule).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: Arc<str>,
    at: u16,
}

impl Address {
    /// Parses an `addr-spec`, with or without surrounding white space or angle brackets.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong; it never repeats the text.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(text);
        // Folded first: what is checked is what is kept, so that every address parses again to itself.
        let text = text.to_lowercase();
        if text.len() > 254 {
            return Err(AddressError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        let local_fits = (1..=64).contains(&local.len())
            && local.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"@".contains(c));
        if !local_fits {
            return Err(AddressError::Local);
        }
        let at = local.len() as u16;
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        if !is_domain(domain) {
            return Err(AddressError::Domain);
        }
        Ok(Self { text: format!("{local}@{domain}").into(), at })
    }

    /// The whole address, lower case.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at as usize]
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at as usize + 1..]
    }
}

/// Whether `text` is a host name with at least one character a label: letters, digits, `-`, `_` and non-ASCII.
pub fn is_domain(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') && !label.starts_with('-')
        })
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(redacted)")
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// There is no `@`.
    NoAt,
    /// The part before the `@` is empty, too long or has a forbidden character.
    Local,
    /// The part after the `@` is no host name.
    Domain,
    /// More than 254 bytes.
    TooLong,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAt => "an address needs an '@'",
            Self::Local => "the part before the '@' is empty, too long or has a forbidden character",
            Self::Domain => "the part after the '@' is no host name",
            Self::TooLong => "an address has at most 254 bytes",
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_equal_whatever_their_case_or_brackets() {
        let plain = Address::parse("ada@example.com").unwrap();
        for same in [" ADA@Example.COM ", "<ada@example.com>", "ada@example.com."] {
            assert_eq!(Address::parse(same).unwrap(), plain);
        }
        assert_eq!((plain.local(), plain.domain()), ("ada", "example.com"));
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, error) in [
            ("ada", AddressError::NoAt),
            ("@example.com", AddressError::Local),
            ("a b@example.com", AddressError::Local),
            ("ada@", AddressError::Domain),
            ("ada@exa mple.com", AddressError::Domain),
            ("ada@a..b", AddressError::Domain),
        ] {
            assert_eq!(Address::parse(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(Address::parse(&format!("a@{}", "b.".repeat(200))).unwrap_err(), AddressError::TooLong);
    }

    #[test]
    fn an_address_parses_again_to_itself() {
        let long = format!("{}@b.example", "\u{130}".repeat(30));
        for text in ["x@\u{130}stanbul.example", "\u{130}@b.example", "STRA\u{1e9e}E@b.example", "a@b.example..", &long] {
            if let Ok(address) = Address::parse(text) {
                assert_eq!(Address::parse(address.as_str()), Ok(address));
            }
        }
    }

    #[test]
    fn debug_hides_the_address() {
        assert!(!format!("{:?}", Address::parse("ada@example.com").unwrap()).contains("ada"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_accepted_parses_again_to_itself(local in "\\PC{1,40}", domain in "\\PC{1,40}") {
            if let Ok(address) = Address::parse(&format!("{local}@{domain}")) {
                proptest::prop_assert_eq!(Address::parse(address.as_str()), Ok(address));
            }
        }
    }
}
