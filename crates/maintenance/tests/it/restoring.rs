//! Which dictionary serves a restored log: the newest that holds every name of it.

use std::path::{Path, PathBuf};

use maintenance::{Asked, Dictionary, Places, restore};
use store::Store;
use tempfile::TempDir;

use crate::{Blocks, Names, Suite, place};

/// Restores the log in a folder as another store.
async fn restored(folder: &Path, backups: &[&PathBuf], incarnation: u64) -> Dictionary {
    let places = Places {
        consent: place(folder, "consent", 90),
        log: place(folder, "log", incarnation),
        records: place(folder, "records", 91),
        in_dictionary: |tag| tag == 3,
    };
    let asked = Asked { log: true, records: false, replace: true, consent: false };
    let backups: Vec<_> = backups.iter().copied().cloned().collect();
    restore(&backups, &places, asked).await.unwrap().dictionary.unwrap()
}

/// The numbers of the blocks, and those of the names with their texts.
fn held(log: &Store) -> (Vec<u64>, Vec<(u64, String)>) {
    let blocks = log.scan::<Blocks>(()).map(|row| row.unwrap().0).collect();
    let names = log.scan::<Names>(()).map(|row| row.unwrap()).map(|(number, note)| (number, String::from_utf8(note.text).unwrap()));
    (blocks, names.collect())
}

fn names(numbers: &[(u64, &str)]) -> Vec<(u64, String)> {
    numbers.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}

/// A store of incarnation 2 with two backups of it, `first` and `second`, and its folder as it went on.
struct Past {
    _dir: TempDir,
    folder: PathBuf,
    first: PathBuf,
    second: PathBuf,
}

async fn past() -> Past {
    let dir = tempfile::tempdir().unwrap();
    let [folder, first, second] = ["stores", "first", "second"].map(|name| dir.path().join(name));
    let suite = Suite::open(&folder, 2).await;
    suite.write(1, "one").await;
    suite.back_up(&first).await.unwrap();
    suite.write(2, "two").await;
    suite.write(1, "one, sealed anew").await;
    suite.back_up(&second).await.unwrap();
    suite.write(3, "three").await;
    suite.close().await;
    Past { _dir: dir, folder, first, second }
}

#[tokio::test]
async fn the_dictionary_that_is_there_serves_and_whose_place_was_taken_is_known() {
    let Past { _dir, folder, first, second } = past().await;
    assert_eq!(restored(&folder, &[&first, &second], 5).await, Dictionary::Present);
    let suite = Suite::open(&folder, 0).await;
    assert_eq!((suite.log.incarnation(), suite.log.replaces()), (5, vec![2]));
    assert_eq!(held(&suite.log), (vec![1], names(&[(1, "one, sealed anew"), (2, "two"), (3, "three")])));
    // It goes on, is backed up, and that is a newer dictionary than any before: so after another restore.
    suite.write(4, "four").await;
    let third = folder.with_file_name("third");
    suite.back_up(&third).await.unwrap();
    suite.close().await;
    std::fs::remove_dir_all(folder.join("log")).unwrap();
    assert_eq!(restored(&folder, &[&first, &second, &third], 6).await, Dictionary::Backup(third));
    let suite = Suite::open(&folder, 0).await;
    assert_eq!(held(&suite.log).1.len(), 4);
    assert_eq!(suite.log.replaces(), [2, 5]);
    suite.close().await;
}

#[tokio::test]
async fn the_newer_one_of_two_backups_serves_in_whatever_order() {
    let Past { _dir, folder, first, second } = past().await;
    for (backups, log, incarnation) in [([&first, &second], vec![1], 5), ([&second, &first], vec![1, 2], 6)] {
        std::fs::remove_dir_all(folder.join("log")).unwrap();
        assert_eq!(restored(&folder, &backups, incarnation).await, Dictionary::Backup(second.clone()));
        let suite = Suite::open(&folder, 0).await;
        assert_eq!(held(&suite.log), (log, names(&[(1, "one, sealed anew"), (2, "two")])));
        suite.close().await;
    }
}

#[tokio::test]
async fn a_dictionary_that_does_not_know_the_log_never_serves() {
    let Past { _dir, folder, first, second } = past().await;
    // A suite that was started empty has names, for other ids.
    std::fs::remove_dir_all(folder.join("log")).unwrap();
    let suite = Suite::open(&folder, 9).await;
    for _ in 0..9 {
        suite.write(1, "another").await;
    }
    suite.close().await;
    assert_eq!(restored(&folder, &[&second], 10).await, Dictionary::Backup(second.clone()));
    let suite = Suite::open(&folder, 0).await;
    assert_eq!((held(&suite.log).0, suite.log.replaces()), (vec![1, 2], vec![2, 9]));
    suite.close().await;
    // Restored once more before it was ever started: consent has not heard of the first time.
    restored(&folder, &[&second], 13).await;
    let suite = Suite::open(&folder, 0).await;
    assert_eq!(suite.log.replaces(), [2, 9, 10]);
    suite.close().await;

    // A store that was put back from the first backup alone lacks what the second one knows.
    std::fs::remove_dir_all(folder.join("log")).unwrap();
    restored(&folder, &[&first], 11).await;
    let suite = Suite::open(&folder, 0).await;
    suite.write(7, "seven").await;
    suite.close().await;
    assert_eq!(restored(&folder, &[&second], 12).await, Dictionary::Backup(second));
    let suite = Suite::open(&folder, 0).await;
    assert_eq!(held(&suite.log), (vec![1, 2], names(&[(1, "one, sealed anew"), (2, "two")])));
    suite.close().await;
}

#[tokio::test]
async fn a_damaged_log_is_replaced_and_its_dictionary_is_not_trusted() {
    let Past { _dir, folder, first, .. } = past().await;
    let database = std::fs::File::options().write(true).open(folder.join("log/db")).unwrap();
    database.set_len(300).unwrap();
    assert_eq!(restored(&folder, &[&first], 5).await, Dictionary::Backup(first));
    let suite = Suite::open(&folder, 0).await;
    assert_eq!((held(&suite.log).0, suite.log.replaces()), (vec![1], vec![2]));
    suite.close().await;
}
