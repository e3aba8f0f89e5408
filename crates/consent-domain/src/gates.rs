//! The gates that must all stand open, in their order, and which one says no (domain.md, section 7).

use crate::{Application, DepartedPolicy, OptOutMode, PerPurpose, Purpose, Settings, TenantConsent, User, UserDefault};

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// G1: the feature is on.
    Feature,
    /// G2: mailboxes are a source; closed also where there is no mailbox.
    MailboxSource,
    /// G3: the tenant consented.
    TenantConsent,
    /// G4: the user has a chosen role.
    Role,
    /// G5: the user is in no opted-out group.
    Group,
    /// G6: the user has not opted out.
    User,
    /// G7: the tenant's region is allowed.
    Region,
}

impl Gate {
    /// Every gate, in the order in which they are asked.
    pub const ALL: [Self; 7] = [Self::Feature, Self::MailboxSource, Self::TenantConsent, Self::Role, Self::Group, Self::User, Self::Region];

    /// Whether the gate is somebody's private choice, which only administrators and the person may see (domain.md, section 5).
    pub const fn is_private(self) -> bool {
        match self {
            Self::Role | Self::Group | Self::User => true,
            Self::Feature | Self::MailboxSource | Self::TenantConsent | Self::Region => false,
        }
    }
}

/// Where an interaction was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A mailbox (the enhanced tier): every gate.
    Mailbox,
    /// The CRM (the basic tier): the personal gates only. G1, G2, G3 and G7 touch mailbox data only.
    Crm,
}

/// The gates as one tenant has them, for one application or for any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gates<'a> {
    /// G1, G2 and G4: the switches of the applications that may ask.
    pub applications: Vec<&'a Application>,
    /// G3.
    pub consent: PerPurpose<bool>,
    /// What G6 makes of a user who has chosen nothing.
    pub user_default: UserDefault,
    /// What becomes of the mailboxes of those who leave.
    pub departed: DepartedPolicy,
    /// G7.
    pub region: bool,
}

impl<'a> Gates<'a> {
    /// The gates where any of these applications will do; `region` says whether the operator allows the tenant's.
    pub fn new(
        applications: impl IntoIterator<Item = &'a Application>,
        consent: &TenantConsent,
        settings: &Settings,
        region: bool,
    ) -> Self {
        Self {
            applications: applications.into_iter().collect(),
            consent: PerPurpose::from_fn(|purpose| consent.opens_mailboxes(purpose)),
            user_default: settings.user_default,
            departed: settings.departed,
            region,
        }
    }

    /// Whether a gate stands open for a user, in the enhanced tier. G1, G2 and G4 must stand open in the same application.
    pub fn is_open(&self, gate: Gate, user: &User, purpose: Purpose) -> bool {
        match gate {
            Gate::Feature => self.features(purpose).next().is_some(),
            Gate::MailboxSource => self.sources(purpose).next().is_some() && user.has_mailbox(purpose),
            Gate::TenantConsent => *self.consent.of(purpose),
            Gate::Role => self.admits(user, purpose),
            Gate::Group => user.grouped.of(purpose).is_none(),
            Gate::User => user.opts_in(purpose, self.user_default),
            Gate::Region => self.region,
        }
    }

    /// The first gate that says no for a user; `None` when all stand open.
    pub fn first_closed(&self, user: &User, purpose: Purpose, source: Source) -> Option<Gate> {
        let asked = |gate: &Gate| source == Source::Mailbox || gate.is_private();
        Gate::ALL.into_iter().filter(asked).find(|gate| !self.is_open(*gate, user, purpose))
    }

    /// Whether a user may be named in the answers of a purpose, whatever the source: the personal gates stand open, or closed with
    /// what was collected before kept; and still here, or for analytics left with what was collected kept (departed people are no
    /// introducers).
    pub fn may_be_named(&self, user: &User, purpose: Purpose) -> bool {
        let remembered = purpose == Purpose::RelationshipAnalytics && self.departed == DepartedPolicy::Keep;
        let kept = *user.grouped.of(purpose) == Some(OptOutMode::FutureOnly);
        let open = |gate| self.is_open(gate, user, purpose) || (gate == Gate::Group && kept);
        (remembered || !user.departed) && Gate::ALL.into_iter().filter(|gate| gate.is_private()).all(open)
    }

    /// Whether G1 stands open for a purpose, whoever asks.
    pub fn feature(&self, purpose: Purpose) -> bool {
        self.features(purpose).next().is_some()
    }

    /// Whether G1 and G2 stand open for a purpose in the same application.
    pub fn mailbox_source(&self, purpose: Purpose) -> bool {
        self.sources(purpose).next().is_some()
    }

    /// G4, asked of the applications that come furthest: those with G1 and G2 open, else with G1, else all. No application, no filter.
    fn admits(&self, user: &User, purpose: Purpose) -> bool {
        let admits = |application: &&Application| application.admits(&user.entry.roles);
        if self.mailbox_source(purpose) {
            self.sources(purpose).any(|application| admits(&application))
        } else if self.feature(purpose) {
            self.features(purpose).any(|application| admits(&application))
        } else {
            self.applications.is_empty() || self.applications.iter().any(admits)
        }
    }

    fn features(&self, purpose: Purpose) -> impl Iterator<Item = &'a Application> + '_ {
        self.applications.iter().copied().filter(move |application| *application.feature.of(purpose))
    }

    fn sources(&self, purpose: Purpose) -> impl Iterator<Item = &'a Application> + '_ {
        self.applications.iter().copied().filter(move |application| application.uses_mailboxes(purpose))
    }
}

#[cfg(test)]
mod tests;
