//! Leases that outlive the process that granted them, so that a restart of consent interrupts nobody.
//!
//! - Who may have one is recorded first; only then is it granted, and nothing is renewed afterwards.
//! - The next process answers no withdrawal before every holder that was recorded is back and has acknowledged its snapshot, or the farewell
//!   is over as it counts it from its own start.

use std::collections::BTreeSet;
use std::time::Duration;

use super::connection::Connection;
use super::{Action, Enforcement, lease};

/// What is recorded of farewell leases before they are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// How long they are, from the instant each holder noted before it last asked.
    pub length: Duration,
    /// The holders that may have one, by instance.
    pub holders: BTreeSet<u64>,
}

impl Enforcement {
    /// What must be recorded before farewell leases of that length are granted: who may have one now (connected, under a lease, with
    /// nothing left to acknowledge), and who may still act on one that was granted before.
    pub fn farewell(&self, length: Duration, now: Duration) -> Farewell {
        let ordinary = lease::counted_over(self.terms.lease, now);
        let long = |held: &Connection| held.lease_over().is_some_and(|over| over > ordinary);
        let held = self.connections.values().filter(|held| held.may_part(now) || long(held)).map(Connection::instance);
        let away = self.away.iter().copied().filter(|_| now < self.farewell_until);
        let before = if now < self.farewell_until { self.farewell_length } else { Duration::ZERO };
        Farewell { length: length.max(before), holders: held.chain(away).collect() }
    }

    /// Whether some holder under a lease has not acknowledged some withdrawal.
    pub fn is_withheld(&self, now: Duration) -> bool {
        self.connections.values().any(|held| held.has_lease(now) && held.withholds(u64::MAX))
    }

    /// Grants them at boot time `now` to whoever was recorded and may still have one. From now on nothing is renewed, and no decision may be
    /// taken.
    pub fn part(&mut self, farewell: &Farewell, now: Duration) -> Vec<Action> {
        self.parted = true;
        let mut actions = Vec::new();
        for (&connection, held) in &mut self.connections {
            if held.may_part(now) && farewell.holders.contains(&held.instance()) {
                let number = held.part(lease::counted_over(farewell.length, now));
                actions.push(Action::SendRenewed { connection, number, lease: farewell.length });
            }
        }
        actions
    }

    /// The same, as the process begins after which these were granted.
    #[must_use]
    pub fn after(mut self, farewell: &Farewell, now: Duration) -> Self {
        self.farewell_until = lease::counted_over(farewell.length, now);
        self.farewell_length = farewell.length;
        self.away.clone_from(&farewell.holders);
        self
    }
}
