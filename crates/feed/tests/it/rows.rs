//! What a view has on disk, read past it: the layout that must outlive releases.

use contracts::ingestion::v1 as pb;
use store::{Store, StoreError, Table};
use vocabulary::{TenantId, UserId};

pub enum Cursor {}

impl Table for Cursor {
    const TAG: u8 = 1;
    const NAME: &'static str = "cursor";
    type Key = ();
    type Value = pb::StoredCursor;
}

pub enum Chunks {}

impl Table for Chunks {
    const TAG: u8 = 2;
    const NAME: &'static str = "chunks";
    type Key = (TenantId, UserId, u64);
    type Value = pb::StoredChunk;
}

pub enum Places {}

impl Table for Places {
    const TAG: u8 = 3;
    const NAME: &'static str = "places";
    type Key = (TenantId, UserId);
    type Value = pb::StoredPlace;
}

/// The generations of the chunks of a mailbox, one for each chunk.
pub fn chunks(store: &Store, tenant: &str, user: u64) -> Vec<u32> {
    store.scan::<Chunks>(mailbox(tenant, user)).map(|row| row.unwrap().1.generation).collect()
}

/// Where a mailbox begins again, if it does.
pub fn place(store: &Store, tenant: &str, user: u64) -> Option<pb::StoredPlace> {
    store.get::<Places>(&mailbox(tenant, user)).unwrap()
}

/// Up to where the log is written.
pub fn cursor(store: &Store) -> pb::StoredCursor {
    store.get::<Cursor>(&()).unwrap().unwrap_or_default()
}

/// Damages the last chunk of a mailbox.
pub async fn damage(store: &Store, tenant: &str, user: u64) {
    let (key, mut chunk) = store.last::<Chunks>(mailbox(tenant, user)).unwrap().unwrap();
    *chunk.sealed.last_mut().unwrap() ^= 1;
    store.commit::<(), StoreError>(move |changes| changes.put::<Chunks>(&key, &chunk)).await.unwrap();
}

fn mailbox(tenant: &str, user: u64) -> (TenantId, UserId) {
    (TenantId::parse(tenant).unwrap(), UserId(user))
}
