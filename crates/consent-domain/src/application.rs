//! Applications: what a tenant uses the suite from, each with its own switches (gates G1, G2 and G4).

use vocabulary::Timestamp;

use crate::{PerPurpose, Purpose, TenantConsent};

/// The most applications a tenant may register (Rapport rule: the tenant's row has a bounded size).
pub const APPLICATIONS_PER_TENANT: usize = 16;

/// The most roles an application may choose (Rapport rule, as above).
pub const ROLES_PER_APPLICATION: usize = 16;

/// For how many days a feature may be on without the tenant's consent before its mailbox part switches off (domain.md, section 7;
/// reference: 14 days).
pub const DAYS_WITHOUT_CONSENT: i64 = 14;

/// An application and the switches its administrator holds (domain.md, section 7, G1, G2 and G4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id: 1 to 63 of `a-z`, `0-9` and `-`.
    pub id: Box<str>,
    /// For people.
    pub display_name: Box<str>,
    /// G1: the feature is on.
    pub feature: PerPurpose<bool>,
    /// When each feature was last turned on; absent while it is off, and once consent that came has ended again.
    pub feature_since: PerPurpose<Option<Timestamp>>,
    /// Whether a feature that is off was switched off because no consent came in time.
    pub lapsed: PerPurpose<bool>,
    /// G2: mailboxes may be a source.
    pub mailbox_source: bool,
    /// G4: the chosen roles, in order; none: every role.
    pub roles: Vec<Box<str>>,
    /// The position of its last change.
    pub position: u64,
}

impl Application {
    /// Whether both say the same, whenever they were changed.
    pub fn same_as(&self, other: &Self) -> bool {
        let switches = |of: &Self| (of.feature, of.mailbox_source);
        self.display_name == other.display_name && switches(self) == switches(other) && self.roles == other.roles
    }

    /// Whether the application may use mailboxes for `purpose`: G1 and G2 together.
    pub fn uses_mailboxes(&self, purpose: Purpose) -> bool {
        self.mailbox_source && *self.feature.of(purpose)
    }

    /// G4: whether somebody with these roles may be read for this application.
    pub fn admits(&self, roles: &[Box<str>]) -> bool {
        self.roles.is_empty() || roles.iter().any(|role| self.roles.contains(role))
    }

    /// Until when consent must come for a feature that is on; nothing once it came.
    pub fn deadline(&self, consent: &TenantConsent, purpose: Purpose) -> Option<Timestamp> {
        let since = (*self.feature_since.of(purpose))?;
        (!consent.opens_mailboxes(purpose)).then(|| since.plus_days(DAYS_WITHOUT_CONSENT))
    }

    /// The application as one consent ends and another, or none, takes its place: what ended had come in time for the features that are
    /// on, so they have no deadline any more.
    #[must_use]
    pub fn outliving(&self, ended: &TenantConsent, next: &TenantConsent) -> Self {
        let ends = |purpose| ended.opens_mailboxes(purpose) && !next.opens_mailboxes(purpose);
        let feature_since = PerPurpose::from_fn(|purpose| self.feature_since.of(purpose).filter(|_| !ends(purpose)));
        Self { feature_since, ..self.clone() }
    }

    /// The application with the switches of `next`, turned at an instant.
    #[must_use]
    pub fn switched(&self, next: Self, time: Timestamp, position: u64) -> Self {
        let feature_since = PerPurpose::from_fn(|purpose| match (*self.feature.of(purpose), *next.feature.of(purpose)) {
            (_, false) => None,
            (true, true) => *self.feature_since.of(purpose),
            (false, true) => Some(time),
        });
        let lapsed = PerPurpose::from_fn(|purpose| *self.lapsed.of(purpose) && !*next.feature.of(purpose));
        Self { feature_since, lapsed, position, ..next }
    }

