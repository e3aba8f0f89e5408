//! The handle services hold: reading committed rows, committing, closing.

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::committer::{self, Committer, Order, QUEUE};
use crate::error::{failed, guarded};
use crate::scan::KeyRange;
use crate::{Changes, Origin, Prefix, Row, Scan, Snapshot, StoreError, Table, row};

/// An open database; clones share it. Opened by [`Store::open`], ended by [`Store::close`] or with its last clone.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    db: sled::Db,
    incarnation: u64,
    origin: Option<Origin>,
    orders: mpsc::Sender<Order>,
    failure: Arc<OnceLock<StoreError>>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    pub(crate) fn start(
        db: sled::Db,
        incarnation: u64,
        origin: Option<Origin>,
        committer: impl FnOnce(Arc<OnceLock<StoreError>>) -> Committer,
    ) -> Result<Self, StoreError> {
        let (orders, waiting) = mpsc::channel(QUEUE);
        let failure = Arc::new(OnceLock::new());
        let committer = committer(failure.clone());
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || committer.run(waiting));
        let thread = thread.map_err(|error| failed("start the committer", error))?;
        Ok(Self(Arc::new(Shared { db, incarnation, origin, orders, failure, thread: Some(thread).into() })))
    }

    /// The random number that has named this database since it was created: positions in it mean nothing in another.
    pub fn incarnation(&self) -> u64 {
        self.0.incarnation
    }

    /// Where the database comes from, if it was put back from a backup or stands in place of another one.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }

    /// The stores in whose place it stands: see [`Origin::replaces`].
    pub fn replaces(&self) -> Vec<u64> {
        self.origin().map(|origin| origin.replaces.clone()).unwrap_or_default()
    }

    /// The failed commit after which the store has taken no further ones, if there was one. Reads go on.
    pub fn failure(&self) -> Option<StoreError> {
        self.0.failure.get().cloned()
    }

    /// The committed value under `key`.
    ///
    /// A group shows here a moment before it is durable and acknowledged; what must not be told before then is read within a commit.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the row is not what was written; [`StoreError::Failed`] when it cannot be read.
    pub fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Value>, StoreError> {
        let row_key = row::key::<T>(key);
        let found = guarded("read", || self.0.db.get(&row_key))?;
        found.map(|row| row::decode(T::NAME, &row_key, &row)).transpose()
    }

    /// The committed rows whose keys begin with `prefix`, in key order. Long scans belong on a thread for blocking work.
    pub fn scan<T: Table>(&self, prefix: impl Prefix<T::Key>) -> Scan<T> {
        Scan::over(&self.0.db, &KeyRange::of::<T>(&prefix))
    }

    /// The committed rows whose keys begin with `prefix` and are not before `first`, in key order.
    pub fn scan_from<T: Table>(&self, prefix: impl Prefix<T::Key>, first: &T::Key) -> Scan<T> {
        Scan::over(&self.0.db, &KeyRange::from::<T>(&prefix, first))
    }

    /// The committed row with the greatest key that begins with `prefix`.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn last<T: Table>(&self, prefix: impl Prefix<T::Key>) -> Result<Option<Row<T>>, StoreError> {
        self.scan::<T>(prefix).next_back().transpose()
    }

    /// Runs `closure` on the committer's thread and resolves when what it wrote is durable.
    ///
    /// The closure sees everything committed before it and what earlier closures of its group wrote. Its `Err`, or its panic,
    /// takes back its own changes only. It should be short: everybody waits for it. When the future is dropped, the closure
    /// may still run and be committed.
    ///
    /// # Errors
    /// What the closure answers; [`StoreError::Panicked`]; [`StoreError::Failed`] when the group could not be made durable, which is
    /// also the answer to every later commit; [`StoreError::Closed`] after [`Self::close`].
    pub async fn commit<R, E>(&self, closure: impl FnOnce(&mut Changes<'_>) -> Result<R, E> + Send + 'static) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (change, answer) = committer::change(closure);
        if self.0.orders.send(Order::Change(change)).await.is_err() {
            return Err(self.ended().into());
        }
        answer.await.unwrap_or_else(|_| Err(self.ended().into()))
    }

    /// As [`Self::commit`], for threads that may block. Panics when called within an asynchronous task.
    ///
    /// # Errors
    /// As for [`Self::commit`].
    pub fn commit_blocking<R, E>(&self, closure: impl FnOnce(&mut Changes<'_>) -> Result<R, E> + Send + 'static) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (change, answer) = committer::change(closure);
        if self.0.orders.blocking_send(Order::Change(change)).is_err() {
            return Err(self.ended().into());
        }
        answer.blocking_recv().unwrap_or_else(|_| Err(self.ended().into()))
    }

    /// Begins to read every row as of one durable group, while commits go on.
    ///
    /// It shows whatever was committed before this was called, and of what is committed meanwhile either all of a group or nothing.
    ///
    /// # Errors
    /// [`StoreError::Closed`], or the failure after which nothing is committed any more.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let (waiter, begun) = oneshot::channel();
        if self.0.orders.send(Order::Snapshot(waiter)).await.is_err() {
            return Err(self.ended());
        }
        let begun = begun.await.map_err(|_| self.ended())?;
        Ok(Snapshot::of(self.0.db.clone(), self.0.origin.clone(), begun))
    }

    /// Finishes the commits that are waiting, refuses later ones and ends the committer. Other clones can still read.
    pub async fn close(self) {
        let _ended_before = self.0.orders.send(Order::Stop).await;
        let joined = tokio::task::spawn_blocking(move || {
            let thread = self.0.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            let ended = thread.map(JoinHandle::join);
            drop(self);
            ended
        });
        if !matches!(joined.await, Ok(None | Some(Ok(())))) {
            tracing::error!("the committer did not end in order");
        }
    }

    fn ended(&self) -> StoreError {
        self.failure().unwrap_or(StoreError::Closed)
    }
}
