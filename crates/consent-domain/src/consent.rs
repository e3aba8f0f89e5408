//! The tenant's consent: gate G3.

use vocabulary::Timestamp;

use crate::{PerPurpose, Purpose};

/// What the directory administrator consents to (domain.md, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentType {
    /// Each user sees insights about themselves.
    OwnInsights,
    /// Others see aggregated insights.
    AggregatedInsights,
    /// Others see identifiable insights: the only type that opens G3.
    IdentifiableInsights,
}

/// One purpose that a grant covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// When it ends by itself: a legacy grant's own field. Absent: when it is withdrawn.
    pub expire_time: Option<Timestamp>,
    /// Whether it has ended by itself.
    pub expired: bool,
}

/// The tenant's consent as it was last granted or withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantConsent {
    /// Whether it is granted now.
    pub granted: bool,
    /// What was consented to; absent when nothing ever was.
    pub consent_type: Option<ConsentType>,
    /// The purposes it covers: both for a consolidated grant, one for each legacy grant.
    pub covers: PerPurpose<Option<Cover>>,
    /// When it was granted; absent when never.
    pub grant_time: Option<Timestamp>,
    /// When it was withdrawn; absent while granted.
    pub revoke_time: Option<Timestamp>,
    /// The legal basis that the administrator named.
    pub legal_basis: Box<str>,
    /// The version of the text that was shown.
    pub text_version: Box<str>,
}

impl TenantConsent {
    /// Whether G3 stands open for a purpose: granted, of the type that identifies people, covering the purpose and not expired.
    pub fn opens_mailboxes(&self, purpose: Purpose) -> bool {
        let covered = self.covers.of(purpose).is_some_and(|cover| !cover.expired);
        self.granted && self.consent_type == Some(ConsentType::IdentifiableInsights) && covered
    }

    /// When a purpose that stands open ends by itself.
    pub fn expire_time(&self, purpose: Purpose) -> Option<Timestamp> {
        self.covers.of(purpose).filter(|_| self.opens_mailboxes(purpose))?.expire_time
    }

    /// The consent with everything marked that has ended by itself: at its instant, not after.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let covers = PerPurpose::from_fn(|purpose| {
            self.covers
                .of(purpose)
                .map(|cover| Cover { expired: cover.expired || cover.expire_time.is_some_and(|end| end <= now), ..cover })
        });
        Self { covers, ..self.clone() }
    }
}
