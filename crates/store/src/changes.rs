//! What a closure of a commit sees and writes: the committed rows with the group's own changes laid over them.

use std::collections::BTreeMap;
use std::iter::Peekable;

use crate::error::guarded;
use crate::scan::{KeyRange, read_row};
use crate::{MAX_VALUE_BYTES, Prefix, Row, StoreError, Table, row};

/// The rows a group has written so far, encoded; `None` where it deleted.
pub(crate) type Overlay = BTreeMap<Vec<u8>, Written>;
type Written = Option<Vec<u8>>;

/// A view of the store in which a closure reads what is committed, what earlier closures of its group wrote and what it wrote itself.
pub struct Changes<'a> {
    tree: &'a sled::Tree,
    overlay: &'a mut Overlay,
    /// What this closure replaced in the overlay, oldest first; the outer `None` where there was nothing.
    replaced: Vec<(Vec<u8>, Option<Written>)>,
}

impl<'a> Changes<'a> {
    pub(crate) fn over(tree: &'a sled::Tree, overlay: &'a mut Overlay) -> Self {
        Self { tree, overlay, replaced: Vec::new() }
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the row is not what was written; [`StoreError::Failed`] when it cannot be read.
    pub fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Value>, StoreError> {
        let row_key = row::key::<T>(key);
        if let Some(written) = self.overlay.get(&row_key) {
            return written.as_ref().map(|row| row::decode(T::NAME, &row_key, row)).transpose();
        }
        let committed = guarded("read", || self.tree.get(&row_key))?;
        committed.map(|row| row::decode(T::NAME, &row_key, &row)).transpose()
    }

    /// The rows whose keys begin with `prefix`, in key order. Collect before writing.
    pub fn scan<T: Table>(&self, prefix: impl Prefix<T::Key>) -> impl Iterator<Item = Result<Row<T>, StoreError>> {
        self.merged::<T>(&KeyRange::of::<T>(&prefix))
    }

    /// The rows whose keys begin with `prefix` and are not before `first`, in key order.
    pub fn scan_from<T: Table>(&self, prefix: impl Prefix<T::Key>, first: &T::Key) -> impl Iterator<Item = Result<Row<T>, StoreError>> {
        self.merged::<T>(&KeyRange::from::<T>(&prefix, first))
    }

    /// The row with the greatest key that begins with `prefix`.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn last<T: Table>(&self, prefix: impl Prefix<T::Key>) -> Result<Option<Row<T>>, StoreError> {
        let range = KeyRange::of::<T>(&prefix);
        let mut committed = self.tree.range::<&[u8], _>(range.bounds()).rev();
        let committed = loop {
            match guarded("scan", || committed.next().transpose())? {
                Some((key, _)) if self.overlay.contains_key(key.as_ref()) => {}
                other => break other,
            }
        };
        let written = self.overlay.range::<[u8], _>(range.bounds()).rev().find_map(|(key, row)| Some((key, row.as_ref()?)));
        match (committed, written) {
            (Some((key, row)), Some((later, _))) if key.as_ref() > later.as_slice() => read_row::<T>(&key, &row).map(Some),
            (_, Some((key, row))) => read_row::<T>(key, row).map(Some),
            (Some((key, row)), None) => read_row::<T>(&key, &row).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Writes a row, replacing what is there.
    ///
    /// # Errors
    /// [`StoreError::ValueTooLarge`] above [`MAX_VALUE_BYTES`].
    pub fn put<T: Table>(&mut self, key: &T::Key, value: &T::Value) -> Result<(), StoreError> {
        let bytes = prost::Message::encoded_len(value);
        if bytes > MAX_VALUE_BYTES {
            return Err(StoreError::ValueTooLarge { table: T::NAME, bytes });
        }
        let row_key = row::key::<T>(key);
        let row = row::encode(&row_key, value);
        self.write(row_key, Some(row));
        Ok(())
    }

    /// Deletes a row, if it is there.
    pub fn delete<T: Table>(&mut self, key: &T::Key) {
        self.write(row::key::<T>(key), None);
    }

    /// Takes back all that this closure wrote.
    pub(crate) fn undo(&mut self) {
        while let Some((key, before)) = self.replaced.pop() {
            match before {
                Some(row) => self.overlay.insert(key, row),
                None => self.overlay.remove(&key),
            };
        }
    }

    fn write(&mut self, key: Vec<u8>, row: Written) {
        let before = self.overlay.insert(key.clone(), row);
        self.replaced.push((key, before));
    }

    fn merged<T: Table>(&self, range: &KeyRange) -> impl Iterator<Item = Result<Row<T>, StoreError>> + use<'_, 'a, T> {
        let mut committed = Committed { rows: self.tree.range::<&[u8], _>(range.bounds()) }.peekable();
        let mut written = self.overlay.range::<[u8], _>(range.bounds()).peekable();
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let entry = next_merged::<T>(&mut committed, &mut written)?;
            failed = entry.is_err();
            Some(entry)
        })
    }
}

struct Committed {
    rows: sled::Iter,
}

impl Iterator for Committed {
    type Item = Result<(sled::IVec, sled::IVec), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        guarded("scan", || self.rows.next().transpose()).transpose()
    }
}

/// The lower of the two next rows; where both have the key, the written one stands and the committed one is passed over.
fn next_merged<'o, T: Table>(
    committed: &mut Peekable<Committed>,
    written: &mut Peekable<impl Iterator<Item = (&'o Vec<u8>, &'o Written)>>,
) -> Option<Result<Row<T>, StoreError>> {
    loop {
        let committed_first = match (committed.peek(), written.peek()) {
            (Some(Ok((key, _))), Some((later, _))) if key.as_ref() == later.as_slice() => {
                committed.next();
                continue;
            }
            (Some(Ok((key, _))), Some((later, _))) => key.as_ref() < later.as_slice(),
            (Some(_), _) => true,
            (None, _) => false,
        };
        if committed_first {
            return committed.next().map(|row| row.and_then(|(key, row)| read_row::<T>(&key, &row)));
        }
        if let (key, Some(row)) = written.next()? {
            return Some(read_row::<T>(key, row));
        }
    }
}
