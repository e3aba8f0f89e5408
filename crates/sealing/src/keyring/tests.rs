//! The keyring on real files: what it keeps, and the place the other tests work in.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use vocabulary::{TenantId, UserId};

use super::*;

mod crash;
mod damage;
mod destruction;
mod mirror;
mod rotation;

/// A keyring's place on disk: its directory, and its epoch record in another one.
struct Place {
    _root: tempfile::TempDir,
    dir: PathBuf,
    epoch: PathBuf,
    root: RootKey,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (dir, epoch) = (root.path().join("keyring"), root.path().join("volume/epoch"));
        Self { _root: root, dir, epoch, root: RootKey::from_bytes([5; 32]) }
    }

    fn create(&self) -> Keyring {
        Keyring::create(&self.dir, &self.epoch, &self.root).unwrap()
    }

    fn open(&self) -> Result<Keyring, KeyringError> {
        Keyring::open(&self.dir, &self.epoch, &self.root)
    }

    /// Another place with the same files.
    fn copy(&self) -> Self {
        let copy = Self { root: self.root.clone(), ..Self::new() };
        for (path, bytes) in self.files() {
            let to = if path == self.epoch { copy.epoch.clone() } else { copy.dir.join(path.file_name().unwrap()) };
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        copy
    }

    /// Every file with its content, the lock apart.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let dirs = [&self.dir, self.epoch.parent().unwrap()];
        let entries = dirs.into_iter().filter(|dir| dir.exists()).flat_map(|dir| fs::read_dir(dir).unwrap());
        let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("lock"));
        paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

fn tenant() -> TenantId {
    TenantId::parse("contoso").unwrap()
}

fn mailbox(user: u64) -> SlotId {
    SlotId::of_mailbox(&tenant(), UserId(user), 1, MailboxKey::Log)
}

fn mailboxes(users: std::ops::Range<u64>) -> impl Iterator<Item = SlotId> {
    users.map(mailbox)
}

/// Everything a keyring holds, for comparison.
fn holdings(keyring: &Keyring) -> (u64, BTreeMap<SlotId, [u8; 32]>) {
    (keyring.position(), keyring.slots().map(|slot| (slot.clone(), *keyring.get(slot).unwrap().as_bytes())).collect())
}

#[test]
fn every_kind_of_slot_comes_back_after_reopening() {
    let place = Place::new();
    let mut keyring = place.create();
    assert!(keyring.is_empty() && keyring.position() == 0);
    let mut slots: Vec<SlotId> =
        [TenantKey::Names { generation: 0 }, TenantKey::Names { generation: 1 }, TenantKey::Facts, TenantKey::Lookup]
            .map(|key| SlotId::of_tenant(&TenantId::parse(&"t".repeat(63)).unwrap(), key))
            .into();
    slots.extend(MailboxKey::ALL.map(|key| SlotId::of_mailbox(&tenant(), UserId(u64::MAX), u32::MAX, key)));
    keyring.apply(Change::mint(slots.clone()), 9).unwrap();
    let held = holdings(&keyring);
    drop(keyring);
    let keyring = place.open().unwrap();
    assert_eq!(holdings(&keyring), held);
    assert_eq!((keyring.len(), keyring.position()), (slots.len(), 9));
    assert!(slots.iter().all(|slot| keyring.contains(slot)));
    assert!(keyring.get(&mailbox(1)).is_none() && !keyring.contains(&mailbox(1)));
    assert!(!format!("{keyring:?}").contains("contoso"));
}

#[test]
fn what_is_missing_wrong_or_taken_has_an_error_of_its_own() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(KeyringError::Absent)));
    let mut keyring = place.create();
    keyring.apply(Change::mint([mailbox(1)]), 1).unwrap();
    assert!(matches!(place.open(), Err(KeyringError::InUse)));
    drop(keyring);
    assert!(matches!(Keyring::create(&place.dir, &place.epoch, &place.root), Err(KeyringError::AlreadyExists)));
    let other = RootKey::from_bytes([6; 32]);
    assert!(matches!(Keyring::open(&place.dir, &place.epoch, &other), Err(KeyringError::RootKeyWrong)));
    fs::remove_file(&place.epoch).unwrap();
    assert!(matches!(place.open(), Err(KeyringError::EpochRecordAbsent)));
    assert!(matches!(Keyring::create(&place.dir, &place.epoch, &place.root), Err(KeyringError::EpochRecordAbsent)));
}

#[test]
fn a_slot_that_exists_is_not_minted_again_but_may_be_replaced() {
    let place = Place::new();
    let mut keyring = place.create();
    keyring.apply(Change::mint([mailbox(1)]), 1).unwrap();
    let before = holdings(&keyring);
    for mint in [vec![mailbox(2), mailbox(1)], vec![mailbox(2), mailbox(2)]] {
        assert!(matches!(keyring.apply(Change::mint(mint), 2), Err(KeyringError::SlotExists(_))));
        assert_eq!(holdings(&keyring), before);
    }
    keyring.apply(Change { mint: vec![mailbox(1)], destroy: vec![mailbox(1)] }, 3).unwrap();
    assert_ne!(holdings(&keyring).1, before.1);
    let replaced = holdings(&keyring);
    drop(keyring);
    assert_eq!(holdings(&place.open().unwrap()), replaced);
}

#[test]
fn a_repeated_destruction_writes_nothing_and_the_position_never_goes_back() {
    let place = Place::new();
    let mut keyring = place.create();
    keyring.apply(Change::mint(mailboxes(0..3)), 5).unwrap();
    keyring.apply(Change::destroy([mailbox(1)]), 6).unwrap();
    let files = place.files();
    keyring.apply(Change::destroy([mailbox(1), mailbox(77)]), 6).unwrap();
    assert_eq!(place.files(), files);
    keyring.apply(Change::destroy([mailbox(2)]), 4).unwrap();
    assert_eq!(keyring.position(), 6);
    drop(keyring);
    assert_eq!(place.open().unwrap().position(), 6);
}

#[test]
fn any_sequence_of_changes_leaves_what_a_map_would_hold() {
    let place = Place::new();
    let mut keyring = place.create();
    let mut model = BTreeMap::new();
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for position in 1..=60 {
        let touched: std::collections::BTreeSet<u64> = (0..draw(300)).map(|_| draw(700)).collect();
        let (destroy, mint): (Vec<_>, Vec<_>) = touched.into_iter().map(mailbox).partition(|slot| model.contains_key(slot));
        keyring.apply(Change { mint: mint.clone(), destroy: destroy.clone() }, position).unwrap();
        model.retain(|slot, _| !destroy.contains(slot));
        model.extend(mint.into_iter().map(|slot| (slot.clone(), *keyring.get(&slot).unwrap().as_bytes())));
        if draw(4) == 0 {
            drop(keyring);
            keyring = place.open().unwrap();
        }
        assert_eq!(holdings(&keyring), (position, model.clone()));
    }
}

#[test]
fn one_destruction_among_a_hundred_thousand_slots_writes_one_group() {
    let place = Place::new();
    let mut keyring = place.create();
    keyring.apply(Change::mint(mailboxes(0..100_000)), 1).unwrap();
    let before = place.files();
    assert_eq!(before.len(), 100_000usize.div_ceil(SLOTS_PER_GROUP) + 2);
    keyring.apply(Change::destroy([mailbox(50_000)]), 2).unwrap();
    let written: Vec<usize> =
        place.files().into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)).map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(written.len(), 3);
    assert!(written.iter().sum::<usize>() < 50_000);
}
