//! Opening a store, with a mirror or without, and bringing one back from its mirror.

use std::path::Path;
use std::time::Duration;

use crate::committer::Committer;
use crate::disk::Disk;
use crate::error::failed;
use crate::{Origin, Store, StoreError, mirror, rewrite};

/// sled drops its lock a while after its handle.
pub(crate) const LOCK_TRIES: u32 = 50;
pub(crate) const LOCK_PAUSE: Duration = Duration::from_millis(20);

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
        Self::open_mirrored(path, None, options).await
    }

    /// As [`Self::open`]; every commit is also made durable in the directory `mirror` before it is answered, after the store itself. What
    /// the mirror lacks it is given first. A commit that fails in the mirror fails, and the store takes no further ones.
    ///
    /// # Errors
    /// Besides those of [`Self::open`], of either database: [`StoreError::BehindMirror`] when the mirror has commits that the store has
    /// not. Nothing is changed then.
    pub async fn open_mirrored(path: &Path, mirror: Option<&Path>, options: Options) -> Result<Self, StoreError> {
        let (path, mirror) = (path.to_owned(), mirror.map(Path::to_owned));
        patiently(move || open_once(&path, mirror.as_deref(), options)).await
    }

    /// Makes the database in `path` hold what the one in `mirror` does, incarnation included. Neither may be open.
    ///
    /// # Errors
    /// [`StoreError::AheadOfMirror`] when the store has commits that the mirror has not, or is another store; [`StoreError::Damaged`]
    /// when there is no whole mirror; otherwise as [`Self::open`].
    pub async fn recover(path: &Path, mirror: &Path, options: Options) -> Result<(), StoreError> {
        let paths = (path.to_owned(), mirror.to_owned());
        patiently(move || mirror::recover(&paths.0, &paths.1, options.cache_bytes)).await
    }
}

async fn patiently<T: Send + 'static>(work: impl Fn() -> Result<T, StoreError> + Clone + Send + 'static) -> Result<T, StoreError> {
    for _ in 1..LOCK_TRIES {
        match on_its_thread(work.clone()).await {
            Err(StoreError::Locked) => tokio::time::sleep(LOCK_PAUSE).await,
            other => return other,
        }
    }
    on_its_thread(work).await
}

async fn on_its_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(failed("open", error)))
}

fn open_once(path: &Path, mirror: Option<&Path>, options: Options) -> Result<Store, StoreError> {
    let (disk, header) = Disk::open(path, options.cache_bytes, options.fresh_incarnation)?;
    rewrite::clear(path)?;
    if header.unfinished {
        return Err(mirror::UNFINISHED);
    }
    let mirror = mirror.map(|mirror| mirror::open(mirror, &disk, &header)).transpose()?;
    let (db, origin) = (disk.db.clone(), Origin::read(&disk.db)?);
    let start = |failure| Committer { disk, mirror, header, failure, snapshots: Vec::new() };
    Store::start(db, header.incarnation, origin, start)
}
