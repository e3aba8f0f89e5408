//! SHA-256 as RFC 6962, section 2.1, uses it, and commitments to what stays outside the tree.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

const LEAF: u8 = 0;
const NODE: u8 = 1;
const COMMITMENT: u8 = 2;

/// What keeps a commitment from being guessed: 32 random bytes, drawn for it alone.
pub type Salt = [u8; 32];

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of a text or file, without any prefix.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads standard base64 with padding.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// Standard base64 with padding, as in checkpoints.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.0)
    }

    /// Hexadecimal, lower case.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// The hash of a leaf (RFC 6962, section 2.1).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([LEAF]).chain_update(leaf).finalize().into())
}

/// The hash of an inner node (RFC 6962, section 2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([NODE]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Content behind its salt, as it is sealed and disclosed.
pub fn salted(salt: &Salt, content: &[u8]) -> Vec<u8> {
    [salt, content].concat()
}

/// The commitment to salted content: SHA-256 over a prefix that no leaf or node has, salt and content.
pub fn commitment(salted: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([COMMITMENT]).chain_update(salted).finalize().into())
}
