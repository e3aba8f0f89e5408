//! A store written anew: the same rows without what was deleted, whenever the power fails; and rows put back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use store::{Ancestor, Origin, Present, RawRow, Rewrite, Store, StoreError, scrub};

use crate::{Notes, Summary, note, open, options, tenant};

const DIRECTORY: &str = "STORE_TEST_SCRUBBED";
const MARKER: &[u8] = b"deleted-and-still-to-be-found";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// How often the marker stands in any file of the folder.
fn found(folder: &Path) -> usize {
    let hits = |path: &PathBuf| std::fs::read(path).unwrap().windows(MARKER.len()).filter(|bytes| *bytes == MARKER).count();
    files(folder).iter().map(hits).sum()
}

async fn rows(store: &Store) -> Vec<RawRow> {
    let mut snapshot = store.snapshot().await.unwrap();
    std::iter::from_fn(|| Some(snapshot.next_rows(1 << 20).unwrap()).filter(|rows| !rows.is_empty())).flatten().collect()
}

/// A store with rows to keep and deleted ones that bear the marker.
async fn written(path: &Path) -> Vec<RawRow> {
    let store = open(path).await;
    for group in 0..40_u32 {
        let write = move |changes: &mut store::Changes<'_>| {
            for n in 0..10 {
                let text = [MARKER, &group.to_be_bytes(), &[n as u8; 400]].concat();
                changes.put::<Notes>(&(tenant("a"), group * 10 + n), &note(text))?;
            }
            changes.put::<Summary>(&(), &note(group.to_be_bytes()))
        };
        store.commit(write).await.unwrap();
    }
    let delete = |changes: &mut store::Changes<'_>| {
        (0..400).for_each(|n| changes.delete::<Notes>(&(tenant("a"), n)));
        changes.put::<Notes>(&(tenant("a"), 500), &note("kept"))
    };
    store.commit(delete).await.unwrap();
    let rows = rows(&store).await;
    store.close().await;
    rows
}

#[tokio::test]
async fn nothing_that_was_deleted_is_in_the_files_of_a_scrubbed_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let before = written(&path).await;
    assert!(found(dir.path()) > 0, "the database had removed it by itself");
    let scrubbed = scrub(&path, options()).await.unwrap().unwrap();
    assert_eq!(found(dir.path()), 0);
    assert_eq!((scrubbed.rows, std::fs::read_dir(dir.path()).unwrap().count()), (2, 1), "{scrubbed:?}");
    assert!(scrubbed.bytes_after < scrubbed.bytes_before, "{scrubbed:?}");
    let store = open(&path).await;
    assert_eq!((store.incarnation(), rows(&store).await), (options().fresh_incarnation, before));
    store.commit(|changes| changes.put::<Summary>(&(), &note("after"))).await.unwrap();
    store.close().await;
    assert_eq!(open(&path).await.get::<Summary>(&()).unwrap(), Some(note("after")));
}

#[tokio::test]
async fn a_store_that_is_open_or_not_there_is_not_scrubbed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    assert_eq!(scrub(&path, options()).await, Ok(None));
    assert!(!path.exists());
    let store = open(&path).await;
    assert_eq!(scrub(&path, options()).await, Err(StoreError::Locked));
    drop(store);
}

/// Not a test by itself: the process that the test below kills.
#[tokio::test]
#[ignore = "the other half of the test of scrubs that are killed"]
async fn scrubs_until_killed() {
    let path = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    loop {
        // The one before may not have let go yet.
        let _locked = scrub(&path, options()).await;
    }
}

