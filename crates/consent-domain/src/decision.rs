//! What every verb answers with: the state as it is to be, the keys that come and go, and whether anything is taken away.

use std::sync::Arc;

use crate::{Application, Group, KeyName, Moment, Settings, TenantConsent, User};

/// A decision about one tenant. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// When it is taken.
    pub moment: Moment,
    /// The settings from now on.
    pub settings: Option<Settings>,
    /// The tenant's consent from now on.
    pub consent: Option<TenantConsent>,
    /// The applications it touches, as they are from now on.
    pub applications: Vec<Application>,
    /// The groups it touches, as they are from now on; absent: gone.
    pub groups: Vec<(Box<str>, Option<Group>)>,
    /// The users it touches, as they are from now on.
    pub users: Vec<Arc<User>>,
    /// Keys that must be durable before the decision is.
    pub mint: Vec<KeyName>,
    /// Keys to be destroyed once the decision is durable and told.
    pub destroy: Vec<KeyName>,
    /// Whether it takes anything away, so that its answer waits for every holder.
    pub narrowing: bool,
    /// How many mailboxes it opens: collected for no purpose before, for some after.
    pub opened: u64,
    /// How many mailboxes lose a key.
    pub closed: u64,
}

impl Decision {
    /// A decision that changes nothing yet.
    pub fn at(moment: Moment) -> Self {
        Self { moment, ..Self::default() }
    }

    /// Whether there is nothing to be decided.
    pub fn is_empty(&self) -> bool {
        let Self { settings, consent, applications, groups, users, .. } = self;
        settings.is_none() && consent.is_none() && applications.is_empty() && groups.is_empty() && users.is_empty()
    }
}
