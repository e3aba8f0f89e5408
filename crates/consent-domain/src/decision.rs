//! What every verb answers with: the state as it is to be, the keys that come and go, and whether anything is taken away.

use std::sync::Arc;

use crate::{Application, KeyName, Settings, TenantConsent, User};

/// A decision about one tenant. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Its position: one after the last decision of the suite.
    pub position: u64,
    /// The settings from now on.
    pub settings: Option<Settings>,
    /// The tenant's consent from now on.
    pub consent: Option<TenantConsent>,
    /// An application from now on.
    pub application: Option<Application>,
    /// The users it touches, as they are from now on.
    pub users: Vec<Arc<User>>,
    /// Keys that must be durable before the decision is.
    pub mint: Vec<KeyName>,
    /// Keys to be destroyed once the decision is durable and told.
    pub destroy: Vec<KeyName>,
    /// Whether it takes anything away, so that its answer waits for every holder.
    pub narrowing: bool,
    /// How many mailboxes it opens: readable for no purpose before, for some after.
    pub opened: u64,
    /// How many mailboxes lose a key.
    pub closed: u64,
}

impl Decision {
    /// A decision that changes nothing yet.
    pub fn at(position: u64) -> Self {
        Self { position, ..Self::default() }
    }

    /// Whether there is nothing to be decided.
    pub fn is_empty(&self) -> bool {
        self.settings.is_none() && self.consent.is_none() && self.application.is_none() && self.users.is_empty()
    }
}
