//! One database on one disk: what a group is written to, and how it is opened.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::StoreError;
use crate::error::{failed, guarded};
use crate::header::{Header, Witness};

/// sled asserts that there is some.
const LEAST_CACHE_BYTES: u64 = 1 << 20;

/// An open database.
pub(crate) struct Disk {
    pub db: sled::Db,
    /// A descriptor of our own of the database file: sled flushes without fsync.
    pub(super) file: File,
    witness: Witness,
}

impl Disk {
    /// Opens the database in the directory `path`, creating both if need be, and reads every row once.
    ///
    /// # Errors
    /// Those of [`crate::Store::open`].
    pub fn open(path: &Path, cache_bytes: u64, fresh_incarnation: u64) -> Result<(Self, Header), StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| failed("create the directory", error))?;
        let db = guarded("open", || {
            let config = sled::Config::new().path(path).cache_capacity(cache_bytes.max(LEAST_CACHE_BYTES));
            config.mode(sled::Mode::HighThroughput).flush_every_ms(None).open()
        });
        let db = db.map_err(locked)?;
        let found = Header::read(&db)?;
        let witness = Witness::open(path, found.as_ref())?;
        let header = match found {
            Some(header) => header,
            None => create(&db, fresh_incarnation)?,
        };
        if !header.unfinished {
            header.verify(&db)?;
        }
        let file = File::open(path.join("db")).map_err(|error| failed("open the database file", error))?;
        sync_names(path).map_err(|error| failed("sync the directory", error))?;
        file.sync_data().map_err(|error| failed("sync the database file", error))?;
        witness.write(&header)?;
        Ok((Self { db, file, witness }, header))
    }

    /// Writes rows and the header with them, durably, all or none.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Damaged`]: it is not known what the disk holds.
    pub fn write(&self, mut batch: sled::Batch, header: &Header) -> Result<(), StoreError> {
        let (key, row) = header.row();
        batch.insert(key, row);
        guarded("apply a batch", || self.db.apply_batch(batch))?;
        guarded("flush", || self.db.flush())?;
        self.file.sync_data().map_err(|error| failed("sync the database file", error))?;
        self.witness.write(header)
    }
}

/// sled tells a lock that is held from other refusals by its text only.
fn locked(error: StoreError) -> StoreError {
    match &error {
        StoreError::Failed { cause, .. } if cause.contains("could not acquire lock") => StoreError::Locked,
        _ => error,
    }
}

/// Writes the first header; the caller makes it durable.
fn create(db: &sled::Db, incarnation: u64) -> Result<Header, StoreError> {
    if !db.is_empty() {
        return Err(StoreError::Damaged { what: "the header" });
    }
    let header = Header::fresh(incarnation);
    let (key, row) = header.row();
    guarded("write the header", || db.insert(key, row).and_then(|_| db.flush()))?;
    Ok(header)
}

/// Syncs what no commit touches: the settings sled wrote, and the names of the files in their directories.
pub(crate) fn sync_names(path: &Path) -> std::io::Result<()> {
    File::open(path.join("conf"))?.sync_all()?;
    File::open(path)?.sync_all()?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
