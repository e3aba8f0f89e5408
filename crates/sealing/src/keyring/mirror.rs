//! A keyring and its mirror, on another disk: each can be lost and comes back from the other.

use std::fs::OpenOptions;
use std::path::Path;

use super::disk::{self, Disk};
use super::format::{self, Unreadable};
use super::{Change, DiskError, Keyring, KeyringError, RootKey, SlotId};
use crate::Key;

impl Keyring {
    /// As [`Self::apply`], then the same in the mirror: it never has a key that is not here, nor lacks one that is once this is answered.
    ///
    /// # Errors
    /// As [`Self::apply`]; [`KeyringError::Mirror`] when the change holds here and not in the mirror. Repeating a destruction brings the
    /// mirror up, as does [`Self::follow`].
    pub fn apply_mirrored(&mut self, mirror: &mut Self, change: Change, position: u64) -> Result<(), KeyringError> {
        let minted = change.minted();
        self.apply_keys(minted.clone(), change.destroy.clone(), position)?;
        mirror.apply_keys(minted, change.destroy, position).map_err(|error| KeyringError::Mirror(error.into()))
    }

    /// Makes this keyring hold the slots, keys and position of `original`, in one change. Compares every key, so the cost grows with the
    /// number of slots.
    ///
    /// # Errors
    /// [`KeyringError::AheadOfMirror`] when this one has seen changes that the original has not: what they destroyed would come back.
    /// Otherwise as [`Self::apply`].
    pub fn follow(&mut self, original: &Self) -> Result<(), KeyringError> {
        if self.position() > original.position() {
            return Err(KeyringError::AheadOfMirror);
        }
        let destroy = self.slots().filter(|slot| original.get(slot) != self.get(slot)).cloned().collect();
        let missing = original.slots().filter(|slot| original.get(slot) != self.get(slot));
        let mint: Vec<(SlotId, Key)> = missing.filter_map(|slot| Some((slot.clone(), original.get(slot)?))).collect();
        self.apply_keys(mint, destroy, original.position())
    }

    /// Opens a keyring that is lost, or of which a part is lost, and makes it hold what its mirror does. What is left of it is overwritten
    /// and removed if it cannot be opened.
    ///
    /// # Errors
    /// [`KeyringError::AheadOfMirror`] when it has seen changes that the mirror has not, as far as the epoch record still says; otherwise
    /// as [`Self::open`] and [`Self::create`].
    pub fn recover(dir: &Path, epoch_path: &Path, root: &RootKey, mirror: &Self) -> Result<Self, KeyringError> {
        let mut keyring = match Self::open(dir, epoch_path, root) {
            Err(KeyringError::Absent) => Self::create(dir, epoch_path, root)?,
            Err(KeyringError::EpochRecordAbsent | KeyringError::Damaged(_)) => {
                if let Some(record) = disk::read(epoch_path)? {
                    match format::open_record(root, &record) {
                        Ok(record) if record.position > mirror.position() => return Err(KeyringError::AheadOfMirror),
                        Err(Unreadable::RootKeyWrong) => return Err(KeyringError::RootKeyWrong),
                        Ok(_) | Err(Unreadable::Damaged) => {}
                    }
                }
                clear(dir, epoch_path)?;
                Self::create(dir, epoch_path, root)?
            }
            opened => opened?,
        };
        keyring.follow(mirror)?;
        Ok(keyring)
    }
}

/// Removes what is left of a keyring; the epoch record last, and overwritten first.
fn clear(dir: &Path, epoch_path: &Path) -> Result<(), DiskError> {
    let mut disk = Disk::default();
    let names = if dir.is_dir() { disk::names(dir)? } else { Vec::new() };
    for name in names {
        disk.remove(&dir.join(name))?;
    }
    if let Ok(record) = OpenOptions::new().write(true).open(epoch_path) {
        disk.overwrite(&record, epoch_path)?;
    }
    disk.remove(epoch_path)?;
    disk.sync_directory(disk::parent(epoch_path))
}
