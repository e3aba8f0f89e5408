//! Keyed hashes: names for things that nobody without the key can guess or compare.

use crate::Key;

/// A keyed hash of one use (BLAKE3's keyed mode under a derived subkey), made once and used often.
///
/// At 128 bits a collision among a thousand million values has a chance of 1.5e-21; at 64 bits one among a million has 2.7e-8, and
/// from four thousand million on it is likely (birthday bound).
#[derive(Clone, Debug)]
pub struct KeyedHash {
    key: Key,
}

impl KeyedHash {
    /// The hash for the use `label` under `key`; labels are as in [`Key::derive`].
    pub fn new(key: &Key, label: &'static str) -> Self {
        Self { key: key.derive(label) }
    }

    /// Under the tenant key `lookup`: by which an address that was erased is known again, in every service, and by nobody without the key.
    pub fn of_erased(lookup: &Key) -> Self {
        Self::new(lookup, "rapport erased address v1")
    }

    /// The first 128 bits of the keyed hash of `bytes`, little end first.
    pub fn hash128(&self, bytes: &[u8]) -> u128 {
        let mut first = [0; 16];
        first.copy_from_slice(&blake3::keyed_hash(self.key.as_bytes(), bytes).as_bytes()[..16]);
        u128::from_le_bytes(first)
    }

    /// The low 64 bits of [`Self::hash128`].
    pub fn hash64(&self, bytes: &[u8]) -> u64 {
        self.hash128(bytes) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_stable_and_differ_by_key_label_and_content() {
        let key = Key::from_bytes([1; 32]);
        let hash = KeyedHash::new(&key, "test one");
        assert_eq!(hash.hash128(b"a"), KeyedHash::new(&key, "test one").hash128(b"a"));
        assert_ne!(hash.hash128(b"a"), hash.hash128(b"b"));
        assert_ne!(hash.hash128(b"a"), KeyedHash::new(&key, "test two").hash128(b"a"));
        assert_ne!(hash.hash128(b"a"), KeyedHash::new(&Key::random(), "test one").hash128(b"a"));
        assert_eq!(hash.hash64(b"a"), hash.hash128(b"a") as u64);
    }
}
