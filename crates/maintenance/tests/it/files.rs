//! What lies in the folder of a backup, and that nothing else than what was written passes for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use maintenance::verify;
use vocabulary::Reason;

use crate::{Blocks, Note, Suite};

#[tokio::test]
async fn no_bit_can_change_and_no_byte_can_go() {
    let (dir, stores) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = Suite::open(stores.path(), 2).await;
    for number in 0..6 {
        suite.write(number, "some text").await;
    }
    let backup = dir.path().join("backup");
    suite.back_up(&backup).await.unwrap();
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o700);
    let mut harmed = 0;
    for entry in fs::read_dir(&backup).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let whole = fs::read(entry.path()).unwrap();
        for at in 0..whole.len() {
            let (mut flipped, bit) = (whole.clone(), 1 << (at % 8));
            flipped[at] ^= bit;
            for bytes in [flipped.as_slice(), &whole[..at]] {
                fs::write(entry.path(), bytes).unwrap();
                // The line's end behind the manifest says nothing.
                let says_nothing = bytes == whole.trim_ascii_end();
                let found = verify(&backup);
                assert!(says_nothing || found.is_err_and(|fault| fault.reason == Reason::BackupDamaged), "byte {at} of {entry:?}");
                harmed += 1;
            }
        }
        fs::write(entry.path(), [whole.as_slice(), b"x"].concat()).unwrap();
        assert!(verify(&backup).is_err(), "{entry:?} grew");
        fs::write(entry.path(), whole).unwrap();
    }
    assert!(harmed > 1_000);
    verify(&backup).unwrap();
    suite.close().await;
}

#[tokio::test]
async fn an_area_that_stops_leaves_no_backup_behind() {
    let (dir, stores) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = Suite::open(stores.path(), 2).await;
    let write =
        |changes: &mut store::Changes<'_>| (0..1_000).try_for_each(|number| changes.put::<Blocks>(&number, &Note { text: vec![7; 5_000] }));
    suite.log.commit(write).await.unwrap();
    suite.stopping.cancel();
    let fault = suite.back_up(&dir.path().join("backup")).await.unwrap_err();
    assert_eq!(fault.reason, Reason::BackupDamaged, "{fault}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    suite.close().await;
}

#[tokio::test]
async fn every_row_is_in_its_part() {
    let (dir, stores) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = Suite::open(stores.path(), 2).await;
    // Several messages of rows.
    let write =
        |changes: &mut store::Changes<'_>| (0..900).try_for_each(|number| changes.put::<Blocks>(&number, &Note { text: vec![7; 5_000] }));
    suite.log.commit(write).await.unwrap();
    suite.write(7, "a name").await;
    let manifest = suite.back_up(&dir.path().join("backup")).await.unwrap();
    let told: Vec<_> =
        manifest.parts.iter().map(|entry| (entry.part.file(), entry.rows, entry.moment.store, entry.moment.groups)).collect();
    assert_eq!(told, [("records", 0, 1, 0), ("log", 900, 2, 2), ("dictionary", 1, 2, 2), ("consent", 0, 3, 0)]);
    suite.close().await;
}
