//! Where a store comes from that was put back from a backup: a row of the store's own, written when it is made and never changed.

use crate::error::guarded;
use crate::{StoreError, row};

const KEY: [u8; 2] = [row::STORE_TAG, 1];

/// Where a store comes from that was made from a backup, or in place of a view.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Origin {
    /// The stores that everything in this one was once in, and how far: the ancestors of what was restored.
    #[prost(message, repeated, tag = "1")]
    pub descends: Vec<Ancestor>,
    /// The incarnations of the stores in whose place it stands, ancestors or not: they are gone.
    #[prost(fixed64, repeated, tag = "2")]
    pub replaces: Vec<u64>,
}

/// A store as it stood after one of its groups.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Ancestor {
    /// Which store.
    #[prost(fixed64, tag = "1")]
    pub incarnation: u64,
    /// The last group of it that is contained.
    #[prost(fixed64, tag = "2")]
    pub groups: u64,
}

impl Origin {
    /// Reads the origin; `None` for a store that was made empty.
    pub(crate) fn read(tree: &sled::Tree) -> Result<Option<Self>, StoreError> {
        let found = guarded("read the origin", || tree.get(KEY))?;
        found.map(|row| row::decode("the origin", &KEY, &row)).transpose()
    }

    pub(crate) fn row(&self) -> (&'static [u8], Vec<u8>) {
        (&KEY, row::encode(&KEY, self))
    }
}
