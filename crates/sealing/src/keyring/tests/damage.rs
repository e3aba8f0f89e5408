//! Files changed, cut, swapped, put back or removed: always noticed, never served.

use super::*;

/// Two full groups, with the files of an earlier state of the same keyring.
fn furnished() -> (Place, BTreeMap<PathBuf, Vec<u8>>) {
    let place = Place::new();
    let mut keyring = place.create();
    keyring.apply(Change::mint(mailboxes(0..512)), 1).unwrap();
    let earlier = place.files();
    keyring.apply(Change::destroy([mailbox(1), mailbox(500)]), 2).unwrap();
    (place, earlier)
}

/// Opens after `path` was given other content, then puts the content back.
fn open_with(place: &Place, path: &PathBuf, content: &[u8]) -> KeyringError {
    let whole = fs::read(path).unwrap();
    fs::write(path, content).unwrap();
    let error = place.open().unwrap_err();
    fs::write(path, whole).unwrap();
    error
}

#[test]
fn a_byte_changed_anywhere_in_any_file_is_noticed() {
    let (place, _) = furnished();
    let mut tried = 0;
    for (path, whole) in place.files() {
        let stride = if whole.len() < 500 { 1 } else { 61 };
        for at in (0..whole.len()).step_by(stride).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            let error = open_with(&place, &path, &changed);
            assert!(matches!(&error, KeyringError::Damaged(found) if *found == path), "{path:?} at {at}: {error}");
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(place.open().is_ok());
}

#[test]
fn a_file_cut_or_extended_is_noticed() {
    let (place, _) = furnished();
    for (path, whole) in place.files() {
        for length in [0, 1, 40, whole.len() / 2, whole.len() - 1] {
            assert!(matches!(open_with(&place, &path, &whole[..length]), KeyringError::Damaged(found) if found == path));
        }
        let extended = [whole.as_slice(), &[0]].concat();
        assert!(matches!(open_with(&place, &path, &extended), KeyringError::Damaged(found) if found == path));
    }
}

#[test]
fn a_file_of_another_place_or_time_is_noticed() {
    let (place, earlier) = furnished();
    let files = place.files();
    for (path, whole) in &files {
        for content in files.values().chain(earlier.values()).filter(|content| *content != whole) {
            assert!(matches!(open_with(&place, path, content), KeyringError::Damaged(_) | KeyringError::RootKeyWrong));
        }
    }
}

#[test]
fn a_file_removed_is_noticed() {
    let (place, _) = furnished();
    for (path, whole) in place.files() {
        fs::remove_file(&path).unwrap();
        match place.open().unwrap_err() {
            KeyringError::EpochRecordAbsent => assert_eq!(path, place.epoch),
            KeyringError::Damaged(found) => assert_eq!(path, found),
            other => panic!("{other}"),
        }
        fs::write(&path, whole).unwrap();
    }
    fs::remove_dir_all(&place.dir).unwrap();
    assert!(matches!(place.open(), Err(KeyringError::Damaged(found)) if found == place.dir));
}

#[test]
fn a_damaged_keyring_loses_nothing_by_being_opened() {
    let (place, _) = furnished();
    let path = place.dir.join("group-00000000-00000000000000ff");
    fs::write(&path, b"left behind").unwrap();
    let record = fs::read(&place.epoch).unwrap();
    fs::write(&place.epoch, b"not a record").unwrap();
    assert!(place.open().is_err());
    assert!(path.exists());
    fs::write(&place.epoch, record).unwrap();
    assert_eq!(place.open().unwrap().len(), 510);
    assert!(!path.exists());
}
