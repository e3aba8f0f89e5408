//! The feed into interactions: what the view of this service folds.

use analytics_domain::Interactions;
use feed::Fold;
use vocabulary::UserId;
use vocabulary::entry::{Entry, Origin};

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
}
