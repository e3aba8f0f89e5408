//! What somebody can read who holds every file there ever was, the present epoch record and the root key.

use super::*;

/// All keys that can be had: from this epoch record and the root key, out of every file that ever lay in the directory.
fn plunder(root: &RootKey, record: &[u8], files: &[(String, Vec<u8>)]) -> Vec<(SlotId, Key)> {
    let record = format::open_record(root, record).ok().unwrap();
    let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
    let named = |kind: &str| {
        let kind = kind.to_owned();
        files.iter().filter_map(move |(name, bytes)| Some((name.strip_prefix(&kind)?, bytes)))
    };
    let mut keys = vec![record.epoch.clone(), root.wrapping_key()];
    for (version, bytes) in named("table-") {
        let opened = keys.iter().find_map(|key| format::open_table(key, number(version), bytes));
        keys.extend(opened.into_iter().flat_map(BTreeMap::into_values).map(|(_, key)| key));
    }
    let mut found = Vec::new();
    for (name, bytes) in named("group-") {
        let (group, version) = name.split_once('-').unwrap();
        let opened = keys.iter().find_map(|key| format::open_group(key, number(group) as u32, number(version), bytes));
        found.extend(opened.into_iter().flatten());
    }
    found
}

/// Adds the files that lie in the directory now to those that were there before.
fn collect(place: &Place, files: &mut Vec<(String, Vec<u8>)>) {
    let names = disk::names(&place.dir).unwrap();
    files.extend(names.into_iter().map(|name| (name.clone(), fs::read(place.dir.join(name)).unwrap())));
}

#[test]
fn a_destroyed_key_cannot_be_had_from_all_files_there_ever_were_and_the_root_key() {
    let place = Place::new();
    let mut keyring = place.create();
    let mut files = Vec::new();
    for (position, change) in
        [Change::mint(mailboxes(0..300)), Change::mint([mailbox(300)]), Change::destroy([mailbox(290)]), Change::mint([mailbox(400)])]
            .into_iter()
            .enumerate()
    {
        keyring.apply(change, position as u64 + 1).unwrap();
        collect(&place, &mut files);
    }
    let old_record = fs::read(&place.epoch).unwrap();
    let destroyed = keyring.get(&mailbox(7)).unwrap();
    let kept = keyring.get(&mailbox(8)).unwrap();
    let from_old = plunder(&place.root, &old_record, &files);
    assert!(from_old.iter().any(|(_, key)| *key == destroyed), "whoever kept the old record has the key: the attack works");
    keyring.apply(Change::destroy([mailbox(7)]), 9).unwrap();
    collect(&place, &mut files);

    let record = fs::read(&place.epoch).unwrap();
    let found = plunder(&place.root, &record, &files);
    assert!(found.iter().any(|(slot, key)| *slot == mailbox(8) && *key == kept));
    assert!(found.iter().all(|(slot, key)| *slot != mailbox(7) && *key != destroyed));
    let later = keyring.groups.values().map(|group| &group.key).chain([&keyring.record.epoch, &kept, &destroyed]);
    for secret in later {
        let in_clear = |bytes: &[u8]| bytes.windows(32).any(|window| window == secret.as_bytes());
        assert!(!files.iter().any(|(_, bytes)| in_clear(bytes)) && !in_clear(&record) && !in_clear(&old_record));
    }
    let stranger = format::open_record(&RootKey::from_bytes([0; 32]), &record);
    assert!(stranger.is_err(), "without the root key not even the record opens");
}

#[test]
fn nothing_of_the_old_state_lies_in_the_directory_after_a_destruction() {
    let place = Place::new();
    let mut keyring = place.create();
    keyring.apply(Change::mint(mailboxes(0..300)), 1).unwrap();
    let before = place.files();
    keyring.apply(Change::destroy([mailbox(7)]), 2).unwrap();
    let after = place.files();
    let stayed: Vec<_> = before.iter().filter(|(path, bytes)| after.get(*path) == Some(bytes)).map(|(path, _)| path).collect();
    assert_eq!(stayed, [&place.dir.join(disk::group_name(1, 1))], "only the group that was not touched");
}

#[test]
fn the_bytes_of_a_replaced_record_are_overwritten_where_they_lay() {
    let place = Place::new();
    let mut keyring = place.create();
    for (position, change) in [Change::mint([mailbox(1)]), Change::destroy([mailbox(1)])].into_iter().enumerate() {
        let old = place.dir.join(format!("old-{position}"));
        fs::hard_link(&place.epoch, &old).unwrap();
        keyring.apply(change, position as u64 + 1).unwrap();
        assert!(fs::read(&old).unwrap().iter().all(|&byte| byte == 0));
    }
}

#[test]
fn files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.create().apply(Change::mint([mailbox(1)]), 1).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(place.files().keys().all(|path| mode(path) == 0o600));
    assert_eq!((mode(&place.dir), mode(place.epoch.parent().unwrap())), (0o700, 0o700));
}