    /// The application with each feature switched off for which consent did not come in time.
    #[must_use]
    pub fn at(&self, consent: &TenantConsent, now: Timestamp) -> Self {
        let late = |purpose| self.deadline(consent, purpose).is_some_and(|deadline| deadline <= now);
        let mut next = self.clone();
        for purpose in Purpose::ALL.into_iter().filter(|purpose| late(*purpose)) {
            *next.feature.of_mut(purpose) = false;
            *next.feature_since.of_mut(purpose) = None;
            *next.lapsed.of_mut(purpose) = true;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose::{ConnectionGraph, RelationshipAnalytics};
    use super::*;
    use crate::testing::{INSTANT, application, consented};
    use crate::{ConsentType, Cover};

    #[test]
    fn a_feature_lapses_fourteen_days_after_it_was_turned_on_unless_consent_came() {
        let never = TenantConsent::default();
        let granted = consented(ConsentType::IdentifiableInsights);
        let withdrawn = TenantConsent { granted: false, revoke_time: Some(INSTANT), ..granted.clone() };
        let lesser = consented(ConsentType::AggregatedInsights);
        let one = TenantConsent { covers: PerPurpose { analytics: Some(Cover::default()), graph: None }, ..granted.clone() };
        let over = Cover { expire_time: Some(INSTANT), expired: true };
        let expired = TenantConsent { covers: PerPurpose { analytics: Some(over), graph: Some(Cover::default()) }, ..granted.clone() };
        let check = |app: &Application, consent: &TenantConsent, purpose, deadline: Option<i64>| {
            assert_eq!(app.deadline(consent, purpose), deadline.map(|days| INSTANT.plus_days(days)), "{consent:?} {purpose:?}");
            for (days, off) in [(13, false), (14, deadline.is_some())] {
                let at = app.at(consent, INSTANT.plus_days(days));
                assert_eq!((!at.feature.of(purpose), *at.lapsed.of(purpose)), (off, off), "{consent:?} {purpose:?} {days}");
            }
        };
        let app = application("crm", true, true, true);
        check(&app, &never, ConnectionGraph, Some(14));
        check(&app, &granted, ConnectionGraph, None);
        check(&app, &one, RelationshipAnalytics, None);
        check(&app, &one, ConnectionGraph, Some(14));
        // Turned on after consent ended.
        check(&app, &withdrawn, RelationshipAnalytics, Some(14));
        check(&app, &expired, RelationshipAnalytics, Some(14));
        check(&app, &expired, ConnectionGraph, None);
        // Only consent to identifiable insights is the one that must come.
        check(&app, &lesser, ConnectionGraph, Some(14));
        // Turned on before consent ended.
        check(&app.outliving(&granted, &withdrawn), &withdrawn, ConnectionGraph, None);
        check(&app.outliving(&granted, &expired), &expired, RelationshipAnalytics, None);
        check(&app.outliving(&one, &withdrawn), &withdrawn, ConnectionGraph, Some(14));
    }

    #[test]
    fn turning_a_feature_on_begins_its_days_and_leaving_it_on_does_not() {
        let held = application("crm", true, false, true);
        let later = INSTANT.plus_days(3);
        let next = held.switched(application("crm", true, true, true), later, 9);
        assert_eq!((next.feature_since.analytics, next.feature_since.graph, next.position), (Some(INSTANT), Some(later), 9));
        let off = next.switched(application("crm", false, true, true), later, 10);
        assert_eq!(off.feature_since.analytics, None);
        let lapsed = next.at(&TenantConsent::default(), later.plus_days(20));
        assert!(lapsed.lapsed.graph && !lapsed.switched(application("crm", false, true, true), later, 11).lapsed.graph);
    }

    #[test]
    fn chosen_roles_admit_whoever_has_one_of_them() {
        let app = Application { roles: vec!["Sales".into(), "Service".into()], ..application("crm", true, true, true) };
        let check = |roles: &[&str], admitted| {
            let roles: Vec<Box<str>> = roles.iter().map(|role| (*role).into()).collect();
            assert_eq!(app.admits(&roles), admitted, "{roles:?}");
        };
        check(&["Service", "Other"], true);
        check(&["sales"], false);
        check(&[], false);
        assert!(application("crm", true, true, true).admits(&[]));
    }
}
