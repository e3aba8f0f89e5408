//! What can go wrong with a keyring. Paths appear in messages, keys and addresses never.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use vocabulary::{Fault, Kind, Reason};

use super::SlotId;

/// Why a keyring cannot be opened or changed.
#[derive(Debug)]
pub enum KeyringError {
    /// There is no keyring: neither record nor keys.
    Absent,
    /// There are keys, but the epoch record that opens them is gone.
    EpochRecordAbsent,
    /// There is a keyring where one was to be made.
    AlreadyExists,
    /// Another process has it open.
    InUse,
    /// The epoch record is sealed under another root key.
    RootKeyWrong,
    /// This file or directory is not what it was when the keyring wrote it.
    Damaged(PathBuf),
    /// A slot to be minted exists; nothing was changed.
    SlotExists(SlotId),
    /// A switch failed midway: reopen the keyring to learn whether the change holds.
    Uncertain,
    /// A file operation failed; nothing was changed.
    Disk(DiskError),
    /// The keyring has seen changes that what it was to follow has not; nothing was changed.
    AheadOfMirror,
    /// The keyring was changed, its mirror was not.
    Mirror(Box<KeyringError>),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no keyring"),
            Self::EpochRecordAbsent => f.write_str("the keyring's epoch record is gone"),
            Self::AlreadyExists => f.write_str("there is a keyring already"),
            Self::InUse => f.write_str("the keyring is open in another process"),
            Self::RootKeyWrong => f.write_str("the keyring belongs to another root key"),
            Self::Damaged(path) => write!(f, "the keyring is damaged at {}", path.display()),
            Self::SlotExists(slot) => write!(f, "the keyring has {slot:?} already"),
            Self::Uncertain => f.write_str("a change of the keyring failed midway, reopen it"),
            Self::Disk(error) => write!(f, "keyring: {error}"),
            Self::AheadOfMirror => f.write_str("the keyring has seen changes that its mirror has not"),
            Self::Mirror(error) => write!(f, "the keyring's mirror: {error}"),
        }
    }
}

impl std::error::Error for KeyringError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::Mirror(error) => Some(error),
            Self::Absent
            | Self::EpochRecordAbsent
            | Self::AlreadyExists
            | Self::InUse
            | Self::RootKeyWrong
            | Self::Damaged(_)
            | Self::SlotExists(_)
            | Self::AheadOfMirror
            | Self::Uncertain => None,
        }
    }
}

impl From<DiskError> for KeyringError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl From<KeyringError> for Fault {
    fn from(error: KeyringError) -> Self {
        let (kind, message) = match &error {
            // Paths are for the operator's log, not for a client.
            KeyringError::Disk(_) => (Kind::Unavailable, "the keyring cannot be read or written now".into()),
            KeyringError::Damaged(_) => (Kind::Internal, "the keyring is damaged".into()),
            KeyringError::Mirror(_) => (Kind::Unavailable, "the mirror of the keyring cannot be read or written now".into()),
            KeyringError::InUse | KeyringError::Uncertain => (Kind::Unavailable, error.to_string()),
            KeyringError::Absent
            | KeyringError::EpochRecordAbsent
            | KeyringError::AlreadyExists
            | KeyringError::RootKeyWrong
            | KeyringError::AheadOfMirror
            | KeyringError::SlotExists(_) => (Kind::Internal, error.to_string()),
        };
        Self::new(kind, Reason::KeyringFailed, message)
    }
}

/// A file operation that failed.
#[derive(Debug)]
pub struct DiskError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the operating system said.
    pub error: io::Error,
}

impl DiskError {
    /// For `map_err`: the error of an operation on `path`.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self { path, error }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
