//! What a table is: a tag, a key type and a value type.

use crate::KeyBytes;

/// A typed table of a store: rows of one protobuf message under keys of one type.
///
/// Implemented by an empty type; each service lists its tables in one file, so that tags are seen side by side.
pub trait Table: 'static {
    /// The first byte of every key: unique within a store, and never changed once rows exist. 0 belongs to the store itself,
    /// which is checked when the table is first compiled into use.
    const TAG: u8;
    /// The name that errors carry.
    const NAME: &'static str;
    /// The key after the tag.
    type Key: KeyBytes;
    /// The message; at most [`crate::MAX_VALUE_BYTES`] encoded.
    type Value: prost::Message + Default;
}

/// A row of a table: its key and its value.
pub type Row<T> = (<T as Table>::Key, <T as Table>::Value);
