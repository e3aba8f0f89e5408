//! The view's store: chunks, places of held mailboxes, and the cursor that never passes what is in neither.

use std::collections::{HashMap, HashSet};

use contracts::ingestion::v1 as pb;
use sealing::Key;
use store::{Store, StoreError};
use vocabulary::{Fault, TenantId, UserId};

use crate::block;
use crate::mailboxes::{Opening, Place};
use crate::tables::{Chunks, Cursor, Places};

/// How many rows one commit deletes at most.
const DELETED_AT_ONCE: usize = 2_000;

/// What a view has on disk.
pub struct Disk {
    store: Store,
    next_chunk: u64,
    /// Mailboxes that have rows.
    stored: HashSet<Place>,
    /// Where the log is written up to.
    pub cursor: pb::StoredCursor,
    /// Where held mailboxes begin again.
    pub places: HashMap<Place, pb::StoredPlace>,
}

/// A chunk to write.
pub struct Draft {
    /// Whose.
    pub place: Place,
    /// Under which opening.
    pub opening: Opening,
    /// What.
    pub entries: Vec<pb::Entry>,
}

impl Disk {
    /// Reads where the store stands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        let cursor = store.get::<Cursor>(&())?.unwrap_or_default();
        let places = store.scan::<Places>(()).collect::<Result<_, _>>()?;
        let mut next_chunk = 1;
        let mut stored = HashSet::new();
        for row in store.scan::<Chunks>(()) {
            let ((tenant, user, number), _) = row?;
            next_chunk = next_chunk.max(number + 1);
            stored.insert((tenant, user));
        }
        Ok(Self { store, next_chunk, stored, cursor, places })
    }

    /// The mailboxes of a tenant that have rows.
    pub fn stored(&self, tenant: &TenantId) -> Vec<Place> {
        self.stored.iter().filter(|(of, _)| of == tenant).cloned().collect()
    }

    /// Opens the chunks of one generation of a mailbox.
    ///
    /// # Errors
    /// When one of them does not open: the caller removes them and folds the mailbox anew.
    pub fn load(&self, place: &Place, generation: u32, key: &Key) -> Result<Vec<pb::Entry>, Fault> {
        let (tenant, user) = place;
        let mut entries = Vec::new();
        for row in self.store.scan::<Chunks>((tenant.clone(), *user)) {
            let ((_, _, number), chunk) = row?;
            if chunk.generation == generation {
                entries.extend(block::open(key, &block::chunk_place(tenant, *user, generation, number), &chunk.sealed)?);
            }
        }
        Ok(entries)
    }

    /// Removes the chunks of every generation of a mailbox but one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_all_but(&mut self, place: &Place, kept: Option<u32>) -> Result<(), StoreError> {
        if !self.stored.contains(place) {
            return Ok(());
        }
        let mut doomed = Vec::new();
        for row in self.store.scan::<Chunks>(place.clone()) {
            let (key, chunk) = row?;
            if Some(chunk.generation) != kept {
                doomed.push(key);
            }
        }
        self.remove(doomed).await?;
        if kept.is_none() {
            self.stored.remove(place);
        }
        Ok(())
    }

    /// Writes chunks, places and the cursor in one commit.
    ///
    /// # Errors
    /// When the store fails, or an entry fits no chunk.
    pub async fn write(&mut self, drafts: Vec<Draft>, cursor: pb::StoredCursor) -> Result<(), Fault> {
        let mut rows = Vec::new();
        for draft in drafts {
            let (tenant, user) = draft.place;
            let first = self.next_chunk;
            let place = |number| block::chunk_place(&tenant, user, draft.opening.generation, first + number);
            for sealed in block::pack(&draft.opening.key, draft.entries, place)? {
                self.stored.insert((tenant.clone(), user));
                rows.push(((tenant.clone(), user, self.next_chunk), pb::StoredChunk { generation: draft.opening.generation, sealed }));
                self.next_chunk += 1;
            }
        }
        let places: Vec<_> = self.places.iter().map(|(place, stored)| (place.clone(), *stored)).collect();
        self.store
            .commit::<(), StoreError>(move |changes| {
                let gone: Vec<Place> = changes.scan::<Places>(()).map(|row| row.map(|(place, _)| place)).collect::<Result<_, _>>()?;
                gone.iter().for_each(|place| changes.delete::<Places>(place));
                places.iter().try_for_each(|(place, stored)| changes.put::<Places>(place, stored))?;
                rows.iter().try_for_each(|(key, chunk)| changes.put::<Chunks>(key, chunk))?;
                changes.put::<Cursor>(&(), &cursor)
            })
            .await?;
        self.cursor = cursor;
        Ok(())
    }

    /// Removes everything: the log is another one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clear(&mut self, incarnation: u64) -> Result<(), Fault> {
        let doomed = self.store.scan::<Chunks>(()).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, _>>()?;
        self.places.clear();
        self.stored.clear();
        self.write(Vec::new(), pb::StoredCursor { incarnation, position: 0 }).await?;
        Ok(self.remove(doomed).await?)
    }

    /// Finishes what is waiting and gives the store back to the disk.
    pub async fn close(self) {
        self.store.close().await;
    }

    async fn remove(&self, doomed: Vec<(TenantId, UserId, u64)>) -> Result<(), StoreError> {
        for keys in doomed.chunks(DELETED_AT_ONCE) {
            let keys = keys.to_vec();
            self.store
                .commit::<(), StoreError>(move |changes| {
                    keys.iter().for_each(|key| changes.delete::<Chunks>(key));
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }
}
