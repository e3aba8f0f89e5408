//! A key of 256 bits that leaves no copy behind and never shows itself.

use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use crate::random;

/// A secret key of 32 bytes. Clones share one place in memory, which is overwritten when the last of them is dropped.
///
/// One key serves sealing, hashing and deriving: each use is separated from the others by its own derivation or construction.
#[derive(Clone)]
pub struct Key(Arc<Zeroizing<[u8; 32]>>);

impl Key {
    /// A new random key.
    pub fn random() -> Self {
        let mut drawn = random::bytes();
        let key = Self::from_bytes(drawn);
        drawn.zeroize();
        key
    }

    /// The key made of these bytes; the caller's copy is the caller's to overwrite.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The bytes, for handing the key to a service that may hold it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The subkey for one use, by BLAKE3's key derivation mode (BLAKE3 paper, section 2.3).
    ///
    /// `label` names the use and must be unique in the whole suite and never change, as in `"rapport ingestion duplicates v1"`.
    #[must_use]
    pub fn derive(&self, label: &'static str) -> Self {
        let mut derived = blake3::derive_key(label, self.as_bytes());
        let key = Self::from_bytes(derived);
        derived.zeroize();
        key
    }
}

impl PartialEq for Key {
    /// In constant time, so that comparing tells nothing about where two keys differ.
    fn eq(&self, other: &Self) -> bool {
        blake3::Hash::from_bytes(*self.as_bytes()) == blake3::Hash::from_bytes(*other.as_bytes())
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subkeys_differ_by_label_and_by_key_and_stay_the_same() {
        let (one, other) = (Key::random(), Key::random());
        assert_eq!(one.derive("a"), one.derive("a"));
        assert_ne!(one.derive("a"), one.derive("b"));
        assert_ne!(one.derive("a"), other.derive("a"));
        assert_ne!(one.derive("a"), one);
    }

    #[test]
    fn debug_shows_no_byte_of_a_key() {
        assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key(redacted)");
    }
}
