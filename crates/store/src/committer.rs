//! The one thread that writes: it takes what is waiting, runs it, makes it durable as one batch and only then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::sync::{mpsc, oneshot};

use crate::changes::Overlay;
use crate::disk::Disk;
use crate::error::guarded;
use crate::header::Header;
use crate::snapshot::{Aside, Begun};
use crate::{Changes, StoreError};

/// Changes that may wait before those who bring more are held up.
pub(crate) const QUEUE: usize = 1024;
/// Where a group is closed, so that the first of it does not wait for ever.
const GROUP_CHANGES: usize = 256;
const GROUP_ROWS: usize = 4096;

/// What the committer is sent.
pub(crate) enum Order {
    Change(Change),
    /// Begins a snapshot between two groups.
    Snapshot(oneshot::Sender<Begun>),
    Stop,
}

/// Runs a closure; what it returns answers the waiter once the fate of the group is known.
pub(crate) type Change = Box<dyn FnOnce(&mut Changes<'_>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A change without its types, and where its answer will come.
pub(crate) fn change<R, E>(
    closure: impl FnOnce(&mut Changes<'_>) -> Result<R, E> + Send + 'static,
) -> (Change, oneshot::Receiver<Result<R, E>>)
where
    R: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (waiter, answer) = oneshot::channel();
    let change = move |changes: &mut Changes<'_>| -> Answer {
        let outcome = catch_unwind(AssertUnwindSafe(|| closure(changes))).unwrap_or_else(|_| Err(E::from(StoreError::Panicked)));
        if outcome.is_err() {
            changes.undo();
        }
        // A refusal waits as well: it may rest on what an earlier closure of the group wrote.
        Box::new(move |durable| {
            let _gone = waiter.send(durable.map_err(E::from).and(outcome));
        })
    };
    (Box::new(change), answer)
}

pub(crate) struct Committer {
    pub disk: Disk,
    /// Written after the disk, so that it never knows more.
    pub mirror: Option<Disk>,
    pub header: Header,
    pub failure: Arc<OnceLock<StoreError>>,
    /// Snapshots that are being read.
    pub snapshots: Vec<Weak<Mutex<Aside>>>,
}

impl Committer {
    /// Commits until told to stop, until nobody is left to send, or until something fails: after a failure it is not known
    /// what the disk holds, so nothing more is written on top of it.
    pub fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(first) = orders.blocking_recv() {
            let mut overlay = Overlay::new();
            let mut answers = Vec::new();
            let mut next = Some(first);
            let mut after = None;
            while let Some(order) = next.take() {
                match order {
                    Order::Change(change) => answers.push(change(&mut Changes::over(&self.disk.db, &mut overlay))),
                    other => {
                        after = Some(other);
                        break;
                    }
                }
                if answers.len() < GROUP_CHANGES && overlay.len() < GROUP_ROWS {
                    next = orders.try_recv().ok();
                }
            }
            let durable = self.make_durable(overlay);
            if let Err(error) = &durable {
                tracing::error!(%error, "a commit failed; the store takes no further ones");
                let _first = self.failure.set(error.clone());
            }
            for answer in answers {
                answer(durable.clone());
            }
            match after {
                _ if durable.is_err() => return,
                Some(Order::Stop) => return,
                Some(Order::Snapshot(waiter)) => self.begin_snapshot(waiter),
                Some(Order::Change(_)) | None => {}
            }
        }
    }

    fn make_durable(&mut self, overlay: Overlay) -> Result<(), StoreError> {
        if overlay.is_empty() {
            return Ok(());
        }
        self.snapshots.retain(|snapshot| snapshot.strong_count() > 0);
        let mut batch = sled::Batch::default();
        for (key, after) in overlay {
            let before = guarded("read what is replaced", || self.disk.db.get(&key))?;
            self.header.replace(&key, before.as_deref(), after.as_deref())?;
            // Before the batch is applied: whoever reads the row afterwards finds here what it held.
            for snapshot in self.snapshots.iter().filter_map(Weak::upgrade) {
                snapshot.lock().unwrap_or_else(PoisonError::into_inner).lay(&key, before.as_deref());
            }
            match after {
                Some(row) => batch.insert(key, row),
                None => batch.remove(key),
            }
        }
        self.header.groups += 1;
        let mirrored = self.mirror.as_ref().map(|mirror| (mirror, batch.clone()));
        self.disk.write(batch, &self.header)?;
        mirrored.map_or(Ok(()), |(mirror, batch)| mirror.write(batch, &self.header))
    }

    fn begin_snapshot(&mut self, waiter: oneshot::Sender<Begun>) {
        let aside = Arc::new(Mutex::new(Aside::default()));
        self.snapshots.push(Arc::downgrade(&aside));
        let _gone = waiter.send(Begun { header: self.header, aside });
    }
}
