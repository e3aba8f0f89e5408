//! Another root key: who has the former one, and copies of all that was there, opens nothing of what is written afterwards.

use super::crash::stop_after;
use super::*;

const NEXT: [u8; 32] = [9; 32];

fn furnished() -> Place {
    let place = Place::new();
    place.create().apply(Change::mint(mailboxes(0..300)), 10).unwrap();
    place
}

#[test]
fn under_another_root_key_everything_is_written_anew() {
    let place = furnished();
    let before = place.copy();
    let mut keyring = place.open().unwrap();
    let held = holdings(&keyring);
    keyring.rotate_root(&RootKey::from_bytes(NEXT)).unwrap();
    assert_eq!(holdings(&keyring), held);
    // It goes on under the next one.
    keyring.apply(Change::mint([mailbox(1000)]), 11).unwrap();
    let held = holdings(&keyring);
    drop(keyring);
    assert!(matches!(place.open(), Err(KeyringError::RootKeyWrong)));
    let next = Place { root: RootKey::from_bytes(NEXT), ..place.copy() };
    assert_eq!(holdings(&next.open().unwrap()), held);
    // The former record opens none of the files that are there now.
    let mixed = place.copy();
    fs::copy(&before.epoch, &mixed.epoch).unwrap();
    assert!(matches!(mixed.open(), Err(KeyringError::Damaged(_))));
    // Nor does any key that was in it, or that it led to.
    let (former, next) = (before.open().unwrap(), next.open().unwrap());
    assert_ne!(former.record.epoch, next.record.epoch);
    let former: Vec<_> = former.groups.values().map(|group| &group.key).collect();
    assert!(next.groups.values().all(|group| !former.contains(&&group.key)));
}

#[test]
fn stopped_at_any_step_one_of_the_two_root_keys_opens_it() {
    let template = furnished();
    let held = holdings(&template.open().unwrap());
    let mut outcomes = [0, 0];
    for steps in 0..30 {
        let place = template.copy();
        let mut keyring = place.open().unwrap();
        keyring.disk.before = Some(stop_after(steps).0);
        let answer = keyring.rotate_root(&RootKey::from_bytes(NEXT));
        if matches!(answer, Err(KeyringError::Disk(_))) {
            // The former root key is still the one, in memory too.
            keyring.disk.before = None;
            keyring.apply(Change::mint([mailbox(1000)]), 10).unwrap();
            keyring.apply(Change::destroy([mailbox(1000)]), 10).unwrap();
        }
        drop(keyring);
        let next = Place { root: RootKey::from_bytes(NEXT), ..place.copy() };
        let (former, next) = (place.open(), next.open());
        assert!(former.is_ok() != next.is_ok(), "stopped after {steps}");
        assert!(answer.is_err() || next.is_ok());
        outcomes[usize::from(next.is_ok())] += 1;
        assert_eq!(holdings(&former.or(next).unwrap()), held);
    }
    assert!(outcomes.iter().all(|&count| count > 2), "{outcomes:?}");
}