#[tokio::test]
async fn a_scrub_that_was_killed_leaves_the_old_store_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let truth = written(&path).await;
    let mut random = SmallRng::seed_from_u64(7);
    let mut seen = BTreeMap::new();
    for _ in 0..30 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["rewriting::scrubs_until_killed", "--exact", "--ignored"])
            .env(DIRECTORY, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_micros(random.random_range(5_000..250_000))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        *seen.entry(dir.path().join("store.rewriting").exists()).or_insert(0) += 1;
        let store = open(&path).await;
        assert!(!dir.path().join("store.rewriting").exists(), "what a scrub left is still there");
        let differs = rows(&store).await != truth;
        assert!(!differs, "rows were lost or changed");
        store.close().await;
    }
    assert!(seen.get(&true).is_some_and(|rounds| *rounds > 3), "no round was killed in the middle: {seen:?}");
}

#[tokio::test]
async fn rows_are_put_back_under_another_incarnation_and_their_origin_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("store"), dir.path().join("other"));
    let truth = written(&path).await;
    let origin = Origin { descends: vec![Ancestor { incarnation: 7, groups: 41 }], replaces: vec![7, 9] };
    let mut rewrite = Rewrite::begin(&other, Ancestor { incarnation: 8, groups: 0 }, Some(&origin)).unwrap();
    rewrite.put(truth.clone()).unwrap();
    assert_eq!(rewrite.put(truth[..1].to_vec()), Err(StoreError::Damaged { what: "a row" }), "a row came twice");
    rewrite.finish().await.unwrap().install(Present::Nothing).await.unwrap();
    let store = open(&other).await;
    assert_eq!((store.incarnation(), store.origin(), rows(&store).await), (8, Some(&origin), truth.clone()));
    store.close().await;
    // A scrub keeps it.
    scrub(&other, options()).await.unwrap();
    assert_eq!(open(&other).await.origin(), Some(&origin));

    let mut changed = truth[0].clone();
    changed.value[0] ^= 1;
    let own = RawRow { key: vec![0, 2], value: truth[0].value.clone() };
    for wrong in [changed, own, RawRow { key: Vec::new(), value: Vec::new() }] {
        let mut rewrite = Rewrite::begin(&dir.path().join("third"), Ancestor { incarnation: 8, groups: 0 }, None).unwrap();
        assert_eq!(rewrite.put(vec![wrong]), Err(StoreError::Damaged { what: "a row" }));
    }
}

#[tokio::test]
async fn nothing_takes_the_place_of_a_store_that_was_opened_or_changed_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    written(&path).await;
    let (present, store) = Present::at(&path, options()).await.unwrap();
    assert_eq!(present.incarnation(&path), Some(7));
    let empty = || async { Rewrite::begin(&path, Ancestor { incarnation: 8, groups: 0 }, None).unwrap().finish().await.unwrap() };
    assert_eq!(empty().await.install(present).await, Err(StoreError::Locked), "it is open");
    assert_eq!(empty().await.install(Present::Nothing).await, Err(StoreError::Locked), "it is there");
    let store = store.unwrap();
    store.commit(|changes| changes.put::<Summary>(&(), &note("changed"))).await.unwrap();
    store.close().await;
    assert_eq!(empty().await.install(present).await, Err(StoreError::Locked), "it was changed");
    assert_eq!(open(&path).await.get::<Summary>(&()).unwrap(), Some(note("changed")));

    let (present, store) = Present::at(&path, options()).await.unwrap();
    store.unwrap().close().await;
    empty().await.install(present).await.unwrap();
    let store = open(&path).await;
    assert_eq!((store.incarnation(), rows(&store).await.len()), (8, 0));
}

#[tokio::test]
async fn a_damaged_store_can_be_replaced_and_says_who_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    written(&path).await;
    let database = std::fs::File::options().write(true).open(path.join("db")).unwrap();
    database.set_len(4096).unwrap();
    drop(database);
    let (present, store) = Present::at(&path, options()).await.unwrap();
    assert!(store.is_none());
    assert_eq!((present, present.incarnation(&path)), (Present::Damaged, Some(7)));
    let fresh = Rewrite::begin(&path, Ancestor { incarnation: 8, groups: 0 }, None).unwrap().finish().await.unwrap();
    fresh.install(present).await.unwrap();
    assert_eq!(open(&path).await.incarnation(), 8);
}
