//! Ranges of row keys and the iterator over committed rows.

use std::marker::PhantomData;
use std::ops::Bound;

use crate::error::guarded;
use crate::{Prefix, Row, StoreError, Table, row};

/// Row keys from one on to the end of a prefix.
pub(crate) struct KeyRange {
    pub start: Vec<u8>,
    pub end: Bound<Vec<u8>>,
}

impl KeyRange {
    /// All keys that begin with the prefix.
    pub fn of<T: Table>(prefix: &impl Prefix<T::Key>) -> Self {
        let start = row::prefix::<T>(prefix);
        let end = successor(&start).map_or(Bound::Unbounded, Bound::Excluded);
        Self { start, end }
    }

    /// Those of them that are not before `first`.
    pub fn from<T: Table>(prefix: &impl Prefix<T::Key>, first: &T::Key) -> Self {
        let whole = Self::of::<T>(prefix);
        let first = row::key::<T>(first);
        let beyond = matches!(&whole.end, Bound::Excluded(end) if *end < first);
        // A start behind the end is an empty range; the standard library's maps panic on it.
        let start = if beyond { whole.end_key() } else { whole.start.clone().max(first) };
        Self { start, end: whole.end }
    }

    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (Bound::Included(&self.start), self.end.as_ref().map(Vec::as_slice))
    }

    fn end_key(&self) -> Vec<u8> {
        match &self.end {
            Bound::Excluded(end) | Bound::Included(end) => end.clone(),
            Bound::Unbounded => self.start.clone(),
        }
    }
}

/// The first key behind all that begin with `prefix`; `None` when there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// The rows of a range in key order, backwards with `rev()`.
///
/// Not a snapshot: a row committed while the scan runs may be seen or not. Ends after the first error.
pub struct Scan<T: Table> {
    rows: sled::Iter,
    failed: bool,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Scan<T> {
    pub(crate) fn over(tree: &sled::Tree, range: &KeyRange) -> Self {
        Self { rows: tree.range::<&[u8], _>(range.bounds()), failed: false, table: PhantomData }
    }

    fn step(
        &mut self,
        take: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Result<Row<T>, StoreError>> {
        if self.failed {
            return None;
        }
        let entry = guarded("scan", || take(&mut self.rows).transpose()).transpose()?;
        let entry = entry.and_then(|(key, row)| read_row::<T>(&key, &row));
        self.failed = entry.is_err();
        Some(entry)
    }
}

pub(crate) fn read_row<T: Table>(key: &[u8], row: &[u8]) -> Result<Row<T>, StoreError> {
    Ok((row::read_key::<T>(key)?, row::decode(T::NAME, key, row)?))
}

impl<T: Table> Iterator for Scan<T> {
    type Item = Result<Row<T>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl<T: Table> DoubleEndedIterator for Scan<T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}
