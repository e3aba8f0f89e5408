//! A second database with the same rows, on another disk. The store itself is always written first, so the mirror never knows more:
//! one that does belongs to a store that was lost or put back.

use std::iter::Peekable;
use std::path::Path;

use crate::disk::Disk;
use crate::error::guarded;
use crate::header::{Header, Witness};
use crate::{StoreError, row};

/// What a crash while a mirror was given much at once leaves, until it is given the rest.
pub(crate) const UNFINISHED: StoreError = StoreError::Damaged { what: "a copy that was not finished" };

/// Rows that are copied in one step. A mirror that lacks no more than that is whole at every moment.
const ROWS_AT_ONCE: usize = 4096;

/// Opens the mirror of a store and gives it what it lacks.
///
/// # Errors
/// [`StoreError::BehindMirror`], and those of opening and writing.
pub(crate) fn open(path: &Path, store: &Disk, header: &Header) -> Result<Disk, StoreError> {
    // Nothing is read from a mirror while it is open, so it needs no cache.
    let (mirror, held) = Disk::open(path, 0, header.incarnation)?;
    if held.incarnation != header.incarnation || held.groups > header.groups {
        return Err(StoreError::BehindMirror);
    }
    if held != *header {
        if held.groups == header.groups && !held.unfinished {
            return Err(StoreError::BehindMirror);
        }
        copy(store, header, &mirror, &held)?;
    }
    Ok(mirror)
}

/// Makes a store hold what its mirror does.
///
/// # Errors
/// [`StoreError::AheadOfMirror`], [`StoreError::Damaged`], and those of opening and writing.
pub(crate) fn recover(path: &Path, mirror: &Path, cache_bytes: u64) -> Result<(), StoreError> {
    if !mirror.join("db").is_file() {
        return Err(StoreError::Damaged { what: "the mirror, which is not there" });
    }
    let (mirror, header) = Disk::open(mirror, cache_bytes, 0)?;
    if header.unfinished {
        return Err(UNFINISHED);
    }
    let (store, held) = Disk::open(path, cache_bytes, header.incarnation)?;
    let empty = held.groups == 0 && held.rows == 0;
    if !(empty || held.unfinished || held.incarnation == header.incarnation && held.groups <= header.groups) {
        return Err(StoreError::AheadOfMirror);
    }
    if held.incarnation != header.incarnation {
        // A start without its store made an empty one, with a name of its own.
        Witness::remove(path)?;
    }
    if held == header { Ok(()) } else { copy(&mirror, &header, &store, &held) }
}

/// Makes the rows and the header of `to` those of `from`.
fn copy(from: &Disk, header: &Header, to: &Disk, held: &Header) -> Result<(), StoreError> {
    let mut differences = Differences { from: rows(from).peekable(), to: rows(to).peekable() };
    let (mut batch, mut many) = differences.next_batch()?;
    let unfinished = Header { unfinished: true, incarnation: header.incarnation, ..*held };
    while many {
        to.write(batch, &unfinished)?;
        (batch, many) = differences.next_batch()?;
    }
    to.write(batch, header)
}

type Pair = (sled::IVec, sled::IVec);

fn rows(disk: &Disk) -> impl Iterator<Item = Result<Pair, StoreError>> + use<> {
    let mut rows = disk.db.range([row::STORE_TAG + 1]..);
    std::iter::from_fn(move || guarded("read every row", || rows.next().transpose()).transpose())
}

/// Walks two databases side by side.
struct Differences<A: Iterator, B: Iterator> {
    from: Peekable<A>,
    to: Peekable<B>,
}

