//! The keyring: every key of the suite in files of their own, outside any store, so that a key can be destroyed for good.
//!
//! # Layout
//!
//! ```text
//! epoch.path                        the epoch record: epoch key, table version, ledger position; sealed under the root key
//! DIR/table-VERSION                 group keys and the version of each group; sealed under the epoch key
//! DIR/group-INDEX-VERSION           up to 256 slots, each a SlotId and its key; sealed under the group's key
//! DIR/lock                          empty, locked while a process has the keyring open
//! ```
//!
//! # Destruction
//!
//! Deleting bytes from a disk is nothing a program can promise; making them meaningless is. A change writes the changed groups and
//! the table under new names, makes files and directory durable, and only then replaces the epoch record by an atomic rename. A
//! change that destroys draws new keys for every group it touches and a new epoch key: what the old files say can then be
//! read only with the old epoch key, and the old record was the only place that held it. Minting keeps the keys and uses the
//! same switch. A crash leaves the whole old state or the whole new one; what the other left behind goes at the next opening.
//! One destruction writes the touched groups (30 KB at most each), the table (44 bytes a group) and the record.
//!
//! # What "destroyed" rests on
//!
//! - Whoever has the directory, in any number of versions, but no epoch record, opens nothing.
//! - Whoever has the record and the directory but no root key opens nothing.
//! - Whoever has everything that is in place now, root key included, opens the slots that exist now, and no destroyed one, not
//!   even from old copies of the directory.
//! - Whoever kept an **old epoch record** (a backup or snapshot of its volume, a copy made by hand), an old copy of the directory
//!   and the root key opens what was there then. The record must therefore lie apart from everything that is backed up.
//! - Whoever can read the **raw device** under the record may find an old record in blocks that were freed. The old record is
//!   overwritten in place after the switch, which reaches it on file systems that write in place (ext4, XFS) on plain disks. On
//!   copy-on-write file systems, with data journalling, on SSDs that remap blocks, or on volumes with snapshots it does not:
//!   there, let the root key be one that can itself be destroyed, or let the record lie in memory (tmpfs) with a mirror elsewhere.
//! - An old record *put back* together with its old directory cannot be told from a legitimate one here; the ledger position in
//!   the record ([`Keyring::position`]) is what the owner compares with its ledger. A part put back alone is `Damaged`.
//! - A running process holds the keys of all slots in memory.
//!
//! All I/O blocks. Switching needs a rename, so `epoch.path` must lie in a directory that can be written, not be a mount point itself.

mod slot;
pub use slot::{MailboxKey, SlotId, SlotOwner, TenantKey};

mod root;
pub use root::{RootKey, RootKeyError, RootKeySource};

mod error;
pub use error::{DiskError, KeyringError};

mod change;
pub use change::Change;

mod mirror;

mod disk;
mod format;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::Key;
use disk::Disk;
use format::{Record, Unreadable};

/// How many slots share one group key, and so one file.
pub const SLOTS_PER_GROUP: usize = 256;

/// An open keyring, with every key in memory. One process at a time has it open.
pub struct Keyring {
    disk: Disk,
    dir: PathBuf,
    epoch_path: PathBuf,
    root: RootKey,
    record: Record,
    groups: BTreeMap<u32, Group>,
    index: HashMap<SlotId, u32>,
    /// A switch failed midway: whether the disk holds the old or the new state is known only after reopening.
    uncertain: bool,
    /// Held for the lock on it.
    _lock: File,
}

/// Slots that share a file and a key.
#[derive(Clone)]
struct Group {
    /// The table version with which the file was written, and a part of its name.
    version: u64,
    key: Key,
    slots: BTreeMap<SlotId, Key>,
}

impl Keyring {
    /// Makes an empty keyring at position 0: the directory and the epoch record, with the directories above them.
    ///
    /// # Errors
    /// [`KeyringError::AlreadyExists`] when there is an epoch record; [`KeyringError::EpochRecordAbsent`] when there is none but the
    /// directory holds keys, which only their record can open; [`KeyringError::InUse`]; [`KeyringError::Disk`].
    pub fn create(dir: &Path, epoch_path: &Path, root: &RootKey) -> Result<Self, KeyringError> {
        Self::create_on(Disk::default(), dir, epoch_path, root)
    }

    /// Opens a keyring, reads every slot and removes what an interrupted change left behind.
    ///
    /// # Errors
    /// - [`KeyringError::Absent`]: there is neither record nor key, as before a first start.
    /// - [`KeyringError::EpochRecordAbsent`]: there are keys, but nothing that could open them.
    /// - [`KeyringError::RootKeyWrong`]: the record is whole, but sealed under another root key.
    /// - [`KeyringError::Damaged`]: a file was changed, truncated, swapped, put back or removed. Nothing is served.
    /// - [`KeyringError::InUse`], [`KeyringError::Disk`].
    pub fn open(dir: &Path, epoch_path: &Path, root: &RootKey) -> Result<Self, KeyringError> {
        Self::open_on(Disk::default(), dir, epoch_path, root)
    }

