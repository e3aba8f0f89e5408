//! What a commit sees, keeps and refuses.

use store::{MAX_VALUE_BYTES, Store, StoreError};

use crate::{Notes, Summary, note, open, tenant};

#[derive(Debug, PartialEq)]
enum Refusal {
    Full,
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Holds the committer inside a change until the returned sender is dropped, so that what is sent meanwhile forms one group.
fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (inside, entered) = std::sync::mpsc::channel();
    let store = store.clone();
    tokio::spawn(async move {
        let change = move |_: &mut store::Changes<'_>| {
            inside.send(()).unwrap();
            let _released = held.recv();
            Ok::<_, StoreError>(())
        };
        store.commit(change).await
    });
    tokio::task::block_in_place(|| entered.recv()).unwrap();
    release
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_sees_what_its_group_wrote_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let release = hold(&store);
    let key = (tenant("a"), 1);
    let (first, second) = (key.clone(), key.clone());
    let write = store.commit(move |changes| changes.put::<Notes>(&first, &note("one")));
    let read = store.commit(move |changes| {
        let scanned = changes.scan::<Notes>(()).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, StoreError>((changes.get::<Notes>(&second)?, scanned.len()))
    });
    let (write, read, ()) = tokio::join!(biased; write, read, async { drop(release) });
    write.unwrap();
    assert_eq!(read.unwrap(), (Some(note("one")), 1));
    assert_eq!(store.get::<Notes>(&key).unwrap(), Some(note("one")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_or_panic_takes_back_its_own_changes_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.commit(|changes| changes.put::<Summary>(&(), &note("before"))).await.unwrap();
    let release = hold(&store);
    let a = tenant("a");
    let keys = [1, 2, 3].map(|n| (a.clone(), n));
    let [one, two, three] = keys.clone();
    let again = one.clone();
    let kept = store.commit(move |changes| changes.put::<Notes>(&one, &note("kept")));
    let refused = store.commit(move |changes| {
        changes.put::<Notes>(&again, &note("overwritten"))?;
        changes.delete::<Notes>(&again);
        changes.put::<Notes>(&two, &note("refused"))?;
        changes.delete::<Summary>(&());
        Err::<(), _>(Refusal::Full)
    });
    let panicked = store.commit(move |changes| -> Result<(), Refusal> {
        changes.put::<Notes>(&three, &note("panicked"))?;
        panic!("a defect of the rule");
    });
    let (kept, refused, panicked, ()) = tokio::join!(biased; kept, refused, panicked, async { drop(release) });
    assert_eq!(kept, Ok(()));
    assert_eq!(refused, Err(Refusal::Full));
    assert_eq!(panicked, Err(Refusal::Store(StoreError::Panicked)));
    let found = keys.map(|key| store.get::<Notes>(&key).unwrap());
    assert_eq!(found, [Some(note("kept")), None, None]);
    assert_eq!(store.get::<Summary>(&()).unwrap(), Some(note("before")));
    store.commit(|changes| changes.put::<Summary>(&(), &note("after"))).await.unwrap();
    store.close().await;
    let store = open(dir.path()).await;
    assert_eq!(store.get::<Summary>(&()).unwrap(), Some(note("after")));
}

#[tokio::test]
async fn a_value_above_the_limit_is_refused_and_one_at_the_limit_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    // Tag and length of the one field take three bytes.
    let largest = note(vec![7; MAX_VALUE_BYTES - 3]);
    let larger = note(vec![7; MAX_VALUE_BYTES - 2]);
    let kept = largest.clone();
    store.commit(move |changes| changes.put::<Summary>(&(), &kept)).await.unwrap();
    let refused = store.commit(move |changes| changes.put::<Summary>(&(), &larger)).await;
    assert_eq!(refused, Err(StoreError::ValueTooLarge { table: "summary", bytes: MAX_VALUE_BYTES + 1 }));
    assert_eq!(store.get::<Summary>(&()).unwrap(), Some(largest));
}

#[tokio::test]
async fn a_closed_store_finishes_what_waits_and_refuses_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let other = store.clone();
    store.commit(|changes| changes.put::<Summary>(&(), &note("kept"))).await.unwrap();
    store.close().await;
    let refused = other.commit(|changes| changes.put::<Summary>(&(), &note("late"))).await;
    assert_eq!(refused, Err(StoreError::Closed));
    assert_eq!(other.get::<Summary>(&()).unwrap(), Some(note("kept")));
}

#[test]
fn threads_that_may_block_commit_without_a_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = runtime.block_on(open(dir.path()));
    store.commit_blocking(|changes| changes.put::<Summary>(&(), &note("kept"))).unwrap();
    assert_eq!(store.get::<Summary>(&()).unwrap(), Some(note("kept")));
    runtime.block_on(store.close());
}
