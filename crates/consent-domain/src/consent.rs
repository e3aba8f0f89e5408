//! The tenant's consent: gate G3.

use vocabulary::Timestamp;

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

/// The tenant's consent as it was last granted or withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantConsent {
    /// Whether it is granted now.
    pub granted: bool,
    /// What was consented to; absent when nothing ever was.
    pub consent_type: Option<ConsentType>,
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
    /// Whether G3 stands open: granted, and of the type that identifies people.
    pub fn opens_mailboxes(&self) -> bool {
        self.granted && self.consent_type == Some(ConsentType::IdentifiableInsights)
    }
}
