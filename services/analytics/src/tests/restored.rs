//! Records of a store that was put back from a backup.

use std::path::Path;

use contracts::common::v1::RecordKind;
use store::{Ancestor, Options, Origin, Present, Rewrite};
use vocabulary::Reason;

use super::peers::{Consent, Feed};
use super::{ADA, Service, contact};
use crate::tables::Parts;

const OPTIONS: Options = Options { cache_bytes: 1 << 20, fresh_incarnation: 0 };

/// Puts a store in the place of itself, as a restore does, with one record that opens under no key.
async fn put_back(path: &Path, incarnation: u64) {
    make_unreadable(path).await;
    let (present, held) = Present::at(path, OPTIONS).await.unwrap();
    let held = held.unwrap();
    let mut snapshot = held.snapshot().await.unwrap();
    let origin = Origin { descends: vec![snapshot.at()], replaces: vec![held.incarnation()] };
    let mut rewrite = Rewrite::begin(path, Ancestor { incarnation, groups: 0 }, Some(&origin)).unwrap();
    rewrite.put(snapshot.next_rows(usize::MAX).unwrap()).unwrap();
    drop(snapshot);
    held.close().await;
    rewrite.finish().await.unwrap().install(present).await.unwrap();
}

/// Makes the first record of the store one that does not open.
async fn make_unreadable(path: &Path) {
    let store = store::Store::open(path, OPTIONS).await.unwrap();
    let (key, mut row) = store.scan::<Parts>(()).next().unwrap().unwrap();
    *row.sealed.last_mut().unwrap() ^= 1;
    store.commit::<_, store::StoreError>(move |changes| changes.put::<Parts>(&key, &row)).await.unwrap();
    store.close().await;
}

/// How many of two contacts are there.
async fn there(service: &Service) -> Result<usize, Reason> {
    let mut there = 0;
    for id in ["c1", "c2"] {
        match service.get(RecordKind::Contact, id).await {
            Ok(_) => there += 1,
            Err(fault) if fault.reason == Reason::RecordNotFound => {}
            Err(fault) => return Err(fault.reason),
        }
    }
    Ok(there)
}

#[tokio::test]
async fn what_opens_under_no_key_is_removed_once_after_a_restore_and_a_failure_at_any_other_time() {
    let service = Service::start(Consent::open(&[ADA]), Feed::default()).await;
    service.upsert(vec![contact("c1", &[]), contact("c2", &[])]).await;
    let records = service.folder.path().join("analytics/records");
    let (consent, feed) = (service.consent.clone(), service.feed.clone());
    let folder = service.stopped();
    put_back(&records, 99).await;
    let service = Service::on(folder, consent.clone(), feed.clone()).await;
    assert_eq!(there(&service).await, Ok(1));

    let folder = service.stopped();
    make_unreadable(&records).await;
    let service = Service::on(folder, consent, feed).await;
    assert_eq!(there(&service).await, Err(Reason::StoreFailed));
    let folder = service.stopped();
    let store = store::Store::open(&records, OPTIONS).await.unwrap();
    assert_eq!(store.scan::<Parts>(()).count(), 1, "it stays");
    drop(folder);
}
