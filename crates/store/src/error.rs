//! What can go wrong with a store, and what the suite makes of it. No error holds a key, a value or a path.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use vocabulary::{Fault, Kind, Reason};

/// Why a store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Another handle, here or in another process, holds the database.
    Locked,
    /// The operating system or the database refused. After a failed commit the store takes no further ones.
    Failed {
        /// What was being done.
        step: &'static str,
        /// What was answered; for logs.
        cause: Arc<str>,
    },
    /// What is on disk is not what was written. Views are rebuilt; truth is restored from a backup.
    Damaged {
        /// The table, or the part of the store.
        what: &'static str,
    },
    /// The database was written by a later version.
    UnknownFormat {
        /// The version found.
        found: u32,
    },
    /// The mirror has commits that the store has not: the store was lost or put back, or the mirror is another store's.
    BehindMirror,
    /// The store has commits that the mirror has not, or is another store.
    AheadOfMirror,
    /// A value is larger than [`crate::MAX_VALUE_BYTES`].
    ValueTooLarge {
        /// The table.
        table: &'static str,
        /// The encoded size.
        bytes: usize,
    },
    /// The closure of a commit panicked; nothing of it was kept.
    Panicked,
    /// The store has been closed.
    Closed,
}

impl StoreError {
    /// Whether the database itself is wrong, so that trying again or restarting cannot help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

/// Runs one piece of work of the database, which reports damage sometimes as an error and sometimes by panicking.
pub(crate) fn guarded<T>(step: &'static str, work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Corruption { .. })) | Err(_) => Err(StoreError::Damaged { what: "the database file" }),
        Ok(Err(error)) => Err(failed(step, error)),
    }
}

pub(crate) fn failed(step: &'static str, cause: impl ToString) -> StoreError {
    StoreError::Failed { step, cause: cause.to_string().into() }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("the database is held by another handle"),
            Self::Failed { step, cause } => write!(f, "cannot {step}: {cause}"),
            Self::Damaged { what } => write!(f, "damage found in {what}"),
            Self::UnknownFormat { found } => write!(f, "the database has format {found}, which this version does not know"),
            Self::BehindMirror => f.write_str("the mirror has commits that the store has not"),
            Self::AheadOfMirror => f.write_str("the store has commits that the mirror has not"),
            Self::ValueTooLarge { table, bytes } => write!(f, "a value of {bytes} bytes is too large for {table}"),
            Self::Panicked => f.write_str("the change panicked"),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl std::error::Error for StoreError {}

/// The cause of a failure stays in the log: it may name paths, which are nobody's business outside.
impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let again = Duration::from_secs(1);
        match error {
            StoreError::Locked => Self::unavailable(Reason::StoreFailed, error.to_string(), again),
            StoreError::Failed { step, .. } => Self::new(Kind::Internal, Reason::StoreFailed, format!("cannot {step}")),
            StoreError::Damaged { .. } | StoreError::UnknownFormat { .. } | StoreError::ValueTooLarge { .. } => {
                Self::new(Kind::Internal, Reason::StoreFailed, error.to_string())
            }
            StoreError::BehindMirror | StoreError::AheadOfMirror => {
                Self::new(Kind::FailedPrecondition, Reason::StoreFailed, error.to_string())
            }
            StoreError::Panicked => Self::internal(error.to_string()),
            StoreError::Closed => Self::unavailable(Reason::ShuttingDown, error.to_string(), again),
        }
    }
}
