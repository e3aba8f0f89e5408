//! A keyring and its mirror: neither knows a key that the other does not once a change is answered, and each brings the other back.

use super::crash::stop_after;
use super::*;

#[test]
fn a_mirror_follows_and_brings_a_lost_keyring_back() {
    let (place, mirror_place) = (Place::new(), Place::new());
    let (mut keyring, mut mirror) = (place.create(), mirror_place.create());
    keyring.apply(Change::mint(mailboxes(0..600)), 1).unwrap();
    mirror.follow(&keyring).unwrap();
    keyring.apply(Change { mint: vec![mailbox(3)], destroy: vec![mailbox(3), mailbox(4)] }, 2).unwrap();
    keyring.apply(Change::mint([mailbox(900)]), 3).unwrap();
    keyring.apply(Change::destroy([mailbox(900)]), 4).unwrap();
    mirror.follow(&keyring).unwrap();
    drop(mirror);
    let mirror = mirror_place.open().unwrap();
    assert_eq!(holdings(&mirror), holdings(&keyring));
    let new_place = Place::new();
    let mut restored = new_place.create();
    restored.follow(&mirror).unwrap();
    assert_eq!(holdings(&restored), holdings(&keyring));
}

type Loss = fn(&Place);

/// A keyring of 300 slots at position 10 and its mirror, closed.
fn furnished() -> (Place, Place) {
    let (place, beside) = (Place::new(), Place::new());
    let (mut keyring, mut mirror) = (place.create(), beside.create());
    keyring.apply_mirrored(&mut mirror, Change::mint(mailboxes(0..300)), 10).unwrap();
    assert_eq!(holdings(&mirror), holdings(&keyring));
    (place, beside)
}

#[test]
fn a_change_that_fails_in_the_mirror_is_told_and_may_be_repeated() {
    let (place, beside) = furnished();
    let change = Change { mint: vec![mailbox(1000)], destroy: vec![mailbox(7), mailbox(299)] };
    let mut interrupted = 0;
    for steps in 0..40 {
        let (place, beside) = (place.copy(), beside.copy());
        let (mut keyring, mut mirror) = (place.open().unwrap(), beside.open().unwrap());
        mirror.disk.before = Some(stop_after(steps).0);
        let answer = keyring.apply_mirrored(&mut mirror, change.clone(), 11);
        // Whatever becomes of the mirror, the keyring has the change.
        assert!(keyring.contains(&mailbox(1000)) && !keyring.contains(&mailbox(7)) && keyring.position() == 11);
        if answer.is_ok() {
            assert_eq!(holdings(&mirror), holdings(&keyring));
        } else {
            interrupted += 1;
            assert!(matches!(answer, Err(KeyringError::Mirror(_))), "{answer:?}");
            drop(mirror);
            mirror = beside.open().unwrap();
            mirror.follow(&keyring).unwrap();
            assert_eq!(holdings(&mirror), holdings(&keyring));
        }
    }
    assert!((8..39).contains(&interrupted), "{interrupted}");
    let (mut keyring, mut mirror) = (place.open().unwrap(), beside.open().unwrap());
    mirror.disk.before = Some(stop_after(0).0);
    keyring.apply_mirrored(&mut mirror, Change::destroy([mailbox(5)]), 11).unwrap_err();
    mirror.disk.before = None;
    assert!(mirror.contains(&mailbox(5)));
    keyring.apply_mirrored(&mut mirror, Change::destroy([mailbox(5)]), 11).unwrap();
    assert_eq!(holdings(&mirror), holdings(&keyring));
}

#[test]
fn whatever_part_of_a_keyring_is_lost_comes_back_from_the_mirror() {
    let (template, beside) = furnished();
    let expected = holdings(&template.open().unwrap());
    let losses: [(&str, Loss); 6] = [
        ("nothing", |_| {}),
        ("all", |place| {
            fs::remove_dir_all(&place.dir).unwrap();
            fs::remove_dir_all(place.epoch.parent().unwrap()).unwrap();
        }),
        ("the directory", |place| fs::remove_dir_all(&place.dir).unwrap()),
        ("the record", |place| fs::remove_file(&place.epoch).unwrap()),
        ("half the record", |place| fs::write(&place.epoch, &fs::read(&place.epoch).unwrap()[..50]).unwrap()),
        ("a group", |place| {
            let group = place.files().into_keys().find(|path| path.to_str().unwrap().contains("group-")).unwrap();
            fs::write(group, b"nothing").unwrap();
        }),
    ];
    for (name, lose) in losses {
        let place = template.copy();
        lose(&place);
        let mirror = beside.open().unwrap();
        let recovered = Keyring::recover(&place.dir, &place.epoch, &place.root, &mirror).unwrap();
        assert_eq!(holdings(&recovered), expected, "{name}");
        drop(recovered);
        assert_eq!(holdings(&place.open().unwrap()), expected, "{name}");
    }
}

#[test]
fn a_mirror_that_lags_behind_brings_nothing_back() {
    let (place, beside) = furnished();
    place.open().unwrap().apply(Change::destroy([mailbox(7)]), 11).unwrap();
    let mut mirror = beside.open().unwrap();
    let recover = |place: &Place, mirror: &Keyring| Keyring::recover(&place.dir, &place.epoch, &place.root, mirror).map(drop);
    assert!(matches!(recover(&place, &mirror), Err(KeyringError::AheadOfMirror)));
    // Also when nothing but the record is left to say so.
    let rest = place.copy();
    fs::remove_dir_all(&rest.dir).unwrap();
    assert!(matches!(recover(&rest, &mirror), Err(KeyringError::AheadOfMirror)));
    assert!(rest.epoch.exists());
    // Nor does it take another root key for damage.
    let other = Place { root: RootKey::from_bytes([6; 32]), ..place.copy() };
    fs::remove_dir_all(&other.dir).unwrap();
    assert!(matches!(recover(&other, &mirror), Err(KeyringError::RootKeyWrong)));
    assert!(other.epoch.exists());
    mirror.follow(&place.open().unwrap()).unwrap();
    recover(&rest, &mirror).unwrap();
    assert!(!rest.open().unwrap().contains(&mailbox(7)));
}
