//! Sealing and opening values: XChaCha20-Poly1305 with a random nonce and a bound [`Context`].
//! A sealed value is `format (1 byte) | nonce (24) | ciphertext | tag (16)`.

use std::fmt;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use vocabulary::{Fault, Kind, Reason};

use crate::{Context, Key, random};

/// The most bytes a value may have before it is compressed, 64 MiB; a sealed value that claims more is refused unread.
pub const DECOMPRESSED_LIMIT: usize = 64 << 20;

const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;
const NONCE: usize = 24;
const TAG: usize = 16;
const HEADER: usize = 1 + NONCE;

/// Seals `plain` under `key`, bound to `context`; 41 bytes longer than `plain`.
///
/// The nonce is random: at 192 bits one key may seal any number of values that a machine can write
/// (draft-irtf-cfrg-xchacha, section 3.1).
pub fn seal(key: &Key, context: &Context, plain: &[u8]) -> Vec<u8> {
    seal_as(PLAIN, key, context, plain)
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// [`OpenError`]: nothing of the value is served.
pub fn open(key: &Key, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    open_as(PLAIN, key, context, sealed)
}

/// Compresses `plain` (LZ4 block format) and seals it. The length of the result tells how well the content compresses: not for
/// values of which an attacker chooses a part and observes the size.
///
/// # Errors
/// [`TooLarge`] when `plain` is longer than [`DECOMPRESSED_LIMIT`] bytes.
pub fn seal_compressed(key: &Key, context: &Context, plain: &[u8]) -> Result<Vec<u8>, TooLarge> {
    if plain.len() > DECOMPRESSED_LIMIT {
        return Err(TooLarge);
    }
    Ok(seal_as(COMPRESSED, key, context, &lz4_flex::block::compress_prepend_size(plain)))
}

/// Opens what [`seal_compressed`] sealed.
///
/// # Errors
/// [`OpenError`]; [`OpenError::TooLarge`] when it claims to be longer than [`DECOMPRESSED_LIMIT`] bytes.
pub fn open_compressed(key: &Key, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let compressed = open_as(COMPRESSED, key, context, sealed)?;
    let (length, block) = lz4_flex::block::uncompressed_size(&compressed).map_err(|_| OpenError::Rejected)?;
    if length > DECOMPRESSED_LIMIT {
        return Err(OpenError::TooLarge);
    }
    let plain = lz4_flex::block::decompress(block, length).map_err(|_| OpenError::Rejected)?;
    if plain.len() == length { Ok(plain) } else { Err(OpenError::Rejected) }
}

#[expect(clippy::expect_used, reason = "the cipher fails only beyond 256 GiB, more than one value can hold in memory")]
fn seal_as(format: u8, key: &Key, context: &Context, plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = random::bytes();
    // Reserved whole: a growing buffer would leave copies of the plain text behind.
    let mut sealed = Vec::with_capacity(HEADER + plain.len() + TAG);
    sealed.push(format);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let tag = XChaCha20Poly1305::new(key.as_bytes().into())
        .encrypt_inout_detached(&XNonce::from(nonce), &context.associated_data(format), sealed[HEADER..].as_mut().into())
        .expect("a value beyond the cipher's limit");
    sealed.extend_from_slice(&tag);
    sealed
}

fn open_as(format: u8, key: &Key, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (found, rest) = sealed.split_first().ok_or(OpenError::Truncated)?;
    if *found != format {
        return Err(OpenError::Format);
    }
    let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(OpenError::Truncated)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(OpenError::Truncated)?;
    let mut plain = ciphertext.to_vec();
    XChaCha20Poly1305::new(key.as_bytes().into())
        .decrypt_inout_detached(&XNonce::from(*nonce), &context.associated_data(format), plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| OpenError::Rejected)?;
    Ok(plain)
}

/// A value is longer than [`DECOMPRESSED_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is too large to be sealed")
    }
}

impl std::error::Error for TooLarge {}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It is shorter than any sealed value.
    Truncated,
    /// Its format is another one, or newer than this program.
    Format,
    /// Another key, another context, or changed since it was sealed: the cipher cannot tell which.
    Rejected,
    /// It claims to decompress to more than [`DECOMPRESSED_LIMIT`] bytes.
    TooLarge,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "a sealed value is truncated",
            Self::Format => "a sealed value has an unknown format",
            Self::Rejected => "a sealed value does not open with this key in this place",
            Self::TooLarge => "a sealed value claims to be larger than the limit",
        })
    }
}

impl std::error::Error for OpenError {}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        Self::new(Kind::Internal, Reason::StoreFailed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64) -> Context {
        Context::new("test.value").number(number)
    }

    #[test]
    fn a_value_opens_only_with_its_key_in_its_place() {
        let key = Key::random();
        for plain in [&b""[..], b"x", &[9; 5000]] {
            let sealed = seal(&key, &place(1), plain);
            assert_eq!(sealed.len(), plain.len() + 41);
            assert_eq!(open(&key, &place(1), &sealed).unwrap(), plain);
            assert_eq!(open(&key, &place(2), &sealed), Err(OpenError::Rejected));
            assert_eq!(open(&Key::random(), &place(1), &sealed), Err(OpenError::Rejected));
            assert_eq!(open_compressed(&key, &place(1), &sealed), Err(OpenError::Format));
        }
    }

    #[test]
    fn a_changed_or_shortened_value_is_refused_at_every_offset() {
        let key = Key::random();
        let sealed = seal_compressed(&key, &place(1), b"who knows whom").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(open_compressed(&key, &place(1), &changed).is_err());
                assert!(open(&key, &place(1), &changed).is_err());
            }
            assert!(open_compressed(&key, &place(1), &sealed[..at]).is_err());
        }
    }

    #[test]
    fn compressed_values_come_back_whole() {
        let key = Key::random();
        let mixed: Vec<u8> = (0..200_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        for plain in [&b""[..], b"a", &[0; 100_000], &mixed] {
            let sealed = seal_compressed(&key, &place(3), plain).unwrap();
            assert_eq!(open_compressed(&key, &place(3), &sealed).unwrap(), plain);
        }
        assert!(seal_compressed(&key, &place(3), &[0; 100_000]).unwrap().len() < 1_000);
    }

    #[test]
    fn a_value_that_claims_too_much_is_refused_before_it_is_unpacked() {
        let key = Key::random();
        let bomb = [u32::MAX.to_le_bytes().as_slice(), &[0; 8]].concat();
        let sealed = seal_as(COMPRESSED, &key, &place(1), &bomb);
        assert_eq!(open_compressed(&key, &place(1), &sealed), Err(OpenError::TooLarge));
        let lie = [5u32.to_le_bytes().as_slice(), &[0x10, b'a']].concat();
        let sealed = seal_as(COMPRESSED, &key, &place(1), &lie);
        assert_eq!(open_compressed(&key, &place(1), &sealed), Err(OpenError::Rejected));
        assert_eq!(seal_compressed(&key, &place(1), &vec![0; DECOMPRESSED_LIMIT + 1]), Err(TooLarge));
    }
}
