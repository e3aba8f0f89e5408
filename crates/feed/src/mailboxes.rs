//! Which mailboxes are in memory, what of them is not written yet, and what is still to be folded from the log. Bookkeeping only: no
//! store, no waiting.

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
    /// The earliest block that a pending entry came in.
    first_pending: u64,
}

/// Blocks, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    from: u64,
    to: u64,
}

/// Every mailbox that is in memory, and where those begin again that are not, though their keys live on.
///
/// A block that the follower has passed is folded and pending, folded and in a chunk, or its mailbox begins again at or before it.
#[derive(Debug, Default)]
pub struct Mailboxes {
    loaded: HashMap<Place, Loaded>,
    /// What mailboxes that are in memory lack of what the follower has passed.
    gaps: HashMap<Place, Gap>,
    /// Where mailboxes that are not in memory begin again.
    kept: HashMap<Place, pb::StoredPlace>,
    pending: usize,
}

impl Mailboxes {
    /// Nothing in memory yet.
    pub fn beginning_at(kept: HashMap<Place, pb::StoredPlace>) -> Self {
        Self { kept, ..Self::default() }
    }

    /// The opening that is in memory.
    pub fn opening(&self, place: &Place) -> Option<&Opening> {
        self.loaded.get(place).map(|loaded| &loaded.opening)
    }

    /// Forgets a tenant, with whatever was to be folded of it later.
    pub fn forget_tenant(&mut self, tenant: &TenantId) {
        self.erase(tenant, |_| Vec::new());
        self.loaded.retain(|(of, _), _| of != tenant);
        self.gaps.retain(|(of, _), _| of != tenant);
        self.kept.retain(|(of, _), _| of != tenant);
    }

    /// Changes what of a tenant is not written yet.
    pub fn erase(&mut self, tenant: &TenantId, change: impl Fn(Vec<pb::Entry>) -> Vec<pb::Entry>) {
        for (_, loaded) in self.loaded.iter_mut().filter(|((of, _), _)| of == tenant) {
            let before = loaded.pending.len();
            loaded.pending = change(std::mem::take(&mut loaded.pending));
            self.pending -= before - loaded.pending.len();
        }
    }

    /// The mailboxes of a tenant that are in memory.
    pub fn of(&self, tenant: &TenantId) -> Vec<(UserId, Opening)> {
        self.loaded.iter().filter(|((of, _), _)| of == tenant).map(|((_, user), loaded)| (*user, loaded.opening.clone())).collect()
    }

    /// Notes that a mailbox is in memory now, as its chunks tell it. What was kept of it until `position`, up to which the follower has
    /// come, is missing.
    pub fn load(&mut self, place: Place, opening: Opening, position: u64) {
        let kept = self.kept.remove(&place).filter(|kept| kept.generation == opening.generation && kept.position <= position);
        if let Some(kept) = kept {
            self.gaps.insert(place.clone(), Gap { from: kept.position, to: position });
        }
        self.loaded.insert(place, Loaded { opening, pending: Vec::new(), first_pending: 0 });
    }

    /// Notes that a mailbox is no longer in memory. If its key lives on, it begins again with what is in no chunk.
    pub fn unload(&mut self, place: &Place, lives_on: bool) {
        let Some(loaded) = self.loaded.remove(place) else { return };
        self.pending -= loaded.pending.len();
        let missing = self.gaps.remove(place).map(|gap| gap.from);
        let unwritten = (!loaded.pending.is_empty()).then_some(loaded.first_pending);
        if lives_on && let Some(first) = missing.into_iter().chain(unwritten).min() {
            self.keep(place.clone(), loaded.opening.generation, first);
        }
    }

    /// Notes that a mailbox that is not in memory begins again at a block, or earlier if that was noted before.
    pub fn keep(&mut self, place: Place, generation: u32, position: u64) {
        let kept = self.kept.entry(place).or_insert(pb::StoredPlace { generation, position });
        if kept.generation < generation || (kept.generation == generation && position < kept.position) {
            *kept = pb::StoredPlace { generation, position };
        }
    }

    /// Forgets where mailboxes of a tenant begin again, but for the generations that are `wanted`.
    pub fn prune(&mut self, tenant: &TenantId, wanted: impl Fn(UserId, u32) -> bool) {
        self.kept.retain(|(of, user), kept| of != tenant || wanted(*user, kept.generation));
    }

    /// Notes what a block brought.
    pub fn push(&mut self, place: &Place, block: u64, entries: Vec<pb::Entry>) {
        if let Some(loaded) = self.loaded.get_mut(place) {
            loaded.first_pending = if loaded.pending.is_empty() { block } else { block.min(loaded.first_pending) };
            self.pending += entries.len();
            loaded.pending.extend(entries);
        }
    }

    /// How many entries are pending.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// The mailboxes with something pending.
    pub fn unwritten(&self) -> impl Iterator<Item = (&Place, &Loaded)> {
        self.loaded.iter().filter(|(_, loaded)| !loaded.pending.is_empty())
    }

    /// Notes that everything pending is in chunks.
    pub fn written(&mut self) {
        self.pending = 0;
        self.loaded.values_mut().for_each(|loaded| loaded.pending = Vec::new());
    }

    /// Where every mailbox begins again that does, whether it is in memory or not.
    pub fn places(&self) -> HashMap<Place, pb::StoredPlace> {
        let missing = self.gaps.iter().filter_map(|(place, gap)| {
            let generation = self.opening(place)?.generation;
            Some((place.clone(), pb::StoredPlace { generation, position: gap.from }))
        });
        missing.chain(self.kept.iter().map(|(place, kept)| (place.clone(), *kept))).collect()
    }

    /// The first block that is missing anywhere.
    pub fn first_missing(&self) -> Option<u64> {
        self.gaps.values().map(|gap| gap.from).min()
    }

    /// Whether a block of a mailbox is missing.
    pub fn misses(&self, place: &Place, block: u64) -> bool {
        self.gaps.get(place).is_some_and(|gap| (gap.from..=gap.to).contains(&block))
    }

    /// Whether a mailbox of a tenant misses anything.
    pub fn any_missing(&self, tenant: &TenantId) -> bool {
        self.gaps.keys().any(|(of, _)| of == tenant)
    }

    /// Notes that a mailbox misses nothing before a block any more.
    pub fn found(&mut self, place: &Place, before: u64) {
        if let Some(gap) = self.gaps.get_mut(place) {
            gap.from = gap.from.max(before);
            if gap.from > gap.to {
                self.gaps.remove(place);
            }
        }
    }

    /// Notes that no mailbox misses anything before a block any more.
    pub fn all_found(&mut self, before: u64) {
        self.gaps.retain(|_, gap| {
            gap.from = gap.from.max(before);
            gap.from <= gap.to
        });
    }
}
