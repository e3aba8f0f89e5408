//! A store written anew, so that its files hold nothing but its rows.

use serde::Serialize;
use vocabulary::Fault;

use crate::Place;
use crate::restore::in_use;

/// What a scrub did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Scrubbed {
    /// The rows of the store.
    pub rows: u64,
    /// Bytes of its files before.
    pub bytes_before: u64,
    /// Bytes of its files now.
    pub bytes_after: u64,
}

/// Writes the store at a place anew; `None` when there is none. Its suite must not be running. Needs room for a second copy.
///
/// # Errors
/// FAILED_PRECONDITION, STORE_FAILED when it is in use; INTERNAL, STORE_FAILED when it is damaged or cannot be written. It is as it was then.
pub async fn scrub(place: &Place) -> Result<Option<Scrubbed>, Fault> {
    let scrubbed = store::scrub(&place.path, place.options).await.map_err(in_use)?;
    Ok(scrubbed.map(|store::Scrubbed { rows, bytes_before, bytes_after }| Scrubbed { rows, bytes_before, bytes_after }))
}
