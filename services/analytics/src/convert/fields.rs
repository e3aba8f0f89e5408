//! Reading the fields of a request: everything that is wrong is said at once.

use std::ops::RangeInclusive;

use vocabulary::{Address, Etag, Fault, RequestId, TenantId, Timestamp, Violation};

use super::instant;

/// The longest window: that of the longest data window.
const WINDOW_DAYS: RangeInclusive<i32> = 0..=3650;

/// Gathers what is wrong with a request, so that one answer names it all.
#[derive(Debug, Default)]
pub struct Fields(Vec<Violation>);

impl Fields {
    /// What was read, unless it is wrong.
    pub fn take<T>(&mut self, read: Result<T, Violation>) -> Option<T> {
        read.map_err(|violation| self.0.push(violation)).ok()
    }

    /// A tenant's id.
    pub fn tenant(&mut self, text: &str) -> Option<TenantId> {
        self.take(TenantId::parse(text).map_err(|error| Violation::new("tenant_id", error.to_string())))
    }

    /// An address that may be left out.
    pub fn address(&mut self, field: &str, text: &str) -> Option<Option<Address>> {
        if text.is_empty() {
            return Some(None);
        }
        self.take(Address::parse(text).map(Some).map_err(|error| Violation::new(field, error.to_string())))
    }

    /// Days that may be left out.
    pub fn window_days(&mut self, days: i32) -> Option<Option<u32>> {
        if !WINDOW_DAYS.contains(&days) {
            self.0.push(Violation::new("window_days", "must be from 1 to 3650, or 0 for 365"));
            return None;
        }
        Some(u32::try_from(days).ok().filter(|days| *days > 0))
    }

    /// The size of a page, of those that there may be; 0 is the default.
    pub fn page_size(&mut self, size: i32, (sizes, default): (RangeInclusive<i32>, usize)) -> Option<usize> {
        if !sizes.contains(&size) {
            self.0.push(Violation::new("page_size", format!("must be from 1 to {}, or 0 for {default}", sizes.end())));
            return None;
        }
        Some(usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(default))
    }

    /// An instant that may be left out, and may not lie in the future.
    pub fn as_of(&mut self, message: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<Option<Timestamp>> {
        let Some(message) = message else { return Some(None) };
        let read = match instant(message) {
            None => Err(Violation::new("as_of", "is no instant")),
            Some(at) if at > now => Err(Violation::new("as_of", "lies in the future")),
            Some(at) => Ok(Some(at)),
        };
        self.take(read)
    }

    /// The version that an etag names; it may be left out.
    pub fn etag(&mut self, text: &str) -> Option<Option<u64>> {
        if text.is_empty() {
            return Some(None);
        }
        self.take(Etag::parse(text).map(|etag| Some(etag.0)).map_err(|error| Violation::new("etag", error.to_string())))
    }

    /// A request's id; it may be left out.
    pub fn request_id(&mut self, text: &str) -> Option<Option<RequestId>> {
        self.take(RequestId::parse(text).map_err(|error| Violation::new("request_id", error.to_string())))
    }

    /// All that is wrong.
    pub fn fault(self) -> Fault {
        Fault::invalid(self.0)
    }
}
