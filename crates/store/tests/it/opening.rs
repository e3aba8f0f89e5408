//! The lock, the incarnation and the witness.

use store::{Options, Store, StoreError};

use crate::{Summary, note, open, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_waits_for_a_handle_that_is_being_dropped() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..10_u8 {
        let store = open(dir.path()).await;
        store.commit(move |changes| changes.put::<Summary>(&(), &note([round]))).await.unwrap();
        let path = dir.path().to_owned();
        let opening = tokio::spawn(async move { Store::open(&path, options()).await });
        tokio::task::yield_now().await;
        drop(store);
        let store = opening.await.unwrap().unwrap();
        assert_eq!(store.get::<Summary>(&()).unwrap(), Some(note([round])));
    }
}

#[tokio::test]
async fn a_database_that_is_held_cannot_be_opened_twice() {
    let dir = tempfile::tempdir().unwrap();
    let _held = open(dir.path()).await;
    assert_eq!(Store::open(dir.path(), options()).await.err(), Some(StoreError::Locked));
}

#[tokio::test]
async fn an_incarnation_is_given_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.incarnation(), options().fresh_incarnation);
    store.close().await;
    let store = Store::open(dir.path(), Options { fresh_incarnation: 8, ..options() }).await.unwrap();
    assert_eq!(store.incarnation(), options().fresh_incarnation);
}

#[tokio::test]
async fn an_older_copy_of_the_database_under_a_newer_witness_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store"), dir.path().join("copy"));
    let store = open(&path).await;
    store.commit(|changes| changes.put::<Summary>(&(), &note("old"))).await.unwrap();
    store.close().await;
    crate::damage::copy(&path, &copy);
    let store = open(&path).await;
    store.commit(|changes| changes.put::<Summary>(&(), &note("new"))).await.unwrap();
    store.close().await;
    std::fs::copy(path.join("witness"), copy.join("witness")).unwrap();
    assert!(Store::open(&copy, options()).await.err().unwrap().is_damage());
    std::fs::remove_file(copy.join("witness")).unwrap();
    assert_eq!(open(&copy).await.get::<Summary>(&()).unwrap(), Some(note("old")));
    std::fs::remove_file(copy.join("db")).unwrap();
    assert!(Store::open(&copy, options()).await.is_err());
}
