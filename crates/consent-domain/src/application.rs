//! Applications: what a tenant uses the suite from, each with its own switches (gates G1 and G2).

use crate::{PerPurpose, Purpose};

/// The most applications a tenant may register (Rapport rule: the tenant's row has a bounded size).
pub const APPLICATIONS_PER_TENANT: usize = 16;

/// An application and the switches its administrator holds (domain.md, section 7, G1 and G2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id: 1 to 63 of `a-z`, `0-9` and `-`.
    pub id: Box<str>,
    /// For people.
    pub display_name: Box<str>,
    /// G1: the feature is on.
    pub feature: PerPurpose<bool>,
    /// G2: mailboxes may be a source.
    pub mailbox_source: bool,
    /// The position of its last change.
    pub position: u64,
}

impl Application {
    /// Whether both say the same, whenever they were changed.
    pub fn same_as(&self, other: &Self) -> bool {
        self.display_name == other.display_name && self.feature == other.feature && self.mailbox_source == other.mailbox_source
    }

    /// Whether the application may use mailboxes for `purpose`: G1 and G2 together.
    pub fn uses_mailboxes(&self, purpose: Purpose) -> bool {
        self.mailbox_source && *self.feature.of(purpose)
    }
}
