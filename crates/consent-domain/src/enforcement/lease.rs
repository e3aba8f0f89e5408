//! The lengths: of a lease, of a heartbeat, and of the time after which consent counts a lease over.

use std::time::Duration;

/// What every lease of this process is granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// For how long a holder may act on what it knows, from the instant it noted before it asked.
    pub lease: Duration,
}

impl Terms {
    /// For how long a holder may leave a withdrawal unacknowledged and still be renewed: a quarter of the lease.
    pub fn heartbeat(&self) -> Duration {
        self.lease / 4
    }
}

/// When a lease granted at boot time `sent` is counted over: 1 % later, for clocks that run at other rates, and 10 ms for clocks that
/// tick coarsely (design.md, section 3, Leases).
pub fn counted_over(lease: Duration, sent: Duration) -> Duration {
    sent + lease + lease / 100 + Duration::from_millis(10)
}
