//! A store as it stood between two groups, read row by row while commits go on.
//!
//! The committer begins a snapshot between two groups. From then on, before it applies a group, it lays aside what the rows held
//! that the group replaces, as far as the snapshot has not passed them. Whoever reads takes a piece of the tree as it is now and then
//! puts back what was laid aside: a commit waits for a map of its own rows, never for the reading. In the end the rows must add up to the
//! header of that moment, so that a snapshot is either whole and of one moment, or an error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::guarded;
use crate::header::{FIRST_ROW, Header};
use crate::{Ancestor, Origin, StoreError, row};

/// A row as it lies on disk: the table's tag and the key, then the message and its checksum.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRow {
    /// The table's tag, then the key.
    pub key: Vec<u8>,
    /// The encoded message, then a CRC-32 of key and message.
    pub value: Vec<u8>,
}

impl RawRow {
    /// The tag of the table the row belongs to; 0, which no table has, for a row without a key.
    pub fn tag(&self) -> u8 {
        self.key.first().copied().unwrap_or_default()
    }

    /// Whether key and message are what was written, by their checksum.
    pub fn is_whole(&self) -> bool {
        row::verified(&self.key, &self.value).is_some()
    }
}

/// What rows held that were replaced since a snapshot began; `None` where there was nothing.
#[derive(Default)]
pub(crate) struct Aside {
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    passed: Passed,
}

/// How far a snapshot has come.
enum Passed {
    /// Every key before this one.
    Before(Vec<u8>),
    Everything,
}

impl Default for Passed {
    fn default() -> Self {
        Self::Before(FIRST_ROW.to_vec())
    }
}

impl Aside {
    /// Lays aside what a row held, unless that is known or the snapshot has passed it.
    pub fn lay(&mut self, key: &[u8], before: Option<&[u8]>) {
        let ahead = matches!(&self.passed, Passed::Before(next) if key >= next.as_slice());
        if ahead && !self.rows.contains_key(key) {
            self.rows.insert(key.to_vec(), before.map(<[u8]>::to_vec));
        }
    }

    /// Passes every key before `next`, all of them without one, and answers what was laid aside there.
    fn pass(&mut self, next: Option<&[u8]>) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let ahead = next.map(|next| self.rows.split_off(next)).unwrap_or_default();
        self.passed = next.map_or(Passed::Everything, |next| Passed::Before(next.to_vec()));
        std::mem::replace(&mut self.rows, ahead)
    }
}

/// What the committer answers when it has begun a snapshot.
pub(crate) struct Begun {
    pub header: Header,
    pub aside: Arc<Mutex<Aside>>,
}

/// Every row of a store as of one durable group. Begun by [`crate::Store::snapshot`]; the store keeps what it needs until it is dropped.
///
/// It costs memory for rows that are replaced before it comes to them, not for time.
pub struct Snapshot {
    db: sled::Db,
    header: Header,
    origin: Option<Origin>,
    aside: Arc<Mutex<Aside>>,
    /// Where to go on; `None` at the end.
    next: Option<Vec<u8>>,
    found: Header,
}

impl Snapshot {
    pub(crate) fn of(db: sled::Db, origin: Option<Origin>, Begun { header, aside }: Begun) -> Self {
        let found = Header::at(header.incarnation, header.groups);
        Self { db, header, origin, aside, next: Some(FIRST_ROW.to_vec()), found }
    }

    /// The store and the group that it shows.
    pub fn at(&self) -> Ancestor {
        Ancestor { incarnation: self.header.incarnation, groups: self.header.groups }
    }

    /// Where the store comes from, if it was put back.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// How many rows there are, those already read included.
    pub fn rows(&self) -> u64 {
        self.header.rows
    }

    /// The next rows in key order, about so many bytes of them; none at the end. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a row is not what was written, or when at the end not every row was there that was counted: what was
    /// read before is of no use then. [`StoreError::Failed`] when rows cannot be read.
    pub fn next_rows(&mut self, bytes: usize) -> Result<Vec<RawRow>, StoreError> {
        while let Some(from) = self.next.take() {
            let (mut rows, next) = self.read(&from, bytes)?;
            let laid = self.aside.lock().unwrap_or_else(PoisonError::into_inner).pass(next.as_deref());
            for (key, before) in laid {
                match before {
                    Some(row) => drop(rows.insert(key, row)),
                    None => drop(rows.remove(&key)),
                }
            }
            for (key, row) in &rows {
                self.found.replace(key, None, Some(row))?;
            }
            self.next = next;
            if self.next.is_none() {
                self.header.compare(&self.found)?;
            }
            if !rows.is_empty() {
                return Ok(rows.into_iter().map(|(key, value)| RawRow { key, value }).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Rows of the tree as it is now, and where to go on behind them.
    fn read(&self, from: &[u8], bytes: usize) -> Result<Piece, StoreError> {
        let mut read = BTreeMap::new();
        let mut size = 0;
        let mut rows = self.db.range(from..);
        while let Some((key, row)) = guarded("scan", || rows.next().transpose())? {
            size += key.len() + row.len();
            // The first key behind this one.
            let next = [key.as_ref(), &[0]].concat();
            read.insert(key.to_vec(), row.to_vec());
            if size >= bytes {
                return Ok((read, Some(next)));
            }
        }
        Ok((read, None))
    }
}

type Piece = (BTreeMap<Vec<u8>, Vec<u8>>, Option<Vec<u8>>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} rows at {})", self.header.rows, self.header.groups)
    }
}

impl fmt::Debug for RawRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawRow({} bytes of table {})", self.key.len() + self.value.len(), self.tag())
    }
}
