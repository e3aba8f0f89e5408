//! The mirror: what consent has decided, as one holder knows it. Immutable once published; a change makes the next one, which shares
//! with the last whatever it leaves alone.

mod tenant;
mod user;

use std::fmt;
use std::sync::Arc;

use vocabulary::TenantId;

pub use tenant::{Erased, MailboxKeyState, Settings, Side, TenantMirror};
pub use user::{MailboxState, OpenInterval, UserKind, UserMirror};

/// The maps of a mirror. They iterate in no particular order: sort before an answer depends on it.
pub type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// The sets of a mirror, in no particular order either.
pub type Set<T> = std::collections::HashSet<T, foldhash::fast::RandomState>;

/// Every tenant, at one position of consent.
#[derive(Clone, Default)]
pub struct Mirror {
    /// Which life of consent the position belongs to; 0 before the first snapshot.
    pub incarnation: u64,
    /// Which log of decisions the position belongs to; it outlives restarts of consent.
    pub log_incarnation: u64,
    /// The position of the last decision that is in it.
    pub position: u64,
    /// The tenants.
    pub tenants: Map<TenantId, Arc<TenantMirror>>,
    /// Tenants that are erased, and the number of the erasure: whatever is kept of them goes.
    pub erased: Map<TenantId, u64>,
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incarnation, position, tenants, .. } = self;
        write!(f, "Mirror({} tenants at {position} of incarnation {incarnation})", tenants.len())
    }
}
