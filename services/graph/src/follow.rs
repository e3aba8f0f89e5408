//! The feed into ties: what the view of this service folds.

use std::collections::BTreeSet;

use consent_client::mirror::Set;
use feed::Fold;
use graph_domain::Ties;
use vocabulary::entry::{Entry, Origin};
use vocabulary::{PersonId, UserId};

/// The ties of one tenant, as the view holds them.
#[derive(Default)]
pub struct Folded(pub Ties);

impl Fold for Folded {
    fn fold(&mut self, origin: Origin, entry: Entry) {
        self.0.fold(origin, entry);
    }

    fn forget(&mut self, user: UserId) {
        self.0.forget(user);
    }

    fn erase(&mut self, people: &Set<PersonId>) -> BTreeSet<Origin> {
        self.0.erase(people.iter().copied())
    }
}
