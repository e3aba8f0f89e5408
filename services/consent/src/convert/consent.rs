//! Consent, gate by gate.

use consent_domain::grant::Grant;
use consent_domain::{ConsentType, Gate, PerPurpose, Purpose, Source, State};
use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use vocabulary::{Address, Etag, Fault, TenantId};

use super::fields::Fields;

/// Consent to be recorded.
pub(crate) fn granted(request: &pb::GrantConsentRequest) -> Result<(TenantId, Grant), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let consent_type = match pb::ConsentType::try_from(request.consent_type).map(consent_type) {
        Ok(Some(consent_type)) => Some(consent_type),
        Ok(None) | Err(_) => {
            fields.wrong("consent_type", "must name what is consented to");
            None
        }
    };
    let legal_basis = fields.words("legal_basis", &request.legal_basis, 512);
    let text_version = fields.words("text_version", &request.text_version, 64);
    let grant = consent_type.zip(legal_basis).zip(text_version);
    let grant = grant.map(|((consent_type, legal_basis), text_version)| Grant { consent_type, legal_basis, text_version });
    fields.done(tenant.zip(grant))
}

/// A withdrawal: the tenant, and the position its caller saw.
pub(crate) fn revoked(request: &pb::RevokeConsentRequest) -> Result<(TenantId, Option<u64>), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let expected = fields.etag(&request.etag);
    fields.done(tenant.map(|tenant| (tenant, expected)))
}

/// Whose choice, for which purposes.
pub(crate) struct Choice {
    pub tenant: TenantId,
    pub user: Address,
    pub purposes: PerPurpose<bool>,
}

/// Somebody's choice.
pub(crate) fn choice(tenant_id: &str, user: &str, purposes: &[i32], request_id: &str) -> Result<Choice, Fault> {
    let mut fields = Fields::default();
    fields.request_id(request_id);
    let tenant = fields.tenant("tenant_id", tenant_id);
    let user = fields.address("user", user);
    let purposes = fields.purposes(purposes);
    fields.done(tenant.zip(user).map(|(tenant, user)| Choice { tenant, user, purposes }))
}

/// A question about one user.
pub(crate) struct Check {
    pub tenant: TenantId,
    pub user: Address,
    pub purposes: Vec<Purpose>,
    pub source: Source,
    pub application: Option<Box<str>>,
}

/// A question about one user.
pub(crate) fn checked(request: &pb::CheckConsentRequest) -> Result<Check, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let user = fields.address("user", &request.user);
    let purposes = match common::Purpose::try_from(request.purpose) {
        Ok(common::Purpose::Unspecified) => Purpose::ALL.to_vec(),
        Ok(common::Purpose::RelationshipAnalytics) => vec![Purpose::RelationshipAnalytics],
        Ok(common::Purpose::ConnectionGraph) => vec![Purpose::ConnectionGraph],
        Err(_) => {
            fields.wrong("purpose", "is not known");
            Vec::new()
        }
    };
    let source = match common::Source::try_from(request.source) {
        Ok(common::Source::Unspecified | common::Source::Mailbox) => Source::Mailbox,
        Ok(common::Source::Crm) => Source::Crm,
        Err(_) => {
            fields.wrong("source", "is not known");
            Source::Mailbox
        }
    };
    let application = (!request.application_id.is_empty()).then(|| request.application_id.as_str().into());
    fields.done(tenant.zip(user).map(|(tenant, user)| Check { tenant, user, purposes, source, application }))
}

fn consent_type(consent_type: pb::ConsentType) -> Option<ConsentType> {
    match consent_type {
        pb::ConsentType::Unspecified => None,
        pb::ConsentType::OwnInsights => Some(ConsentType::OwnInsights),
        pb::ConsentType::AggregatedInsights => Some(ConsentType::AggregatedInsights),
        pb::ConsentType::IdentifiableInsights => Some(ConsentType::IdentifiableInsights),
    }
}

/// The tenant's consent as clients see it.
pub(crate) fn consent(state: &State) -> pb::Consent {
    let held = &state.consent;
    pb::Consent {
        granted: held.granted,
        consent_type: consent_type_word(held.consent_type).into(),
        grant_time: held.grant_time.map(super::time),
        revoke_time: held.revoke_time.map(super::time),
        legal_basis: held.legal_basis.to_string(),
        text_version: held.text_version.to_string(),
        mailboxes_open: state.mailboxes_open() as i64,
        mailboxes: state.mailboxes() as i64,
        gates: Purpose::ALL.into_iter().flat_map(|purpose| gates(state, purpose)).collect(),
        position: state.position as i64,
        etag: Etag(state.position).to_string(),
    }
}

/// What is consented to, as a word of the contract.
pub(crate) fn consent_type_word(consent_type: Option<ConsentType>) -> pb::ConsentType {
    match consent_type {
        None => pb::ConsentType::Unspecified,
        Some(ConsentType::OwnInsights) => pb::ConsentType::OwnInsights,
        Some(ConsentType::AggregatedInsights) => pb::ConsentType::AggregatedInsights,
        Some(ConsentType::IdentifiableInsights) => pb::ConsentType::IdentifiableInsights,
    }
}

/// What is consented to, as it is kept.
pub(crate) fn kept_consent_type(kept: i32) -> Option<ConsentType> {
    pb::ConsentType::try_from(kept).ok().and_then(consent_type)
}

fn gates(state: &State, purpose: Purpose) -> impl Iterator<Item = pb::GateState> + '_ {
    let gates = state.gates();
    let tenantwide = move |gate| match gate {
        Gate::Feature => Some(*gates.feature.of(purpose)),
        Gate::MailboxSource => Some(*gates.mailbox_source.of(purpose)),
        Gate::TenantConsent => Some(gates.consent),
        Gate::Region => Some(true),
        Gate::Role | Gate::Group | Gate::User => None,
    };
    Gate::ALL.into_iter().map(move |kind| {
        let mailboxes = || state.directory.users().filter(|user| user.has_any_mailbox());
        let kept_out = match tenantwide(kind) {
            Some(true) => 0,
            Some(false) => mailboxes().count(),
            None => mailboxes().filter(|user| !gates.is_open(kind, user, purpose)).count(),
        };
        let open = tenantwide(kind).unwrap_or_else(|| kept_out == 0 || kept_out < mailboxes().count());
        let (gate, purpose) = (gate(kind).into(), purpose_word(purpose).into());
        pb::GateState { gate, purpose, open, users_kept_out: kept_out as i64 }
    })
}

/// A gate as a word of the contract.
pub(crate) fn gate(gate: Gate) -> pb::Gate {
    match gate {
        Gate::Feature => pb::Gate::Feature,
        Gate::MailboxSource => pb::Gate::MailboxSource,
        Gate::TenantConsent => pb::Gate::TenantConsent,
        Gate::Role => pb::Gate::Role,
        Gate::Group => pb::Gate::Group,
        Gate::User => pb::Gate::User,
        Gate::Region => pb::Gate::Region,
    }
}

fn purpose_word(purpose: Purpose) -> common::Purpose {
    match purpose {
        Purpose::RelationshipAnalytics => common::Purpose::RelationshipAnalytics,
        Purpose::ConnectionGraph => common::Purpose::ConnectionGraph,
    }
}
