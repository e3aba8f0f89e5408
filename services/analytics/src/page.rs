//! Page tokens: where a page ended, sealed under a key of the tenant and bound to the question, so that a token opens for no other.

use consent_client::Permit;
use data_encoding::BASE64URL_NOPAD;
use prost::Message;
use sealing::{Context, Key, open, seal};
use vocabulary::{Fault, Kind, Reason};

/// Longer than any token of ours.
const LONGEST: usize = 2048;

/// Where a page of the grid ended, and the instants that all its pages share.
#[derive(Clone, PartialEq, Message)]
pub struct GridEnd {
    /// The instant asked about, in microseconds since 1970.
    #[prost(sfixed64, tag = "1")]
    pub as_of: i64,
    /// When the first page was asked for, in microseconds since 1970: the data window stays where it was.
    #[prost(sfixed64, tag = "2")]
    pub now: i64,
    /// Whether the last relationship of the page could wait.
    #[prost(bool, tag = "3")]
    pub can_wait: bool,
    /// Its revenue.
    #[prost(sint64, tag = "4")]
    pub revenue_minor: i64,
    /// Its record id.
    #[prost(string, tag = "5")]
    pub id: String,
}

/// Where a page of records ended.
#[derive(Clone, PartialEq, Message)]
pub struct ListEnd {
    /// The kind of its last record, in the order of kinds.
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    /// Its record id.
    #[prost(string, tag = "2")]
    pub id: String,
}

/// The text of a token for the question at `place`.
pub fn token(permit: &Permit, place: &Context, end: &impl Message) -> String {
    BASE64URL_NOPAD.encode(&seal(&key(permit), place, &end.encode_to_vec()))
}

/// What [`token`] wrote for the same question.
///
/// # Errors
/// INVALID_ARGUMENT, PAGE_TOKEN_INVALID when it is not ours, damaged, or of another question or tenant.
pub fn end<E: Message + Default>(permit: &Permit, place: &Context, text: &str) -> Result<E, Fault> {
    let parsed = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| {
        let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        E::decode(open(&key(permit), place, &sealed).ok()?.as_slice()).ok()
    });
    parsed.ok_or_else(|| {
        Fault::new(Kind::InvalidArgument, Reason::PageTokenInvalid, "the page token is not ours or belongs to another request")
    })
}

fn key(permit: &Permit) -> Key {
    permit.lookup_key.derive("rapport analytics page tokens v1")
}
