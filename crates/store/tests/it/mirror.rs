//! A store with a mirror: what was acknowledged is in both, and each brings the other back.

use std::path::Path;

use store::{Store, StoreError};

use crate::damage::copy;
use crate::{Notes, Options, Summary, note, open, options, tenant};

async fn mirrored(path: &Path, mirror: &Path) -> Result<Store, StoreError> {
    Store::open_mirrored(path, Some(mirror), options()).await
}

async fn write(store: &Store, numbers: std::ops::Range<u32>, text: &'static str) {
    let put = move |changes: &mut store::Changes<'_>| {
        let mut numbers = numbers.into_iter();
        numbers.try_for_each(|number| changes.put::<Notes>(&(tenant("contoso"), number), &note(text)))
    };
    store.commit(put).await.unwrap();
}

async fn delete(store: &Store, number: u32) {
    let delete = move |changes: &mut store::Changes<'_>| {
        changes.delete::<Notes>(&(tenant("contoso"), number));
        Ok::<_, StoreError>(())
    };
    store.commit(delete).await.unwrap();
}

fn told(store: &Store) -> Vec<(u32, Vec<u8>)> {
    let rows = store.scan::<Notes>(()).map(|row| row.unwrap());
    rows.map(|((_, number), note)| (number, note.text)).collect()
}

#[tokio::test]
async fn what_is_acknowledged_is_in_both() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mirror) = (dir.path().join("store"), dir.path().join("mirror"));
    let store = mirrored(&path, &mirror).await.unwrap();
    write(&store, 0..40, "first").await;
    write(&store, 20..60, "second").await;
    delete(&store, 3).await;
    let expected = told(&store);
    assert_eq!(expected.len(), 59);
    // As a crash leaves it: copied while it is open.
    let lost = dir.path().join("copied");
    copy(&mirror, &lost);
    let copied = open(&lost).await;
    assert_eq!((told(&copied), copied.incarnation()), (expected, store.incarnation()));
}

#[tokio::test]
async fn a_mirror_is_given_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mirror) = (dir.path().join("store"), dir.path().join("mirror"));
    // More than one step copies: a mirror that comes late, then one that missed much, then one that missed little.
    let mut rows = 0;
    for (more, text) in [(9_000, "a"), (8_500, "b"), (3, "c"), (0, "")] {
        let store = open(&path).await;
        for from in (0..more).step_by(500) {
            write(&store, from..(from + 500).min(more), text).await;
        }
        delete(&store, more + 1).await;
        let expected = told(&store);
        store.close().await;
        mirrored(&path, &mirror).await.unwrap().close().await;
        let held = open(&mirror).await;
        assert!(told(&held) == expected, "after {more} more rows");
        rows = expected.len();
        held.close().await;
    }
    assert!(rows > 8_000);
}

#[tokio::test]
async fn a_lost_store_comes_back_from_its_mirror() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mirror) = (dir.path().join("store"), dir.path().join("mirror"));
    let store = mirrored(&path, &mirror).await.unwrap();
    for from in (0..9_000).step_by(500) {
        write(&store, from..from + 500, "kept").await;
    }
    let (expected, incarnation) = (told(&store), store.incarnation());
    store.close().await;
    std::fs::remove_dir_all(&path).unwrap();
    // A start without the store is refused, and leaves an empty one with a name of its own.
    let unlike = Options { fresh_incarnation: 8, ..options() };
    assert_eq!(Store::open_mirrored(&path, Some(&mirror), unlike).await.err(), Some(StoreError::BehindMirror));
    Store::recover(&path, &mirror, options()).await.unwrap();
    let store = mirrored(&path, &mirror).await.unwrap();
    assert_eq!((told(&store), store.incarnation()), (expected, incarnation));
    write(&store, 0..1, "on").await;
}

#[tokio::test]
async fn a_store_that_was_put_back_is_behind_its_mirror_and_brought_up() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mirror, old) = (dir.path().join("store"), dir.path().join("mirror"), dir.path().join("old"));
    let store = mirrored(&path, &mirror).await.unwrap();
    write(&store, 0..10, "before").await;
    store.close().await;
    copy(&path, &old);
    let store = mirrored(&path, &mirror).await.unwrap();
    write(&store, 5..20, "after").await;
    let expected = told(&store);
    store.close().await;
    std::fs::remove_dir_all(&path).unwrap();
    copy(&old, &path);
    assert_eq!(mirrored(&path, &mirror).await.err(), Some(StoreError::BehindMirror));
    // It went on from there by itself, with as many commits as the mirror has: still not the same.
    let astray = dir.path().join("astray");
    copy(&old, &astray);
    let store = open(&astray).await;
    write(&store, 0..1, "astray").await;
    store.close().await;
    assert_eq!(mirrored(&astray, &mirror).await.err(), Some(StoreError::BehindMirror));
    Store::recover(&path, &mirror, options()).await.unwrap();
    let store = mirrored(&path, &mirror).await.unwrap();
    assert_eq!(told(&store), expected);
    write(&store, 0..1, "on").await;
    store.close().await;
    // And the other way round nothing is brought back: the mirror would take away what the store has.
    let ahead = open(&path).await;
    ahead.commit(|changes| changes.put::<Summary>(&(), &note("alone"))).await.unwrap();
    ahead.close().await;
    assert_eq!(Store::recover(&path, &mirror, options()).await.err(), Some(StoreError::AheadOfMirror));
    assert_eq!(open(&path).await.get::<Summary>(&()).unwrap(), Some(note("alone")));
}

#[tokio::test]
async fn another_store_is_neither_a_mirror_nor_brought_back() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("store"), dir.path().join("other"));
    write(&open(&path).await, 0..2, "mine").await;
    let theirs = Store::open(&other, Options { fresh_incarnation: 9, ..options() }).await.unwrap();
    write(&theirs, 0..2, "theirs").await;
    theirs.close().await;
    assert_eq!(mirrored(&path, &other).await.err(), Some(StoreError::BehindMirror));
    assert_eq!(Store::recover(&path, &other, options()).await.err(), Some(StoreError::AheadOfMirror));
    let nothing = dir.path().join("nothing");
    assert!(Store::recover(&path, &nothing, options()).await.err().unwrap().is_damage());
    assert!(!nothing.exists());
    assert_eq!(told(&open(&path).await).len(), 2);
}
