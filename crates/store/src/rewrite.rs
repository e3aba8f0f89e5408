//! A database written anew beside the one that is there, and put in its place in one step: for a scrub, and for rows from a backup.
//!
//! The database keeps files of its own by their path, so both must be closed for the step. It exchanges two directories at once:
//! whenever power fails, one of them is the store and whole, and the other one goes the next time the store is opened.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use crate::disk::sync_names;
use crate::error::{failed, guarded};
use crate::header::{self, Header};
use crate::open::{LOCK_PAUSE, LOCK_TRIES};
use crate::{Ancestor, Options, Origin, RawRow, Snapshot, Store, StoreError, row};

/// What is read and written at once, in bytes.
const PIECE_BYTES: usize = 1 << 20;
/// While it is written a database needs little: nothing is read.
const CACHE_BYTES: u64 = 64 << 20;

/// A database that is being written beside the one at its path. Left behind unfinished, it goes the next time the store is opened.
pub struct Rewrite {
    path: PathBuf,
    db: sled::Db,
    header: Header,
}

/// A database that is whole, durable and closed, and waits to be put in its place.
#[derive(Debug)]
pub struct Rewritten {
    path: PathBuf,
    rows: u64,
}

/// What stands at the place of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Nothing,
    /// A store, as it stands.
    Store(Ancestor),
    /// A store that cannot be opened.
    Damaged,
}

/// What a scrub did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    /// The rows of the store, all of which it still has.
    pub rows: u64,
    /// Bytes of its files before.
    pub bytes_before: u64,
    /// Bytes of its files now.
    pub bytes_after: u64,
}

impl Present {
    /// What stands at `path`, and the store itself while it can be opened; nobody else opens it until that is closed.
    ///
    /// # Errors
    /// Those of [`Store::open`], but for damage: what a later version wrote, or what cannot be read just now, is a store that nobody replaces.
    pub async fn at(path: &Path, options: Options) -> Result<(Self, Option<Store>), StoreError> {
        if !path.join("db").exists() {
            return Ok((Self::Nothing, None));
        }
        match Store::open(path, options).await {
            Ok(store) => Ok((Self::Store(store.snapshot().await?.at()), Some(store))),
            Err(error) if error.is_damage() => Ok((Self::Damaged, None)),
            Err(error) => Err(error),
        }
    }

    /// Which store it is or was, as far as that can be told.
    pub fn incarnation(&self, path: &Path) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Store(held) => Some(held.incarnation),
            Self::Damaged => header::told(path).map(|(incarnation, _)| incarnation),
        }
    }
}

impl Rewrite {
    /// Begins to write the database that is to stand at `path`, empty, under that incarnation and at that group. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when it cannot be made.
    pub fn begin(path: &Path, at: Ancestor, origin: Option<&Origin>) -> Result<Self, StoreError> {
        clear(path)?;
        let beside = beside(path);
        DirBuilder::new().recursive(true).mode(0o700).create(&beside).map_err(|error| failed("create the directory", error))?;
        let config = sled::Config::new().path(&beside).cache_capacity(CACHE_BYTES).mode(sled::Mode::HighThroughput).flush_every_ms(None);
        let db = guarded("open", || config.open())?;
        if let Some(origin) = origin {
            let (key, row) = origin.row();
            guarded("write the origin", || db.insert(key, row))?;
        }
        Ok(Self { path: path.to_owned(), db, header: Header::at(at.incarnation, at.groups) })
    }

    /// Writes rows, each key once. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a checksum does not hold, a row belongs to no table or is there already; [`StoreError::Failed`].
    pub fn put(&mut self, rows: Vec<RawRow>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for row in rows {
            if row.tag() == row::STORE_TAG || guarded("look for the row", || self.db.contains_key(&row.key))? {
                return Err(StoreError::Damaged { what: "a row" });
            }
            self.header.replace(&row.key, None, Some(&row.value))?;
            batch.insert(row.key, row.value);
        }
        guarded("apply a batch", || self.db.apply_batch(batch))
    }

