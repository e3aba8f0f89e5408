//! Everything consent knows of one tenant, and how a decision changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use vocabulary::{TenantId, Timestamp};

use crate::{Application, Decision, Directory, Erased, Gates, Groups, KeyName, NamesKey, Purpose, Settings, TenantConsent, User};

/// One tenant.
#[derive(Clone, Debug)]
pub struct State {
    /// The tenant's id.
    pub tenant: TenantId,
    /// Its settings.
    pub settings: Settings,
    /// The regions the operator allows (gate G7); none: every region. Not decided but configured: the same for every tenant.
    pub allowed_regions: Arc<[Box<str>]>,
    /// Its consent (gate G3).
    pub consent: TenantConsent,
    /// Its applications, by id.
    pub applications: BTreeMap<Box<str>, Application>,
    /// Its security groups.
    pub groups: Arc<Groups>,
    /// Its users.
    pub directory: Directory,
    /// Which keys `names` there are.
    pub names: NamesKey,
    /// Who was erased.
    pub erased: Arc<Erased>,
    /// The position of the last decision about it.
    pub position: u64,
}

impl State {
    /// A tenant without applications, groups and users.
    pub fn new(tenant: TenantId, settings: Settings, allowed_regions: Arc<[Box<str>]>) -> Self {
        let position = settings.position;
        let (consent, applications, groups, directory, names, erased) = Default::default();
        Self { tenant, settings, allowed_regions, consent, applications, groups, directory, names, erased, position }
    }

    /// The gates, for any application.
    pub fn gates(&self) -> Gates<'_> {
        self.gates_of(self.applications.values())
    }

    /// The gates, for any of these applications.
    pub fn gates_of<'a>(&self, applications: impl IntoIterator<Item = &'a Application>) -> Gates<'a> {
        self.gates_under(applications, &self.consent)
    }

    /// The gates, for any of these applications under this consent.
    pub fn gates_under<'a>(&self, applications: impl IntoIterator<Item = &'a Application>, consent: &TenantConsent) -> Gates<'a> {
        Gates::new(applications, consent, &self.settings, self.allows(&self.settings))
    }

    /// The gates as they will be with this consent and these settings.
    pub(crate) fn gates_with(&self, consent: &TenantConsent, settings: &Settings) -> Gates<'_> {
        Gates::new(self.applications.values(), consent, settings, self.allows(settings))
    }

    /// Gate G7: whether the operator allows the region of these settings.
    fn allows(&self, settings: &Settings) -> bool {
        self.allowed_regions.is_empty() || self.allowed_regions.contains(&settings.region)
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
        for application in &decision.applications {
            self.applications.insert(application.id.clone(), application.clone());
        }
        if !decision.groups.is_empty() {
            let groups = Arc::make_mut(&mut self.groups);
            for (id, group) in &decision.groups {
                match group {
                    Some(group) => drop(groups.0.insert(id.clone(), group.clone())),
                    None => drop(groups.0.remove(id)),
                }
            }
        }
        for user in &decision.users {
            self.directory.put(Arc::clone(user));
        }
        if let Some(names) = decision.names {
            self.names = names;
        }
        if let Some(erasure) = &decision.erasure {
            Arc::make_mut(&mut self.erased).take(erasure);
            if let Some(user) = erasure.user {
                self.directory.remove(user);
            }
        }
        self.position = decision.moment.position;
    }

    /// How many users have a mailbox.
    pub fn mailboxes(&self) -> u64 {
        self.directory.users().filter(|user| user.has_any_mailbox()).count() as u64
    }

    /// How many mailboxes may be read now, for at least one purpose.
    pub fn mailboxes_open(&self) -> u64 {
        self.directory.users().filter(|user| user.mailbox.is_readable_at_all()).count() as u64
    }

    /// Every mailbox key that an open, kept or held decision needs.
    pub fn keys(&self) -> impl Iterator<Item = KeyName> + '_ {
        self.directory.users().flat_map(|user: &Arc<User>| {
            let (user, mailbox) = (user.id, &user.mailbox);
            mailbox.keys().map(move |part| KeyName { user, generation: mailbox.generation, part })
        })
    }

    /// The applications that change as `next` takes the place of the tenant's consent: none of them in its switches.
    pub fn outliving(&self, next: &TenantConsent) -> Vec<Application> {
        let outliving = self.applications.values().map(|held| (held, held.outliving(&self.consent, next)));
        outliving.filter(|(held, next)| *held != next).map(|(_, next)| next).collect()
    }

    /// Until when the tenant's consent must come for a feature that is on in some application: the earliest such instant.
    pub fn consent_deadline(&self, purpose: Purpose) -> Option<Timestamp> {
        self.applications.values().filter_map(|application| application.deadline(&self.consent, purpose)).min()
    }
}