impl<A, B> Differences<A, B>
where
    A: Iterator<Item = Result<Pair, StoreError>>,
    B: Iterator<Item = Result<Pair, StoreError>>,
{
    /// The next changes that would make the second like the first, and whether more follow.
    fn next_batch(&mut self) -> Result<(sled::Batch, bool), StoreError> {
        let (mut batch, mut rows) = (sled::Batch::default(), 0);
        while rows < ROWS_AT_ONCE {
            let order = match (self.from.peek(), self.to.peek()) {
                (None, None) => return Ok((batch, false)),
                (Some(Ok((wanted, _))), Some(Ok((held, _)))) => wanted.cmp(held),
                (Some(_), None) | (Some(Err(_)), _) => std::cmp::Ordering::Less,
                (None, Some(_)) | (_, Some(Err(_))) => std::cmp::Ordering::Greater,
            };
            let wanted = if order.is_le() { self.from.next().transpose()? } else { None };
            let held = if order.is_ge() { self.to.next().transpose()? } else { None };
            match (wanted, held) {
                (Some(wanted), Some(held)) if wanted == held => continue,
                (Some((key, row)), _) => batch.insert(key, row),
                (None, Some((key, _))) => batch.remove(key),
                (None, None) => {}
            }
            rows += 1;
        }
        Ok((batch, true))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::committer::Committer;
    use crate::{Changes, Store, Table};

    struct Numbers;

    impl Table for Numbers {
        const TAG: u8 = 1;
        const NAME: &'static str = "numbers";
        type Key = u64;
        type Value = u64;
    }

    #[tokio::test]
    async fn a_commit_that_fails_in_the_mirror_is_not_acknowledged_and_nothing_more_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let (path, beside) = (dir.path().join("store"), dir.path().join("mirror"));
        let (disk, header) = Disk::open(&path, 0, 7).unwrap();
        let mut mirror = open(&beside, &disk, &header).unwrap();
        // A device that nothing can be synced to.
        mirror.file = File::open("/dev/null").unwrap();
        let start = |failure| Committer { disk, mirror: Some(mirror), header, failure, snapshots: Vec::new() };
        let db = sled::Config::new().temporary(true).open().unwrap();
        let store = Store::start(db, 7, None, start).unwrap();
        let put = |changes: &mut Changes<'_>| changes.put::<Numbers>(&1, &1);
        let failed = store.commit(put).await.unwrap_err();
        assert!(matches!(failed, StoreError::Failed { .. }));
        assert_eq!((store.failure(), store.commit(put).await), (Some(failed.clone()), Err(failed)));
        store.close().await;
        // It stands in the store, so the mirror is given it at the next start.
        let store = Store::open_mirrored(&path, Some(&beside), crate::Options { cache_bytes: 0, fresh_incarnation: 0 }).await.unwrap();
        assert_eq!(store.get::<Numbers>(&1).unwrap(), Some(1));
        store.close().await;
        assert_eq!(Disk::open(&path, 0, 0).unwrap().1, Disk::open(&beside, 0, 0).unwrap().1);
    }

    #[tokio::test]
    async fn a_copy_that_was_interrupted_is_no_store_and_goes_on_as_a_mirror() {
        let dir = tempfile::tempdir().unwrap();
        let (path, beside) = (dir.path().join("store"), dir.path().join("mirror"));
        let options = crate::Options { cache_bytes: 0, fresh_incarnation: 7 };
        let store = Store::open(&path, options).await.unwrap();
        store.commit(|changes| changes.put::<Numbers>(&1, &1)).await.unwrap();
        store.close().await;
        let (half, header) = Disk::open(&beside, 0, 7).unwrap();
        let (key, row) = (row::key::<Numbers>(&2), row::encode(&row::key::<Numbers>(&2), &2_u64));
        let mut batch = sled::Batch::default();
        batch.insert(key, row);
        half.write(batch, &Header { unfinished: true, ..header }).unwrap();
        drop(half);
        assert_eq!(Store::open(&beside, options).await.err(), Some(UNFINISHED));
        assert_eq!(Store::recover(&dir.path().join("new"), &beside, options).await.err(), Some(UNFINISHED));
        Store::open_mirrored(&path, Some(&beside), options).await.unwrap().close().await;
        assert_eq!(Disk::open(&path, 0, 0).unwrap().1, Disk::open(&beside, 0, 0).unwrap().1);
        let mirror = Store::open(&beside, options).await.unwrap();
        assert_eq!((mirror.get::<Numbers>(&1).unwrap(), mirror.get::<Numbers>(&2).unwrap()), (Some(1), None));
    }
}
