//! Which mailboxes are in memory, and what of them is not written yet. Bookkeeping only: no store, no keys, no waiting.

use std::collections::HashMap;

use contracts::ingestion::v1 as pb;
use sealing::Key;
use vocabulary::{TenantId, UserId};

/// A mailbox of a tenant; the CRM has one of its own.
pub type Place = (TenantId, UserId);

/// Which opening of a mailbox is in memory: a purpose that was closed and opened again has another key in the same generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The generation of its keys.
    pub generation: u32,
    /// The view's key.
    pub key: Key,
}

/// A mailbox that is in memory.
#[derive(Debug)]
pub struct Loaded {
    /// Which opening it is.
    pub opening: Opening,
    /// Folded, but in no chunk yet.
    pub pending: Vec<pb::Entry>,
    /// The block that the first pending entry came in.
    pub first_pending: u64,
}

impl Loaded {
    /// Where folding it begins again, should it be held before the pending is written.
    pub fn place(&self) -> pb::StoredPlace {
        pb::StoredPlace { generation: self.opening.generation, position: self.first_pending }
    }
}

/// Every mailbox that is in memory.
#[derive(Debug, Default)]
pub struct Mailboxes {
    loaded: HashMap<Place, Loaded>,
    pending: usize,
}

impl Mailboxes {
    /// The opening that is in memory.
    pub fn opening(&self, place: &Place) -> Option<&Opening> {
        self.loaded.get(place).map(|loaded| &loaded.opening)
    }

    /// The mailboxes of a tenant that are in memory.
    pub fn of(&self, tenant: &TenantId) -> Vec<(UserId, Opening)> {
        self.loaded.iter().filter(|((of, _), _)| of == tenant).map(|((_, user), loaded)| (*user, loaded.opening.clone())).collect()
    }

    /// Notes that a mailbox is in memory now.
    pub fn load(&mut self, place: Place, opening: Opening) {
        self.loaded.insert(place, Loaded { opening, pending: Vec::new(), first_pending: 0 });
    }

    /// Notes that a mailbox is no longer in memory; answers what was pending.
    pub fn unload(&mut self, place: &Place) -> Option<Loaded> {
        let loaded = self.loaded.remove(place)?;
        self.pending -= loaded.pending.len();
        Some(loaded)
    }

    /// Notes what a block brought.
    pub fn push(&mut self, place: &Place, block: u64, entries: Vec<pb::Entry>) {
        if let Some(loaded) = self.loaded.get_mut(place) {
            if loaded.pending.is_empty() {
                loaded.first_pending = block;
            }
            self.pending += entries.len();
            loaded.pending.extend(entries);
        }
    }

    /// How many entries are pending.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Takes everything that is pending, by mailbox.
    pub fn take_pending(&mut self) -> Vec<(Place, Loaded)> {
        self.pending = 0;
        let waiting = self.loaded.iter_mut().filter(|(_, loaded)| !loaded.pending.is_empty());
        waiting
            .map(|(place, loaded)| {
                let empty = Loaded { opening: loaded.opening.clone(), pending: Vec::new(), first_pending: 0 };
                (place.clone(), std::mem::replace(loaded, empty))
            })
            .collect()
    }
}
