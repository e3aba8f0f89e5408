//! The feed into interactions: what the view of this service folds.

use std::collections::BTreeSet;

use analytics_domain::Interactions;
use consent_client::mirror::Set;
use feed::{Fold, fold};
use vocabulary::entry::{Entry, Origin};
use vocabulary::{PersonId, UserId};

/// The interactions of one tenant, as the view holds them.
#[derive(Default)]
pub struct Folded(pub Interactions);

impl Fold for Folded {
    fn fold(&mut self, origin: Origin, entry: Entry) {
        self.0.fold(origin, entry);
    }

    fn forget(&mut self, user: UserId) {
        self.0.forget(user);
    }

    fn erase(&mut self, people: &Set<PersonId>) -> BTreeSet<Origin> {
        self.0.replace_naming(people.iter().copied(), |entry| fold::without(entry, people))
    }
}
