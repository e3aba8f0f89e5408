//! Consent, gate by gate.

use consent_domain::grant::Grant;
use consent_domain::revoke::Revoke;
use consent_domain::{ConsentType, Gate, Gates, PerPurpose, Purpose, Source, State, User};
use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use vocabulary::{Address, Etag, Fault, TenantId, Timestamp};

use super::fields::Fields;
use super::purpose_word;
use crate::events::Texts;

/// Consent to be recorded.
pub(crate) fn granted(request: &pb::GrantConsentRequest, texts: &Texts) -> Result<(TenantId, Grant), Fault> {
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
    if text_version.as_ref().is_some_and(|version| texts.hash(version).is_none()) {
        fields.wrong("text_version", "must be a version that GetConsentText knows");
    }
    let legacy = legacy(&mut fields, request);
    let grant = consent_type.zip(legal_basis).zip(text_version);
    let grant = grant.map(|((consent_type, legal_basis), text_version)| Grant { consent_type, legacy, legal_basis, text_version });
    fields.done(tenant.zip(grant))
}

/// The one purpose of a legacy grant and when it ends; nothing for a consolidated one.
fn legacy(fields: &mut Fields, request: &pb::GrantConsentRequest) -> Option<(Purpose, Option<Timestamp>)> {
    let chosen = fields.purposes(&request.purposes);
    let end = request.expire_time.as_ref().and_then(|end| {
        let micros = end.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(end.nanos / 1000)));
        if micros.is_none() || end.nanos < 0 {
            fields.wrong("expire_time", "is no instant");
        }
        micros.map(Timestamp::from_micros)
    });
    match (chosen.analytics, chosen.graph) {
        (true, false) => Some((Purpose::RelationshipAnalytics, end)),
        (false, true) => Some((Purpose::ConnectionGraph, end)),
        (true, true) | (false, false) => {
            if end.is_some() {
                fields.wrong("expire_time", "is for legacy grants, which name one purpose");
            }
            None
        }
    }
}

/// A withdrawal of a tenant's consent.
pub(crate) fn revoked(request: &pb::RevokeConsentRequest) -> Result<(TenantId, Revoke), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let expected = fields.etag(&request.etag);
    let allowed = fields.allowed(request.expected_destroyed, request.validate_only);
    fields.done(tenant.zip(allowed).map(|(tenant, allowed)| (tenant, Revoke { expected, allowed })))
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
        covers: Purpose::ALL.into_iter().filter_map(|purpose| cover(state, purpose)).collect(),
    }
}

fn cover(state: &State, purpose: Purpose) -> Option<pb::Cover> {
    let cover = state.consent.covers.of(purpose).as_ref()?;
    let expire_time = cover.expire_time.map(super::time);
    Some(pb::Cover { purpose: purpose_word(purpose).into(), expire_time, expired: cover.expired })
}

/// How every gate that a source asks stands for a user. `shareable` says whether the caller may know private choices.
pub(crate) fn user_gates(gates: &Gates<'_>, user: &User, purpose: Purpose, source: Source, shareable: bool) -> Vec<pb::UserGate> {
    let asked = |kind: &Gate| source == Source::Mailbox || kind.is_private();
    let answer = |kind: Gate| match gates.is_open(kind, user, purpose) {
        _ if kind.is_private() && !shareable => pb::GateAnswer::NotShareable,
        true => pb::GateAnswer::Open,
        false => pb::GateAnswer::Closed,
    };
    let told = Gate::ALL.into_iter().filter(asked).map(|kind| pb::UserGate {
        gate: gate(kind).into(),
        purpose: purpose_word(purpose).into(),
        answer: answer(kind).into(),
    });
    told.collect()
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
    let deadline = state.consent_deadline(purpose).map(super::time);
    let tenantwide = move |gate| match gate {
        Gate::Feature => Some(gates.feature(purpose)),
        Gate::MailboxSource => Some(gates.mailbox_source(purpose)),
        Gate::TenantConsent => Some(*gates.consent.of(purpose)),
        Gate::Region => Some(gates.region),
        Gate::Role | Gate::Group | Gate::User => None,
    };
    let personal = state.gates();
    Gate::ALL.into_iter().map(move |kind| {
        let mailboxes = || state.directory.users().filter(|user| user.has_any_mailbox());
        let kept_out = match tenantwide(kind) {
            Some(true) => 0,
            Some(false) => mailboxes().count(),
            None => mailboxes().filter(|user| !personal.is_open(kind, user, purpose)).count(),
        };
        let open = tenantwide(kind).unwrap_or_else(|| kept_out == 0 || kept_out < mailboxes().count());
        let (gate, purpose) = (gate(kind).into(), purpose_word(purpose).into());
        let deadline_time = deadline.filter(|_| kind == Gate::Feature);
        pb::GateState { gate, purpose, open, users_kept_out: kept_out as i64, deadline_time }
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
