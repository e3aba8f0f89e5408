//! Reading the fields of a request: everything that is wrong is said at once.

use consent_domain::{Allowed, PerPurpose, Purpose};
use contracts::common::v1 as common;
use vocabulary::{Address, Etag, Fault, RequestId, TenantId, Violation, address};

/// What is wrong with a request, field by field.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Violation>);

impl Fields {
    /// Notes that a field is wrong.
    pub fn wrong(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation::new(field, description));
    }

    /// What is wrong so far.
    pub fn into_violations(self) -> Vec<Violation> {
        self.0
    }

    /// The value, if nothing was wrong; `None` comes only with something wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation.
    pub fn done<T>(self, value: Option<T>) -> Result<T, Fault> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(Fault::invalid(self.0)),
        }
    }

    /// A tenant's id.
    pub fn tenant(&mut self, field: &str, text: &str) -> Option<TenantId> {
        TenantId::parse(text).map_err(|error| self.wrong(field, error.to_string())).ok()
    }

    /// An address.
    pub fn address(&mut self, field: impl Into<String>, text: &str) -> Option<Address> {
        Address::parse(text).map_err(|error| self.wrong(field, error.to_string())).ok()
    }

    /// A verified domain, lower case.
    pub fn domain(&mut self, field: impl Into<String>, text: &str) -> Option<Box<str>> {
        let lower = text.trim().to_lowercase();
        if address::is_domain(&lower) {
            return Some(lower.into());
        }
        self.wrong(field, "is no host name");
        None
    }

    /// Words for people: at most `most` bytes, no control characters.
    pub fn words(&mut self, field: impl Into<String>, text: &str, most: usize) -> Option<Box<str>> {
        let text = text.trim();
        if text.len() > most {
            self.wrong(field, format!("has more than {most} bytes"));
        } else if text.chars().any(char::is_control) {
            self.wrong(field, "has control characters");
        } else {
            return Some(text.into());
        }
        None
    }

    /// A request id; it may be left out.
    pub fn request_id(&mut self, text: &str) {
        if let Err(error) = RequestId::parse(text) {
            self.wrong("request_id", error.to_string());
        }
    }

    /// The position that an etag names; nothing when it is empty.
    pub fn etag(&mut self, text: &str) -> Option<u64> {
        if text.is_empty() {
            return None;
        }
        Etag::parse(text).map(|etag| etag.0).map_err(|error| self.wrong("etag", error.to_string())).ok()
    }

    /// How many mailboxes a command may destroy: the number its caller names, or any when it is only asked.
    pub fn allowed(&mut self, expected_destroyed: i64, validate_only: bool) -> Option<Allowed> {
        match u64::try_from(expected_destroyed) {
            Ok(_) if validate_only => Some(Allowed::Any),
            Ok(named) => Some(Allowed::Few(named)),
            Err(_) => {
                self.wrong("expected_destroyed", "must not be negative");
                None
            }
        }
    }

    /// The id the directory gave somebody or something: 1 to 128 printable characters.
    pub fn external_id(&mut self, field: impl Into<String>, text: &str) -> Option<Box<str>> {
        let printable = text.chars().all(|c| !c.is_control()) && !text.trim().is_empty();
        if text.chars().count() > 128 || !printable {
            self.wrong(field, "must be 1 to 128 printable characters");
            return None;
        }
        Some(text.into())
    }

    /// Which purposes are named; both, when none is.
    pub fn purposes(&mut self, purposes: &[i32]) -> PerPurpose<bool> {
        let mut chosen = PerPurpose { analytics: purposes.is_empty(), graph: purposes.is_empty() };
        for (at, purpose) in purposes.iter().enumerate() {
            match common::Purpose::try_from(*purpose) {
                Ok(common::Purpose::RelationshipAnalytics) => *chosen.of_mut(Purpose::RelationshipAnalytics) = true,
                Ok(common::Purpose::ConnectionGraph) => *chosen.of_mut(Purpose::ConnectionGraph) = true,
                Ok(common::Purpose::Unspecified) | Err(_) => self.wrong(format!("purposes[{at}]"), "must name a purpose"),
            }
        }
        chosen
    }
}
