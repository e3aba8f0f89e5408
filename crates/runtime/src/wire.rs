//! Descriptors read field by field, because decoding them would lose the options prost does not know.

use std::fmt;

use prost::DecodeError;
use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};

/// One field of a message: its number, its value without key and length, and all of its bytes.
pub(crate) struct Field<'a> {
    pub number: u32,
    pub value: &'a [u8],
    pub whole: &'a [u8],
}

/// The fields of a message, in their order.
pub(crate) fn fields(mut message: &[u8]) -> Result<Vec<Field<'_>>, Unreadable> {
    let mut found = Vec::new();
    while message.has_remaining() {
        let start = message;
        let (number, wire_type) = decode_key(&mut message)?;
        let length = match wire_type {
            WireType::LengthDelimited => decode_varint(&mut message)? as usize,
            WireType::Varint => {
                decode_varint(&mut message)?;
                0
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::StartGroup | WireType::EndGroup => return Err(Unreadable),
        };
        let (value, rest) = message.split_at_checked(length).ok_or(Unreadable)?;
        let whole = &start[..start.len() - rest.len()];
        found.push(Field { number, value, whole });
        message = rest;
    }
    Ok(found)
}

/// The descriptors are no descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl From<DecodeError> for Unreadable {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an encoded file descriptor set")
    }
}
