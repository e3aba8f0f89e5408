//! Names of tenants, requests, users and persons. User and person ids are random, carry no meaning and never leave the suite.

use std::fmt;
use std::sync::Arc;

/// An organisation, by the short name its operator chose: 1 to 63 of `a-z`, `0-9` and `-`, starting with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// Parses a tenant id.
    ///
    /// # Errors
    /// [`IdError::Tenant`] when the text is empty, too long or has another character.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let well_formed = (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed { Ok(Self(text.into())) } else { Err(IdError::Tenant) }
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name a caller gives a request that may come again: 1 to 128 printable ASCII characters without spaces.
///
/// It may be a speaking one: it is kept as a keyed hash only, and Debug does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// Parses a request id; the empty text is none.
    ///
    /// # Errors
    /// [`IdError::Request`] when the text is too long or has another character.
    pub fn parse(text: &str) -> Result<Option<Self>, IdError> {
        match text {
            "" => Ok(None),
            _ if text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(Self(text.into()))),
            _ => Err(IdError::Request),
        }
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestId")
    }
}

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdError {
    /// Not a tenant id.
    Tenant,
    /// Not a request id.
    Request,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("a tenant id is 1 to 63 of a-z, 0-9 and '-', starting with a letter or digit"),
            Self::Request => f.write_str("must be at most 128 printable ASCII characters without spaces"),
        }
    }
}

impl std::error::Error for IdError {}

/// One of ours, as the consent service minted it when the directory first named them; also the name of their mailbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u64);

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user:{:016x}", self.0)
    }
}

/// Anybody with an address, inside or outside, as the ingestion service minted it; one address, one id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub u64);

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person:{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_ids_are_short_lower_case_names() {
        for good in ["a", "contoso", "org-35", "0"] {
            assert!(TenantId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "Contoso", "a b", "é", &"a".repeat(64)] {
            assert_eq!(TenantId::parse(bad), Err(IdError::Tenant), "{bad}");
        }
    }

    #[test]
    fn request_ids_are_printable_and_not_shown() {
        assert_eq!(RequestId::parse(""), Ok(None));
        for good in ["1", "delete-c-1", "~", &"a".repeat(128)] {
            let id = RequestId::parse(good).unwrap().unwrap();
            assert_eq!((id.as_str(), format!("{id:?}")), (good, "RequestId".to_owned()));
        }
        for bad in [" ", "a b", "é", "a\n", &"a".repeat(129)] {
            assert_eq!(RequestId::parse(bad), Err(IdError::Request), "{bad}");
        }
    }
}
