//! One row as it lies on disk: `tag, key` to `message, checksum`. Nothing is served whose checksum does not hold.

use prost::Message;

use crate::{KeyBytes, Prefix, StoreError, Table};

/// The largest encoded message [`crate::Changes::put`] takes, in bytes.
///
/// Sixteen rows share a page; a page above 128 KiB would go to a file of its own, which the database never syncs.
pub const MAX_VALUE_BYTES: usize = 6 * 1024;

/// CRC-32 of key and message, little-endian, after the message.
const CHECKSUM_BYTES: usize = 4;

/// The tag of the store's own rows.
pub(crate) const STORE_TAG: u8 = 0;

pub(crate) fn key<T: Table>(key: &T::Key) -> Vec<u8> {
    const { assert!(T::TAG != STORE_TAG, "tag 0 belongs to the store itself") };
    let mut out = Vec::with_capacity(48);
    out.push(T::TAG);
    key.write(&mut out);
    out
}

pub(crate) fn prefix<T: Table>(prefix: &impl Prefix<T::Key>) -> Vec<u8> {
    const { assert!(T::TAG != STORE_TAG, "tag 0 belongs to the store itself") };
    let mut out = Vec::with_capacity(48);
    out.push(T::TAG);
    prefix.write_prefix(&mut out);
    out
}

pub(crate) fn read_key<T: Table>(row_key: &[u8]) -> Result<T::Key, StoreError> {
    let mut rest = row_key.get(1..).unwrap_or_default();
    T::Key::read(&mut rest).filter(|_| rest.is_empty()).ok_or(StoreError::Damaged { what: T::NAME })
}

/// Message and checksum.
pub(crate) fn encode(row_key: &[u8], message: &impl Message) -> Vec<u8> {
    let mut out = message.encode_to_vec();
    let checksum = checksum(row_key, &out);
    out.extend_from_slice(&checksum.to_le_bytes());
    out
}

pub(crate) fn decode<M: Message + Default>(table: &'static str, row_key: &[u8], row: &[u8]) -> Result<M, StoreError> {
    verified(row_key, row).and_then(|(message, _)| M::decode(message).ok()).ok_or(StoreError::Damaged { what: table })
}

/// The message and its checksum, when the checksum holds.
pub(crate) fn verified<'a>(row_key: &[u8], row: &'a [u8]) -> Option<(&'a [u8], u32)> {
    let (message, stored) = row.split_last_chunk::<CHECKSUM_BYTES>()?;
    let stored = u32::from_le_bytes(*stored);
    (checksum(row_key, message) == stored).then_some((message, stored))
}

/// The key is covered too: a value that turns up under another key is as wrong as one that changed.
fn checksum(row_key: &[u8], message: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(row_key);
    hasher.update(message);
    hasher.finalize()
}
