//! Everything consent knows of one tenant, and how a decision changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use vocabulary::TenantId;

use crate::{Application, Decision, Directory, Gates, KeyName, Settings, TenantConsent, User};

/// One tenant.
#[derive(Clone, Debug)]
pub struct State {
    /// The tenant's id.
    pub tenant: TenantId,
    /// Its settings.
    pub settings: Settings,
    /// Its consent (gate G3).
    pub consent: TenantConsent,
    /// Its applications, by id.
    pub applications: BTreeMap<Box<str>, Application>,
    /// Its users.
    pub directory: Directory,
    /// The position of the last decision about it.
    pub position: u64,
}

impl State {
    /// A tenant without applications and users.
    pub fn new(tenant: TenantId, settings: Settings) -> Self {
        let position = settings.position;
        let (applications, directory) = (BTreeMap::new(), Directory::default());
        Self { tenant, settings, consent: TenantConsent::default(), applications, directory, position }
    }

    /// The gates that are the same for every user, for any application.
    pub fn gates(&self) -> Gates {
        Gates::of_any(self.applications.values(), &self.consent)
    }

    /// Takes a decision into the state. An empty one leaves it as it is.
    pub fn apply(&mut self, decision: &Decision) {
        if decision.is_empty() {
            return;
        }
        if let Some(settings) = &decision.settings {
            self.settings = settings.clone();
        }
        if let Some(consent) = &decision.consent {
            self.consent = consent.clone();
        }
        if let Some(application) = &decision.application {
            self.applications.insert(application.id.clone(), application.clone());
        }
        for user in &decision.users {
            self.directory.put(Arc::clone(user));
        }
        self.position = decision.position;
    }

    /// How many users have a mailbox.
    pub fn mailboxes(&self) -> u64 {
        self.directory.users().filter(|user| user.has_any_mailbox()).count() as u64
    }

    /// How many mailboxes may be read now, for at least one purpose.
    pub fn mailboxes_open(&self) -> u64 {
        self.directory.users().filter(|user| user.mailbox.is_open_at_all()).count() as u64
    }

    /// Every mailbox key that an open or held decision needs.
    pub fn keys(&self) -> impl Iterator<Item = KeyName> + '_ {
        self.directory.users().flat_map(|user: &Arc<User>| {
            let (user, mailbox) = (user.id, &user.mailbox);
            mailbox.keys().map(move |part| KeyName { user, generation: mailbox.generation, part })
        })
    }
}
