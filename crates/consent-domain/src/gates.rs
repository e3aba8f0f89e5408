//! The gates that must all stand open, in their order, and which one says no (domain.md, section 7).
//! G4, G5 and G7 are not built yet and stand open.

use crate::{Application, PerPurpose, Purpose, TenantConsent, User};

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
    /// The CRM (the basic tier): G1 and the personal gates only.
    Crm,
}

/// The gates that are the same for every user of a tenant, as one application or any of them finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// G1.
    pub feature: PerPurpose<bool>,
    /// G2, of an application whose G1 stands open.
    pub mailbox_source: PerPurpose<bool>,
    /// G3.
    pub consent: bool,
}

impl Gates {
    /// The gates of one application.
    pub fn of(application: &Application, consent: &TenantConsent) -> Self {
        Self::of_any([application], consent)
    }

    /// The gates where any of these applications will do: G1 and G2 must stand open in the same one.
    pub fn of_any<'a>(applications: impl IntoIterator<Item = &'a Application>, consent: &TenantConsent) -> Self {
        let mut gates = Self { feature: PerPurpose::default(), mailbox_source: PerPurpose::default(), consent: consent.opens_mailboxes() };
        for application in applications {
            for purpose in Purpose::ALL {
                *gates.feature.of_mut(purpose) |= application.feature.of(purpose);
                *gates.mailbox_source.of_mut(purpose) |= application.uses_mailboxes(purpose);
            }
        }
        gates
    }

    /// Whether a gate stands open for a user, in the enhanced tier.
    pub fn is_open(&self, gate: Gate, user: &User, purpose: Purpose) -> bool {
        match gate {
            Gate::Feature => *self.feature.of(purpose),
            Gate::MailboxSource => *self.mailbox_source.of(purpose) && user.has_mailbox(purpose),
            Gate::TenantConsent => self.consent,
            Gate::User => !user.opted_out.of(purpose),
            Gate::Role | Gate::Group | Gate::Region => true,
        }
    }

    /// The first gate that says no for a user; `None` when all stand open.
    pub fn first_closed(&self, user: &User, purpose: Purpose, source: Source) -> Option<Gate> {
        let asked = |gate: &Gate| match source {
            Source::Mailbox => true,
            Source::Crm => *gate == Gate::Feature || gate.is_private(),
        };
        Gate::ALL.into_iter().filter(asked).find(|gate| !self.is_open(*gate, user, purpose))
    }

    /// Whether a user may be named in the answers of a purpose, whatever the source: the basic tier's gates, and for the graph
    /// still here (departed people are no introducers).
    pub fn may_be_named(&self, user: &User, purpose: Purpose) -> bool {
        let introducible = purpose == Purpose::RelationshipAnalytics || !user.departed;
        introducible && self.first_closed(user, purpose, Source::Crm).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose::{ConnectionGraph, RelationshipAnalytics};
    use super::*;
    use crate::testing::{application, consented, switched_off, user};
    use crate::{ConsentType, UserKind};

    #[test]
    fn the_first_closed_gate_is_named_in_their_order() {
        let [both, off] = [application("crm", true, true, true), application("crm", false, false, false)];
        let (granted, never) = (consented(ConsentType::IdentifiableInsights), TenantConsent::default());
        let person = user(1, UserKind::Person);
        let mut out = person.clone();
        out.opted_out.graph = true;
        let check = |application: &Application, consent: &TenantConsent, user: &User, purpose, source, expected| {
            assert_eq!(
                Gates::of(application, consent).first_closed(user, purpose, source),
                expected,
                "{application:?} {user:?} {source:?}"
            );
        };
        let only_feature = application("crm", true, true, false);
        check(&off, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::Feature));
        check(&only_feature, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::MailboxSource));
        check(&both, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::TenantConsent));
        check(&both, &granted, &out, ConnectionGraph, Source::Mailbox, Some(Gate::User));
        check(&both, &granted, &out, RelationshipAnalytics, Source::Mailbox, None);
        check(&both, &granted, &person, ConnectionGraph, Source::Mailbox, None);
        // The basic tier asks for G1 and the personal gates only.
        check(&off, &granted, &person, ConnectionGraph, Source::Crm, Some(Gate::Feature));
        check(&only_feature, &never, &person, ConnectionGraph, Source::Crm, None);
        check(&only_feature, &never, &out, ConnectionGraph, Source::Crm, Some(Gate::User));
        for (kind, expected) in [
            (UserKind::Person, None),
            (UserKind::Shared, None),
            (UserKind::Guest, Some(Gate::MailboxSource)),
            (UserKind::Room, Some(Gate::MailboxSource)),
            (UserKind::List, Some(Gate::MailboxSource)),
        ] {
            check(&both, &granted, &user(2, kind), RelationshipAnalytics, Source::Mailbox, expected);
        }
    }

    #[test]
    fn only_consent_to_identifiable_insights_opens_mailboxes() {
        for (consent_type, open) in
            [(ConsentType::OwnInsights, false), (ConsentType::AggregatedInsights, false), (ConsentType::IdentifiableInsights, true)]
        {
            assert_eq!(consented(consent_type).opens_mailboxes(), open);
            assert!(!TenantConsent { granted: false, ..consented(consent_type) }.opens_mailboxes());
        }
    }

    #[test]
    fn one_application_must_open_both_its_gates() {
        let applications = [application("crm", true, false, false), application("dashboard", false, true, true)];
        let gates = Gates::of_any(&applications, &consented(ConsentType::IdentifiableInsights));
        let person = user(1, UserKind::Person);
        assert_eq!(gates.first_closed(&person, RelationshipAnalytics, Source::Mailbox), Some(Gate::MailboxSource));
        assert_eq!(gates.first_closed(&person, ConnectionGraph, Source::Mailbox), None);
        assert_eq!(Gates::of_any(&[], &TenantConsent::default()), switched_off());
    }

    #[test]
    fn departed_people_count_in_figures_but_introduce_nobody() {
        let gates = Gates::of(&application("crm", true, true, true), &TenantConsent::default());
        let mut left = user(1, UserKind::Person);
        left.departed = true;
        assert!(gates.may_be_named(&left, RelationshipAnalytics) && !gates.may_be_named(&left, ConnectionGraph));
        assert!(gates.may_be_named(&user(2, UserKind::Person), ConnectionGraph));
        assert!(!switched_off().may_be_named(&user(2, UserKind::Person), ConnectionGraph));
    }
}