    /// Makes it durable, closes it, and reads every row once more to see that all are there.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when they are not; [`StoreError::Failed`].
    pub async fn finish(self) -> Result<Rewritten, StoreError> {
        let Self { path, db, header } = self;
        let beside = beside(&path);
        let (key, row) = header.row();
        let written = tokio::task::spawn_blocking(move || guarded("flush", || db.insert(key, row).and_then(|_| db.flush())));
        written.await.unwrap_or_else(|error| Err(failed("write", error)))?;
        // Opening it verifies, syncs every file and makes the witness; its incarnation stands in the header.
        Store::open(&beside, Options { cache_bytes: CACHE_BYTES, fresh_incarnation: 0 }).await?.close().await;
        drop(alone(&beside).await?);
        sync_names(&beside).map_err(|error| failed("sync the directory", error))?;
        Ok(Rewritten { path, rows: header.rows })
    }
}

impl Rewritten {
    /// Puts it in the place of what is expected there, in one step; what stood there is deleted.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when somebody has opened what stands there, or changed it; [`StoreError::Failed`]. The store that was there
    /// is as it was then.
    pub async fn install(self, expected: Present) -> Result<(), StoreError> {
        let (path, beside) = (self.path.as_path(), beside(&self.path));
        let held = if expected == Present::Nothing { None } else { Some(alone(path).await?) };
        let stands = match expected {
            Present::Nothing => !path.join("db").exists(),
            Present::Store(then) => header::told(path) == Some((then.incarnation, then.groups)),
            Present::Damaged => true,
        };
        if !stands {
            return Err(StoreError::Locked);
        }
        // A directory without a database is nothing, but it is in the way.
        let way = if path.exists() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &beside, CWD, path, way).map_err(|error| failed("put the directory in its place", error))?;
        sync_names(path).map_err(|error| failed("sync the directory", error))?;
        // Held until it is gone, for somebody may have found it by its path a moment ago.
        clear(path)?;
        drop(held);
        Ok(())
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Writes the store at `path` anew, so that its files hold nothing but its rows; `None` when there is no store. The store must not be
/// open; it stays the same one, with the same incarnation. Its old files are deleted: whether their blocks can still be read is up to the
/// file system.
///
/// # Errors
/// [`StoreError::Locked`] when somebody has it open; [`StoreError::Damaged`] when it is not whole; [`StoreError::Failed`], as when there is
/// no room for a second copy. The store is as it was then.
pub async fn scrub(path: &Path, options: Options) -> Result<Option<Scrubbed>, StoreError> {
    if !path.join("db").exists() {
        return Ok(None);
    }
    let store = Store::open(path, options).await?;
    let snapshot = store.snapshot().await?;
    let (at, bytes_before) = (snapshot.at(), bytes_in(path));
    let place = path.to_owned();
    let copied = tokio::task::spawn_blocking(move || copy(&place, snapshot)).await;
    let copied = copied.unwrap_or_else(|error| Err(failed("copy", error)))?.finish().await?;
    store.close().await;
    let rows = copied.rows();
    copied.install(Present::Store(at)).await?;
    Ok(Some(Scrubbed { rows, bytes_before, bytes_after: bytes_in(path) }))
}

fn copy(path: &Path, mut snapshot: Snapshot) -> Result<Rewrite, StoreError> {
    let mut rewrite = Rewrite::begin(path, snapshot.at(), snapshot.origin())?;
    loop {
        let rows = snapshot.next_rows(PIECE_BYTES)?;
        if rows.is_empty() {
            return Ok(rewrite);
        }
        rewrite.put(rows)?;
    }
}

/// Removes what an earlier rewrite left beside the store. The caller holds the store, or there is none.
pub(crate) fn clear(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(beside(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove what a rewrite left", error)),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".rewriting");
    path.with_file_name(name)
}

/// Holds a closed database as sled itself would, so that nobody opens it.
async fn alone(path: &Path) -> Result<File, StoreError> {
    let file = File::options().read(true).write(true).open(path.join("db")).map_err(|error| failed("open the database file", error))?;
    for _ in 0..LOCK_TRIES {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(_) => tokio::time::sleep(LOCK_PAUSE).await,
        }
    }
    Err(StoreError::Locked)
}

fn bytes_in(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    let bytes = entries.filter_map(Result::ok).map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_in(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

impl std::fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rewrite({} rows)", self.header.rows)
    }
}
