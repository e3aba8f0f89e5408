//! One holder: the real `Machine`, and what permits are cut from.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use consent_client::Mirror;
use consent_client::machine::Machine;
use consent_domain::enforcement::ConnectionId;

use super::broken::Broken;
use super::clock::Rate;
use super::words::{USER, tenant_id, wall};

pub struct Holder {
    pub clock: Rate,
    pub machine: Machine,
    pub instance: u64,
    /// What permits are cut from, and until when.
    pub mirror: Arc<Mirror>,
    pub until: Duration,
    pub stream: Option<ConnectionId>,
    /// Suspended: it takes nothing up before.
    pub suspended_until: u64,
    /// Nothing sent there, or from there, arrives before.
    pub stalled_until: [u64; 2],
    pub tick_at: u64,
    /// Of a variant: mirrors that are acknowledged and not yet swapped in.
    pub swaps: VecDeque<Arc<Mirror>>,
    /// Of a variant: what the clock showed once the renewal was sent, by what it had shown before.
    pub noted_late: BTreeMap<Duration, Duration>,
    /// Of a variant: a permit, and for how many messages more it is used.
    pub kept: Option<(Arc<Mirror>, u32)>,
}

impl Holder {
    pub fn new(clock: Rate, instance: u64) -> Self {
        Self {
            clock,
            machine: Machine::default(),
            instance,
            mirror: Arc::default(),
            until: Duration::ZERO,
            stream: None,
            suspended_until: 0,
            stalled_until: [0; 2],
            tick_at: 0,
            swaps: VecDeque::new(),
            noted_late: BTreeMap::new(),
            kept: None,
        }
    }

    /// As `Subscriber::permit` does: the clock and the deadline are compared at the call.
    pub fn permit(&mut self, time: u64, broken: Broken) -> Option<Arc<Mirror>> {
        if let Some((mirror, left)) = self.kept.take() {
            self.kept = (left > 0).then(|| (Arc::clone(&mirror), left - 1));
            return Some(mirror);
        }
        let alive = self.clock.read(time) < self.until;
        if alive && broken == Broken::PermitKept {
            self.kept = Some((Arc::clone(&self.mirror), 3));
        }
        alive.then(|| Arc::clone(&self.mirror))
    }
}

/// The generation of a tenant's mailbox that a permit shows; 0: none.
pub fn seen(mirror: &Mirror, tenant: usize, time: u64, broken: Broken) -> u32 {
    let Some(held) = mirror.tenants.get(&tenant_id(tenant)) else { return 0 };
    let shown = if broken == Broken::ExpiryIgnored { Arc::clone(held) } else { held.at(wall(time)) };
    shown.user(USER).filter(|user| user.is_open()).map_or(0, |user| user.generation)
}
