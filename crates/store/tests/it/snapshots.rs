//! A snapshot shows every row of one moment, whatever is committed while it is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use store::{RawRow, Snapshot, Store, StoreError};

use crate::{Last, Notes, Summary, note, open, tenant};

const KEYS: u32 = 600;

/// What the `n`th change writes and deletes: rows all over, one at the very end, and its own number.
fn change(changes: &mut store::Changes<'_>, n: u64) -> Result<(), StoreError> {
    let mut random = SmallRng::seed_from_u64(n);
    for _ in 0..6 {
        let text = [n.to_be_bytes().to_vec(), vec![7; random.random_range(0..600)]].concat();
        changes.put::<Notes>(&(tenant("a"), random.random_range(0..KEYS)), &note(text))?;
        changes.delete::<Notes>(&(tenant("a"), random.random_range(0..KEYS)));
    }
    changes.put::<Last>(&n, &note(n.to_be_bytes()))?;
    changes.put::<Summary>(&(), &note(n.to_be_bytes()))
}

fn read(mut snapshot: Snapshot, bytes: usize, mut between: impl FnMut()) -> Result<Vec<RawRow>, StoreError> {
    let mut all = Vec::new();
    loop {
        let rows = snapshot.next_rows(bytes)?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
        between();
    }
}

/// Ends the writer when the test ends, whichever way.
struct Stopping(Arc<AtomicBool>);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn as_map(rows: Vec<RawRow>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let count = rows.len();
    let map: BTreeMap<_, _> = rows.into_iter().map(|row| (row.key, row.value)).collect();
    assert_eq!(map.len(), count, "a row came twice");
    map
}

/// The rows of a store to which the changes up to the `n`th were made and nothing else.
async fn expected(n: u64) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.commit(move |changes| (0..=n).try_for_each(|n| change(changes, n))).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    as_map(read(snapshot, 1 << 20, || {}).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_of_one_moment_while_rows_come_go_and_change() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.commit(|changes| (0..200).try_for_each(|n| change(changes, n))).await.unwrap();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(199)));
    let writing = tokio::task::spawn_blocking({
        let (store, stop, done) = (store.clone(), Arc::clone(&stop), Arc::clone(&done));
        move || {
            for n in 200.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                store.commit_blocking(move |changes| change(changes, n)).unwrap();
                done.store(n, Ordering::Relaxed);
            }
        }
    });
    let stopping = Stopping(stop);
    let mut overtaken = 0;
    for round in 0..12 {
        let before = done.load(Ordering::Relaxed);
        let snapshot = store.snapshot().await.unwrap();
        let (at, count) = (snapshot.at(), snapshot.rows());
        let newest = Arc::clone(&done);
        // Each piece is read only when the writer has come further, so that every round is overtaken.
        let ended = Arc::clone(&stopping.0);
        let wait = move || {
            let seen = newest.load(Ordering::Relaxed);
            while newest.load(Ordering::Relaxed) < seen + 2 && !ended.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        };
        let rows = tokio::task::spawn_blocking(move || read(snapshot, 20_000, wait)).await.unwrap().unwrap();
        assert_eq!(rows.len() as u64, count, "round {round}");
        // Each change is a group of its own, but for the first two hundred.
        let n = at.groups + 198;
        assert!(n >= before && n <= done.load(Ordering::Relaxed), "round {round}: of another moment");
        overtaken += done.load(Ordering::Relaxed) - n;
        let differs = as_map(rows) != expected(n).await;
        assert!(!differs, "round {round}: not the rows of one moment");
    }
    assert!(overtaken > 100, "hardly anything was written meanwhile: {overtaken}");
    drop(stopping);
    writing.await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn two_at_once_show_their_own_moments() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let write = |n| {
        let store = store.clone();
        async move { store.commit(move |changes| change(changes, n)).await.unwrap() }
    };
    write(0).await;
    let first = store.snapshot().await.unwrap();
    write(1).await;
    let second = store.snapshot().await.unwrap();
    write(2).await;
    assert_eq!(as_map(read(second, 64, || {}).unwrap()), expected(1).await);
    assert_eq!(as_map(read(first, 1 << 20, || {}).unwrap()), expected(0).await);
}

#[tokio::test]
async fn of_an_empty_store_and_of_a_closed_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let mut empty = store.snapshot().await.unwrap();
    assert_eq!((empty.rows(), empty.next_rows(1).unwrap().len(), empty.origin()), (0, 0, None));
    let other = store.clone();
    store.close().await;
    assert_eq!(other.snapshot().await.err(), Some(StoreError::Closed));
    drop(Store::clone(&other));
}
