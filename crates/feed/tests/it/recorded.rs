//! A fold that remembers what it was told, and in which order.

use std::collections::BTreeSet;

use consent_client::mirror::Set;
use feed::Fold;
use vocabulary::entry::{Entry, Origin};
use vocabulary::{PersonId, UserId};

/// An origin and the number of an entry it tells.
pub type Told = (Origin, u64);

/// What one tenant's fold holds, and everything it was ever told, in order.
#[derive(Clone, Default)]
pub struct Recorded {
    pub held: BTreeSet<Told>,
    pub told: Vec<Told>,
}

impl Fold for Recorded {
    fn fold(&mut self, origin: Origin, entry: Entry) {
        let told = (origin, entry.identity.0 as u64);
        self.held.insert(told);
        self.told.push(told);
    }

    fn forget(&mut self, user: UserId) {
        self.held.retain(|(origin, _)| !matches!(origin, Origin::Mailbox { user: owner, .. } if *owner == user));
    }

    fn erase(&mut self, _people: &Set<PersonId>) -> BTreeSet<Origin> {
        BTreeSet::new()
    }
}
