//! Opening a store: the lock, the header, the check that every row is there.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use crate::committer::Committer;
use crate::error::{failed, guarded};
use crate::header::{Header, Witness};
use crate::{Store, StoreError};

/// sled drops its lock a while after its handle.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// sled asserts that there is some.
const LEAST_CACHE_BYTES: u64 = 1 << 20;

/// How to open a store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Memory for pages, in bytes; a hint, and at least 1 MiB. The process has one budget, which its stores share.
    pub cache_bytes: u64,
    /// A random number that names the database for its life if it is created now; otherwise not used.
    pub fresh_incarnation: u64,
}

impl Store {
    /// Opens the database in the directory `path`, creating both if need be, and reads every row once to see that all are there.
    ///
    /// Takes time in proportion to the rows, on a thread for blocking work. Waits about a second for a lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another handle keeps the database, [`StoreError::Damaged`] when something acknowledged is
    /// missing or changed, [`StoreError::UnknownFormat`] after a downgrade, [`StoreError::Failed`] when the operating system refuses.
    pub async fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        for _ in 1..LOCK_TRIES {
            match open_blocking(path, options).await {
                Err(StoreError::Locked) => tokio::time::sleep(LOCK_PAUSE).await,
                other => return other,
            }
        }
        open_blocking(path, options).await
    }
}

async fn open_blocking(path: &Path, options: Options) -> Result<Store, StoreError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || open_once(&path, options)).await.unwrap_or_else(|error| Err(failed("open", error)))
}

fn open_once(path: &Path, options: Options) -> Result<Store, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| failed("create the directory", error))?;
    let db = guarded("open", || {
        let config = sled::Config::new().path(path).cache_capacity(options.cache_bytes.max(LEAST_CACHE_BYTES));
        config.mode(sled::Mode::HighThroughput).flush_every_ms(None).open()
    });
    let db = db.map_err(locked)?;
    let found = Header::read(&db)?;
    let witness = Witness::open(path, found.as_ref(), options.fresh_incarnation)?;
    let header = match found {
        Some(header) => header,
        None => create(&db, options.fresh_incarnation)?,
    };
    header.verify(&db)?;
    let file = File::open(path.join("db")).map_err(|error| failed("open the database file", error))?;
    sync_names(path).map_err(|error| failed("sync the directory", error))?;
    file.sync_data().map_err(|error| failed("sync the database file", error))?;
    witness.write(header.groups)?;
    Store::start(db, header.incarnation, |db, failure| Committer { db, file, header, witness, failure })
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
fn sync_names(path: &Path) -> std::io::Result<()> {
    File::open(path.join("conf"))?.sync_all()?;
    File::open(path)?.sync_all()?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
