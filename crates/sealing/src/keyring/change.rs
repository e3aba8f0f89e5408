//! Changing a keyring: plan in memory, write beside, switch the epoch record, then clear what is old.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::disk;
use super::format::{self, Record};
use super::{DiskError, Group, Keyring, KeyringError, RootKey, SLOTS_PER_GROUP, SlotId};
use crate::Key;

/// Slots to be made and slots to be destroyed, in one step: all of it holds or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Slots that get a new random key.
    pub mint: Vec<SlotId>,
    /// Slots whose keys are destroyed first; those that do not exist are passed over, so that a change may be repeated.
    pub destroy: Vec<SlotId>,
}

impl Change {
    /// A change that only mints.
    pub fn mint(slots: impl IntoIterator<Item = SlotId>) -> Self {
        Self { mint: slots.into_iter().collect(), destroy: Vec::new() }
    }

    /// A change that only destroys.
    pub fn destroy(slots: impl IntoIterator<Item = SlotId>) -> Self {
        Self { mint: Vec::new(), destroy: slots.into_iter().collect() }
    }

    /// The slots to be made, with their keys.
    pub(super) fn minted(&self) -> Vec<(SlotId, Key)> {
        self.mint.iter().map(|slot| (slot.clone(), Key::random())).collect()
    }
}

/// A change worked out: the groups as they will be, and which slots come and go.
#[derive(Default)]
struct Plan {
    groups: BTreeMap<u32, Group>,
    minted: Vec<(SlotId, u32)>,
    destroyed: Vec<SlotId>,
}

impl Keyring {
    /// Applies a change, durably, at this position of the ledger. What changes neither a slot nor the position writes nothing.
    ///
    /// The recorded position never goes back. A slot both destroyed and minted gets a new key.
    ///
    /// # Errors
    /// - [`KeyringError::SlotExists`], [`KeyringError::Disk`]: nothing was changed, and it may be tried again.
    /// - [`KeyringError::Uncertain`]: the switch itself failed. The keyring then shows neither the minted nor the destroyed slots and
    ///   takes no more changes; reopening tells which state the disk holds.
    pub fn apply(&mut self, change: Change, position: u64) -> Result<(), KeyringError> {
        self.apply_keys(change.minted(), change.destroy, position)
    }

    /// Seals the epoch record under another root key, and everything else under new keys: who has the former root key and a copy of the
    /// former record opens nothing of what is written from now on. Writes every group.
    ///
    /// # Errors
    /// As [`Self::apply`]. Unless it is [`KeyringError::Uncertain`], the former root key is still the one.
    pub fn rotate_root(&mut self, root: &RootKey) -> Result<(), KeyringError> {
        if self.uncertain {
            return Err(KeyringError::Uncertain);
        }
        let former = std::mem::replace(&mut self.root, root.clone());
        let plan = Plan { groups: self.groups.clone(), ..Plan::default() };
        let rotated = self.switch_to(plan, self.record.position, true);
        if rotated.is_err() && !self.uncertain {
            self.root = former;
        }
        rotated
    }

    pub(super) fn apply_keys(&mut self, mint: Vec<(SlotId, Key)>, destroy: Vec<SlotId>, position: u64) -> Result<(), KeyringError> {
        if self.uncertain {
            return Err(KeyringError::Uncertain);
        }
        let plan = self.plan(mint, destroy)?;
        if plan.groups.is_empty() && position <= self.record.position {
            return Ok(());
        }
        let anew = !plan.destroyed.is_empty();
        self.switch_to(plan, position, anew)
    }

    /// Writes a plan and switches to it; `anew` under new keys.
    fn switch_to(&mut self, mut plan: Plan, position: u64, anew: bool) -> Result<(), KeyringError> {
        let mut record = self.record.clone();
        record.table_version += 1;
        record.position = record.position.max(position);
        if anew {
            record.epoch = Key::random();
        }
        for group in plan.groups.values_mut() {
            group.version = record.table_version;
            if anew {
                group.key = Key::random();
            }
        }
        self.write_groups(&plan, &record)?;
        self.write_record(&record)?;
        let switched = self.switch_record();
        self.install(plan, record, switched.is_ok());
        if switched.is_err() {
            self.uncertain = true;
            return Err(KeyringError::Uncertain);
        }
        // The change holds already; what cannot be removed now can be read by nobody and goes at the next opening.
        self.sweep().ok();
        Ok(())
    }

