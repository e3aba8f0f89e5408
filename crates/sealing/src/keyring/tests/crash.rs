//! A crash before every single file operation: what is opened afterwards is wholly old or wholly new.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::disk::{Before, Operation};
use super::*;

pub(super) type Log = Arc<Mutex<Vec<(Operation, PathBuf)>>>;

/// Lets `steps` operations happen and stops all that follow; the log says which happened, and which was stopped first.
pub(super) fn stop_after(steps: usize) -> (Before, Log) {
    let log = Log::default();
    let seen = log.clone();
    let before: Before = Box::new(move |operation, path: &Path| {
        let mut seen = seen.lock().unwrap();
        if seen.len() <= steps {
            seen.push((operation, path.into()));
        }
        if seen.len() > steps { Err(io::Error::other("stopped")) } else { Ok(()) }
    });
    (before, log)
}

fn stopping(steps: usize) -> (Disk, Log) {
    let (before, log) = stop_after(steps);
    (Disk { before: Some(before) }, log)
}

/// What a power cut may do to operations that were not yet made durable.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Loss {
    /// Everything reached the disk all the same.
    Nothing,
    /// The file being written is there, half of it.
    HalfAFile,
    /// Files whose directory was not synced have no name.
    Names,
}

fn lose(loss: Loss, log: &[(Operation, PathBuf)]) {
    let Some((stopped, path)) = log.last() else { return };
    match loss {
        Loss::Nothing => {}
        Loss::HalfAFile if *stopped == Operation::Sync => {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }
        Loss::HalfAFile => {}
        Loss::Names => {
            let durable: Vec<&PathBuf> =
                log[..log.len() - 1].iter().filter(|(operation, _)| *operation == Operation::SyncDirectory).map(|(_, dir)| dir).collect();
            let created = log.iter().filter(|(operation, path)| {
                *operation == Operation::Create && !durable.iter().any(|dir| path.parent() == Some(dir.as_path()))
            });
            created.for_each(|(_, path)| drop(fs::remove_file(path)));
        }
    }
}

