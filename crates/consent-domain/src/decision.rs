//! What every verb answers with: the state as it is to be, the keys that come and go, and whether anything is taken away.

use std::sync::Arc;

use crate::{Application, Erasure, ErasureKind, Group, KeyName, Moment, NamesKey, Settings, State, TenantConsent, User};

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
    /// The keys `names` from now on.
    pub names: Option<NamesKey>,
    /// What it erases for good.
    pub erasure: Option<Erasure>,
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

    /// The decision with a number of its own as an erasure, if it destroys keys and has none yet: rows follow keys (domain.md, section 7).
    #[must_use]
    pub fn numbered(mut self, state: &State) -> Self {
        if self.erasure.is_none() && !self.destroy.is_empty() {
            let (number, kind) = (state.erased.number + 1, Some(ErasureKind::Withdrawal));
            self.erasure = Some(Erasure { number, kind, addresses: Vec::new(), people: Vec::new(), looked_at: 0, user: None });
        }
        self
    }

    /// Whether there is nothing to be decided.
    pub fn is_empty(&self) -> bool {
        let Self { settings, consent, applications, groups, users, names, erasure, .. } = self;
        let touched = users.is_empty() && groups.is_empty() && names.is_none() && erasure.is_none();
        settings.is_none() && consent.is_none() && applications.is_empty() && touched
    }
}
