//! The right edge of a growing tree: all that is needed to append and to know the root.

use crate::{Hash, node_hash};

/// The roots of the complete subtrees that a tree of `size` leaves consists of, the largest first: one for each bit of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    /// An edge as it was taken apart; `None` when the number of hashes does not fit the size.
    pub fn of(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, hashes })
    }

    /// The edge of a tree with these leaf hashes.
    pub fn over(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut edge = Self::default();
        leaves.into_iter().for_each(|leaf| edge.push(leaf));
        edge
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes, the root of the largest subtree first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf: as many hashes as the size has ones at its low end.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root of the tree (RFC 6962, section 2.1); of an empty one, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut smaller_first = self.hashes.iter().rev();
        let Some(last) = smaller_first.next() else { return Hash::of(b"") };
        smaller_first.fold(*last, |right, left| node_hash(left, &right))
    }
}