fn changes() -> [(&'static str, Change); 5] {
    [
        ("minting into a group with room", Change::mint([mailbox(1000)])),
        ("minting new groups", Change::mint(mailboxes(1000..1500))),
        ("destroying one slot", Change::destroy([mailbox(7)])),
        ("destroying whole groups", Change::destroy(mailboxes(0..300))),
        ("destroying and minting", Change { mint: vec![mailbox(7), mailbox(1000)], destroy: vec![mailbox(7), mailbox(299)] }),
    ]
}

/// A keyring of 300 slots in two groups, closed.
fn furnished() -> Place {
    let place = Place::new();
    place.create().apply(Change::mint(mailboxes(0..300)), 10).unwrap();
    place
}

/// Slots, apart from keys drawn by the change itself.
fn shape(keyring: &Keyring) -> (u64, Vec<SlotId>) {
    let (position, held) = holdings(keyring);
    (position, held.into_keys().collect())
}

fn assert_clean(place: &Place, keyring: &Keyring) {
    let live = keyring.groups.len() + usize::from(keyring.record.table_version > 0) + 1;
    assert_eq!(place.files().len(), live, "leftovers: {:?}", place.files().keys());
}

#[test]
fn a_change_stopped_at_any_step_holds_wholly_or_not_at_all() {
    let template = furnished();
    for (name, change) in changes() {
        let done = {
            let place = template.copy();
            let mut keyring = place.open().unwrap();
            keyring.apply(change.clone(), 11).unwrap();
            shape(&keyring)
        };
        for loss in [Loss::Nothing, Loss::HalfAFile, Loss::Names] {
            let mut completed = false;
            let mut outcomes = [0, 0];
            for steps in 0.. {
                let place = template.copy();
                let mut keyring = place.open().unwrap();
                let old = holdings(&keyring);
                let (before, log) = stop_after(steps);
                keyring.disk.before = Some(before);
                let answer = keyring.apply(change.clone(), 11);
                let shown = holdings(&keyring);
                drop(keyring);
                let log = log.lock().unwrap().clone();
                completed = log.len() <= steps;
                // A rename that was not yet durable may be kept or lost; that it is lost is the case of being stopped before it.
                let renamed = log[..log.len().min(steps)].iter().any(|(operation, _)| *operation == Operation::Rename);
                if !(completed || renamed && loss == Loss::Names) {
                    lose(loss, &log);
                }
                let keyring = place.open().unwrap_or_else(|error| panic!("{name}, {loss:?}, stopped after {steps}: {error}"));
                let found = holdings(&keyring);
                let is_new = shape(&keyring) == done && found != old;
                assert!(is_new || found == old, "{name}, {loss:?}, stopped after {steps}: neither old nor new");
                match answer {
                    Ok(()) => assert!(is_new && found == shown, "{name}: answered but not kept, stopped after {steps}"),
                    Err(KeyringError::Disk(_)) => assert!(found == old && shown == old, "{name}: refused but kept"),
                    Err(KeyringError::Uncertain) => {
                        assert!(shown.1.iter().all(|(slot, key)| old.1.get(slot) == Some(key) && found.1.get(slot) == Some(key)));
                    }
                    Err(error) => panic!("{name}: {error}"),
                }
                outcomes[usize::from(is_new)] += 1;
                assert_clean(&place, &keyring);
                if completed {
                    break;
                }
            }
            assert!(completed && outcomes.iter().all(|&count| count > 2), "{name}: {outcomes:?}");
        }
    }
}

#[test]
fn opening_may_be_stopped_too() {
    let template = furnished();
    for steps in 0..20 {
        let place = template.copy();
        let mut keyring = place.open().unwrap();
        keyring.disk.before = Some(stop_after(steps).0);
        keyring.apply(Change::destroy(mailboxes(0..290)), 11).ok();
        drop(keyring);
        let expected = holdings(&place.copy().open().unwrap());
        for stopped in 0..10 {
            drop(Keyring::open_on(stopping(stopped).0, &place.dir, &place.epoch, &place.root));
            assert_eq!(holdings(&place.copy().open().unwrap()), expected);
        }
        let keyring = place.open().unwrap();
        assert_clean(&place, &keyring);
    }
}

#[test]
fn a_creation_stopped_at_any_step_is_no_keyring_or_an_empty_one() {
    for steps in 0..10 {
        let place = Place::new();
        drop(Keyring::create_on(stopping(steps).0, &place.dir, &place.epoch, &place.root));
        let keyring = place.open().or_else(|error| match error {
            KeyringError::Absent => Keyring::create(&place.dir, &place.epoch, &place.root),
            other => Err(other),
        });
        let keyring = keyring.unwrap();
        assert!(keyring.is_empty());
        assert_clean(&place, &keyring);
    }
}

#[test]
fn a_change_that_failed_before_the_switch_may_be_tried_again_without_reopening() {
    let template = furnished();
    for steps in 0..8 {
        let place = template.copy();
        let mut keyring = place.open().unwrap();
        keyring.disk.before = Some(stop_after(steps).0);
        let answer = keyring.apply(Change::destroy([mailbox(7)]), 11);
        assert!(matches!(answer, Err(KeyringError::Disk(_))), "{steps}: {answer:?}");
        assert!(keyring.contains(&mailbox(7)));
        keyring.disk.before = None;
        keyring.apply(Change { mint: vec![mailbox(2000)], destroy: vec![mailbox(299)] }, 12).unwrap();
        let held = holdings(&keyring);
        drop(keyring);
        let keyring = place.open().unwrap();
        assert_eq!(holdings(&keyring), held);
        assert_clean(&place, &keyring);
    }
}

#[test]
fn after_a_failed_switch_a_keyring_takes_no_more_changes() {
    let place = furnished();
    let mut keyring = place.open().unwrap();
    keyring.disk.before = Some(Box::new(|operation, _| match operation {
        Operation::Rename => Err(io::Error::other("stopped")),
        _ => Ok(()),
    }));
    let change = Change { mint: vec![mailbox(2000)], destroy: vec![mailbox(7)] };
    assert!(matches!(keyring.apply(change.clone(), 11), Err(KeyringError::Uncertain)));
    assert!(keyring.get(&mailbox(7)).is_none() && keyring.get(&mailbox(2000)).is_none() && keyring.contains(&mailbox(8)));
    keyring.disk.before = None;
    assert!(matches!(keyring.apply(Change::destroy([mailbox(8)]), 12), Err(KeyringError::Uncertain)));
    drop(keyring);
    let mut keyring = place.open().unwrap();
    keyring.apply(change, 12).unwrap();
    assert!(!keyring.contains(&mailbox(7)));
}

#[test]
fn everything_is_durable_before_the_switch_and_the_old_record_stays_whole_until_the_switch_is_durable() {
    let place = furnished();
    let mut keyring = place.open().unwrap();
    let (before, log) = stop_after(usize::MAX - 1);
    keyring.disk.before = Some(before);
    keyring.apply(Change::destroy([mailbox(7)]), 11).unwrap();
    let log = log.lock().unwrap().clone();
    let first =
        |wanted: Operation, path: &Path| log.iter().position(|(operation, at)| (*operation, at.as_path()) == (wanted, path)).unwrap();
    let (volume, unfinished) = (place.epoch.parent().unwrap(), disk::unfinished(&place.epoch));
    let switch = first(Operation::Rename, &place.epoch);
    for (operation, path) in log.iter().filter(|(operation, _)| *operation == Operation::Create) {
        assert!(first(Operation::Sync, path) < switch, "{operation:?} {path:?}");
    }
    let last_file = log.iter().rposition(|(operation, path)| *operation == Operation::Sync && path.starts_with(&place.dir)).unwrap();
    let names_durable = first(Operation::SyncDirectory, &place.dir);
    assert!(last_file < names_durable && names_durable < first(Operation::Create, &unfinished));
    let durable = first(Operation::SyncDirectory, volume);
    assert!(switch < durable && durable < first(Operation::Overwrite, &place.epoch));
    let removal = log.iter().position(|(operation, _)| *operation == Operation::Remove).unwrap();
    assert!(durable < removal);
}