    fn create_on(disk: Disk, dir: &Path, epoch_path: &Path, root: &RootKey) -> Result<Self, KeyringError> {
        disk::create_directory(dir)?;
        disk::create_directory(disk::parent(epoch_path))?;
        let lock = disk::lock(dir)?.ok_or(KeyringError::InUse)?;
        if disk::read(epoch_path)?.is_some() {
            return Err(KeyringError::AlreadyExists);
        }
        if !disk::names(dir)?.is_empty() {
            return Err(KeyringError::EpochRecordAbsent);
        }
        let record = Record { epoch: Key::random(), table_version: 0, position: 0 };
        let mut keyring = Self {
            disk,
            dir: dir.into(),
            epoch_path: epoch_path.into(),
            root: root.clone(),
            record: record.clone(),
            groups: BTreeMap::new(),
            index: HashMap::new(),
            uncertain: false,
            _lock: lock,
        };
        keyring.write_record(&record)?;
        keyring.switch_record()?;
        Ok(keyring)
    }

    fn open_on(disk: Disk, dir: &Path, epoch_path: &Path, root: &RootKey) -> Result<Self, KeyringError> {
        if !dir.is_dir() {
            let record = disk::read(epoch_path)?;
            return Err(if record.is_some() { KeyringError::Damaged(dir.into()) } else { KeyringError::Absent });
        }
        let lock = disk::lock(dir)?.ok_or(KeyringError::InUse)?;
        let Some(sealed) = disk::read(epoch_path)? else {
            let keyless = disk::names(dir)?.is_empty();
            return Err(if keyless { KeyringError::Absent } else { KeyringError::EpochRecordAbsent });
        };
        let record = format::open_record(root, &sealed).map_err(|why| match why {
            Unreadable::Damaged => KeyringError::Damaged(epoch_path.into()),
            Unreadable::RootKeyWrong => KeyringError::RootKeyWrong,
        })?;
        let groups = read_groups(dir, &record)?;
        let mut index = HashMap::with_capacity(groups.values().map(|group| group.slots.len()).sum());
        for (&number, group) in &groups {
            for slot in group.slots.keys() {
                if index.insert(slot.clone(), number).is_some() {
                    return Err(KeyringError::Damaged(dir.join(disk::group_name(number, group.version))));
                }
            }
        }
        let root = root.clone();
        let (dir, epoch_path) = (dir.into(), epoch_path.into());
        let mut keyring = Self { disk, dir, epoch_path, root, record, groups, index, uncertain: false, _lock: lock };
        keyring.clear_unfinished_record()?;
        keyring.sweep()?;
        Ok(keyring)
    }

    /// The key of a slot, if it exists.
    pub fn get(&self, slot: &SlotId) -> Option<Key> {
        self.groups.get(self.index.get(slot)?)?.slots.get(slot).cloned()
    }

    /// Whether a slot exists.
    pub fn contains(&self, slot: &SlotId) -> bool {
        self.index.contains_key(slot)
    }

    /// Every slot, in no particular order.
    pub fn slots(&self) -> impl Iterator<Item = &SlotId> {
        self.index.keys()
    }

    /// The number of slots.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no slot.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The highest ledger position a change was applied with; 0 before the first.
    pub fn position(&self) -> u64 {
        self.record.position
    }
}

/// Reads the table that the record names, and the groups that the table names.
fn read_groups(dir: &Path, record: &Record) -> Result<BTreeMap<u32, Group>, KeyringError> {
    if record.table_version == 0 {
        return Ok(BTreeMap::new());
    }
    let path = dir.join(disk::table_name(record.table_version));
    let damaged = |path: &Path| KeyringError::Damaged(path.into());
    let sealed = disk::read(&path)?.ok_or_else(|| damaged(&path))?;
    let table = format::open_table(&record.epoch, record.table_version, &sealed).ok_or_else(|| damaged(&path))?;
    let mut groups = BTreeMap::new();
    for (number, (version, key)) in table {
        let path = dir.join(disk::group_name(number, version));
        let sealed = disk::read(&path)?.ok_or_else(|| damaged(&path))?;
        let slots = format::open_group(&key, number, version, &sealed).ok_or_else(|| damaged(&path))?;
        groups.insert(number, Group { version, key, slots });
    }
    Ok(groups)
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("slots", &self.len()).field("position", &self.position()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