    /// Works out the groups as they will be: destroyed slots taken out first, minted ones put where there is room.
    fn plan(&self, mint: Vec<(SlotId, Key)>, destroy: Vec<SlotId>) -> Result<Plan, KeyringError> {
        let mut plan = Plan::default();
        for slot in destroy {
            let Some(&number) = self.index.get(&slot) else { continue };
            let group = match plan.groups.entry(number) {
                Entry::Occupied(planned) => planned.into_mut(),
                Entry::Vacant(vacant) => vacant.insert(self.group(number)),
            };
            if group.slots.remove(&slot).is_some() {
                plan.destroyed.push(slot);
            }
        }
        let destroyed: HashSet<&SlotId> = plan.destroyed.iter().collect();
        let mut minted = HashSet::with_capacity(mint.len());
        for (slot, _) in &mint {
            if !minted.insert(slot) || (self.contains(slot) && !destroyed.contains(slot)) {
                return Err(KeyringError::SlotExists(slot.clone()));
            }
        }
        // Groups only fill up from here on, so one pass over them serves every slot.
        let mut number = 0;
        for (slot, key) in mint {
            while plan.groups.get(&number).or_else(|| self.groups.get(&number)).is_some_and(|group| group.slots.len() >= SLOTS_PER_GROUP) {
                number += 1;
            }
            let group = plan.groups.entry(number).or_insert_with(|| self.group(number));
            group.slots.insert(slot.clone(), key);
            plan.minted.push((slot, number));
        }
        Ok(plan)
    }

    /// A copy of a group as it is; a new one where there is none.
    fn group(&self, number: u32) -> Group {
        let new = || Group { version: 0, key: Key::random(), slots: BTreeMap::new() };
        self.groups.get(&number).cloned().unwrap_or_else(new)
    }

    /// Writes the changed groups and the table beside the old ones, durably. Nothing refers to them yet.
    fn write_groups(&mut self, plan: &Plan, record: &Record) -> Result<(), DiskError> {
        for (&number, group) in plan.groups.iter().filter(|(_, group)| !group.slots.is_empty()) {
            let path = self.dir.join(disk::group_name(number, group.version));
            self.disk.write(&path, &format::seal_group(number, group))?;
        }
        let mut groups: BTreeMap<u32, &Group> = self.groups.iter().map(|(&number, group)| (number, group)).collect();
        groups.extend(plan.groups.iter().map(|(&number, group)| (number, group)));
        groups.retain(|_, group| !group.slots.is_empty());
        let table = format::seal_table(&record.epoch, record.table_version, groups.into_iter());
        self.disk.write(&self.dir.join(disk::table_name(record.table_version)), &table)?;
        self.disk.sync_directory(&self.dir)
    }

    /// Writes the next epoch record beside the present one, durably.
    pub(super) fn write_record(&mut self, record: &Record) -> Result<(), DiskError> {
        self.clear_unfinished_record()?;
        self.disk.write(&disk::unfinished(&self.epoch_path), &format::seal_record(&self.root, record))
    }

    /// Puts the next epoch record in the place of the present one: the moment at which a change holds. Then overwrites the old
    /// record's bytes, which are in the file that has lost its name.
    pub(super) fn switch_record(&mut self) -> Result<(), DiskError> {
        let old = OpenOptions::new().write(true).open(&self.epoch_path);
        self.disk.rename(&disk::unfinished(&self.epoch_path), &self.epoch_path)?;
        // Before the name is durable a power cut may bring the old record back, so it must be whole until then.
        self.disk.sync_directory(disk::parent(&self.epoch_path))?;
        if let Ok(old) = old {
            self.disk.overwrite(&old, &self.epoch_path).ok();
        }
        Ok(())
    }

    /// Shows the new state; of an uncertain one only what both the old and the new state have.
    fn install(&mut self, plan: Plan, record: Record, certain: bool) {
        for slot in &plan.destroyed {
            self.index.remove(slot);
        }
        if certain {
            self.index.extend(plan.minted);
            self.groups.extend(plan.groups);
            self.groups.retain(|_, group| !group.slots.is_empty());
            self.record = record;
        } else {
            for (number, group) in plan.groups {
                if let Some(held) = self.groups.get_mut(&number) {
                    held.slots.retain(|slot, key| group.slots.get(slot) == Some(key));
                }
            }
        }
    }

    /// Overwrites and removes a record that was written but never took its place: it may hold a key that came into use.
    pub(super) fn clear_unfinished_record(&mut self) -> Result<(), DiskError> {
        let path = disk::unfinished(&self.epoch_path);
        match open_itself(&path) {
            Ok(file) => self.disk.overwrite(&file, &path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // Whatever has that name and cannot be opened for writing was not written here; removing it is enough.
            Err(_) => {}
        }
        self.disk.remove(&path)
    }

    /// Removes every table and group that the present record does not lead to.
    pub(super) fn sweep(&mut self) -> Result<(), DiskError> {
        let mut live: HashSet<String> = self.groups.iter().map(|(&number, group)| disk::group_name(number, group.version)).collect();
        live.insert(disk::table_name(self.record.table_version));
        for name in disk::names(&self.dir)?.into_iter().filter(|name| !live.contains(name)) {
            self.disk.remove(&self.dir.join(name))?;
        }
        Ok(())
    }
}

/// Opens the file of this name for writing, and not what a link there points to.
fn open_itself(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32).open(path)
}
