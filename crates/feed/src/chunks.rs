//! The view's store: chunks, places where mailboxes begin again, and the cursor that never passes what is in neither.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use consent_client::Erased;
use contracts::ingestion::v1 as pb;
use store::{Prefix, Scan, Store, StoreError};
use vocabulary::{Fault, TenantId, UserId};

use crate::mailboxes::{Loaded, Opening, Place};
use crate::tables::{Chunks, Cursor, Places};
use crate::{block, entry};

/// How many rows one commit writes anew.
const WRITTEN_AT_ONCE: usize = 200;

/// How many rows one commit deletes at most.
const DELETED_AT_ONCE: usize = 2_000;

/// What a view has on disk.
pub struct Disk {
    store: Store,
    next_chunk: u64,
    /// The generations of which a mailbox has rows.
    stored: HashMap<Place, BTreeSet<u32>>,
    cursor: pb::StoredCursor,
    places: HashMap<Place, pb::StoredPlace>,
}

impl Disk {
    /// Reads where the store stands. Takes time in proportion to its rows, and blocks.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        let cursor = store.get::<Cursor>(&())?.unwrap_or_default();
        let places = store.scan::<Places>(()).collect::<Result<_, _>>()?;
        let mut next_chunk = 1;
        let mut stored: HashMap<Place, BTreeSet<u32>> = HashMap::new();
        for row in store.scan::<Chunks>(()) {
            let ((tenant, user, number), chunk) = row?;
            next_chunk = next_chunk.max(number + 1);
            stored.entry((tenant, user)).or_default().insert(chunk.generation);
        }
        Ok(Self { store, next_chunk, stored, cursor, places })
    }

    /// Where the log is written up to.
    pub fn cursor(&self) -> pb::StoredCursor {
        self.cursor
    }

    /// Where mailboxes begin again.
    pub fn places(&self) -> &HashMap<Place, pb::StoredPlace> {
        &self.places
    }

    /// The mailboxes of a tenant that have rows of a generation that is not `wanted`.
    pub fn unwanted(&self, tenant: &TenantId, wanted: impl Fn(UserId, u32) -> bool) -> Vec<Place> {
        let unwanted = |user: UserId, generations: &BTreeSet<u32>| generations.iter().any(|generation| !wanted(user, *generation));
        let of_tenant = self.stored.iter().filter(|((of, user), generations)| of == tenant && unwanted(*user, generations));
        of_tenant.map(|(place, _)| place.clone()).collect()
    }

    /// Opens the chunks of one opening of a mailbox; `None` when one of them does not open: it belongs to another, or is damaged.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(&self, place: &Place, opening: &Opening) -> Result<Option<Vec<pb::Entry>>, Fault> {
        if self.stored.get(place).is_none_or(|generations| !generations.contains(&opening.generation)) {
            return Ok(Some(Vec::new()));
        }
        let (opening, (tenant, user)) = (opening.clone(), place.clone());
        let open = move |rows: Scan<Chunks>| {
            let mut entries = Vec::new();
            for row in rows {
                let ((_, _, number), chunk) = row?;
                if chunk.generation == opening.generation {
                    let place = block::chunk_place(&tenant, user, opening.generation, number);
                    match block::open(&opening.key, &place, &chunk.sealed) {
                        Ok(opened) => entries.extend(opened),
                        Err(_) => return Ok(None),
                    }
                }
            }
            Ok(Some(entries))
        };
        self.read(place.clone(), open).await
    }

    /// Removes the chunks of a mailbox but those of the generations that are `wanted`; answers how many went.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&mut self, place: &Place, wanted: impl Fn(u32) -> bool) -> Result<u64, Fault> {
        let rows: Vec<_> =
            self.read(place.clone(), |rows| rows.map(|row| row.map(|(key, chunk)| (key, chunk.generation))).collect()).await?;
        let doomed: Vec<_> = rows.into_iter().filter(|(_, generation)| !wanted(*generation)).map(|(key, _)| key).collect();
        let removed = doomed.len() as u64;
        self.delete(doomed).await?;
        if let Some(generations) = self.stored.get_mut(place) {
            generations.retain(|generation| wanted(*generation));
            if generations.is_empty() {
                self.stored.remove(place);
            }
        }
        Ok(removed)
    }

    /// Writes the chunks of an opening anew that name somebody erased, without them; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rewrite(&self, place: &Place, opening: &Opening, erased: Arc<Erased>) -> Result<u64, Fault> {
        let (opening, (tenant, user)) = (opening.clone(), place.clone());
        let key = opening.key.clone();
        let find = move |rows: Scan<Chunks>| {
            let mut changed = Vec::new();
            for row in rows {
                let ((_, _, number), chunk) = row?;
                let at = block::chunk_place(&tenant, user, opening.generation, number);
                // What does not open with this key is of another opening, and is looked at when it is loaded.
                let opened = if chunk.generation == opening.generation { block::open(&opening.key, &at, &chunk.sealed).ok() } else { None };
                if let Some((left, 1..)) = opened.map(|entries| entry::without(entries, &erased.people)) {
                    changed.push(((tenant.clone(), user, number), chunk.generation, left));
                }
            }
            Ok(changed)
        };
        let changed = self.read(place.clone(), find).await?;
        let rows = changed.len() as u64;
        for part in changed.chunks(WRITTEN_AT_ONCE) {
            let mut written = Vec::with_capacity(part.len());
            for (row, generation, left) in part {
                let at = |_| block::chunk_place(&row.0, row.1, *generation, row.2);
                // Less than there was fits where it was; nothing left is no row.
                written.push((row.clone(), *generation, block::pack(&key, left.clone(), at)?.pop()));
            }
            self.store
                .commit::<(), StoreError>(move |changes| {
                    written.into_iter().try_for_each(|(row, generation, sealed)| match sealed {
                        Some(sealed) => changes.put::<Chunks>(&row, &pb::StoredChunk { generation, sealed }),
                        None => {
                            changes.delete::<Chunks>(&row);
                            Ok(())
                        }
                    })
                })
                .await?;
        }
        Ok(rows)
    }

    /// Notes where a mailbox begins again: before its chunks are removed, so that a crash in between loses neither.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(&mut self, place: &Place, stored: pb::StoredPlace) -> Result<(), Fault> {
        let row = place.clone();
        self.store.commit::<(), StoreError>(move |changes| changes.put::<Places>(&row, &stored)).await?;
        self.places.insert(place.clone(), stored);
        Ok(())
    }

    /// Writes what is pending, the places and the cursor in one commit. Nothing is written when nothing has changed.
    ///
    /// # Errors
    /// When the store fails, or an entry fits no chunk: nothing is written then.
    pub async fn write<'a>(
        &mut self,
        pending: impl Iterator<Item = (&'a Place, &'a Loaded)>,
        places: HashMap<Place, pb::StoredPlace>,
        cursor: pb::StoredCursor,
    ) -> Result<(), Fault> {
        let mut next_chunk = self.next_chunk;
        let mut rows = Vec::new();
        for ((tenant, user), Loaded { opening, pending, .. }) in pending {
            let first = next_chunk;
            let place = |number| block::chunk_place(tenant, *user, opening.generation, first + number);
            for sealed in block::pack(&opening.key, pending.clone(), place)? {
                rows.push(((tenant.clone(), *user, next_chunk), pb::StoredChunk { generation: opening.generation, sealed }));
                next_chunk += 1;
            }
        }
        if rows.is_empty() && places == self.places && cursor == self.cursor {
            return Ok(());
        }
        let written: Vec<(Place, u32)> =
            rows.iter().map(|((tenant, user, _), chunk)| ((tenant.clone(), *user), chunk.generation)).collect();
        let gone: Vec<Place> = self.places.keys().filter(|place| !places.contains_key(*place)).cloned().collect();
        let moved = places.iter().filter(|(place, stored)| self.places.get(*place) != Some(*stored));
        let moved: Vec<_> = moved.map(|(place, stored)| (place.clone(), *stored)).collect();
        self.store
            .commit::<(), StoreError>(move |changes| {
                gone.iter().for_each(|place| changes.delete::<Places>(place));
                moved.iter().try_for_each(|(place, stored)| changes.put::<Places>(place, stored))?;
                rows.iter().try_for_each(|(key, chunk)| changes.put::<Chunks>(key, chunk))?;
                changes.put::<Cursor>(&(), &cursor)
            })
            .await?;
        (self.next_chunk, self.places, self.cursor) = (next_chunk, places, cursor);
        for (place, generation) in written {
            self.stored.entry(place).or_default().insert(generation);
        }
        Ok(())
    }

    /// Removes everything of a tenant; answers how many chunks went.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_tenant(&mut self, tenant: &TenantId) -> Result<u64, Fault> {
        let prefix = (tenant.clone(),);
        let store = self.store.clone();
        let keys = tokio::task::spawn_blocking(move || {
            store.scan::<Chunks>(prefix).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, StoreError>>()
        });
        let doomed = keys.await.map_err(|_| Fault::internal("reading chunks was given up"))??;
        let removed = doomed.len() as u64;
        self.delete(doomed).await?;
        let places: Vec<Place> = self.places.keys().filter(|(of, _)| of == tenant).cloned().collect();
        let gone = places.clone();
        self.store
            .commit::<(), StoreError>(move |changes| {
                gone.iter().for_each(|place| changes.delete::<Places>(place));
                Ok(())
            })
            .await?;
        self.places.retain(|(of, _), _| of != tenant);
        self.stored.retain(|(of, _), _| of != tenant);
        Ok(removed)
    }

    /// Removes everything, the cursor last: whoever is interrupted begins again with removing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clear(&mut self) -> Result<(), Fault> {
        let doomed = self.read((), |rows| rows.map(|row| row.map(|(key, _)| key)).collect()).await?;
        self.delete(doomed).await?;
        self.stored.clear();
        self.write([].into_iter(), HashMap::new(), pb::StoredCursor::default()).await
    }

    /// Finishes what is waiting and gives the store back to the disk.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// Reads rows where blocking is no harm: a mailbox may have many.
    async fn read<T: Send + 'static>(
        &self,
        prefix: impl Prefix<(TenantId, UserId, u64)> + Send + 'static,
        reading: impl FnOnce(Scan<Chunks>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || reading(store.scan::<Chunks>(prefix)));
        Ok(read.await.map_err(|_| Fault::internal("reading chunks was given up"))??)
    }

    async fn delete(&self, doomed: Vec<(TenantId, UserId, u64)>) -> Result<(), StoreError> {
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
