//! The request for an overview, taken apart into the requests for its parts.

use contracts::analytics::v1::GetRelationshipRequest;
use contracts::common::v1::{ErrorReason, RecordKind};
use contracts::consent::v1::GetConsentRequest;
use contracts::gateway::v1 as pb;
use contracts::graph::v1::{ListIntroducersRequest, list_introducers_request::Target};
use runtime::Caller;
use vocabulary::{Fault, Reason, TenantId, Timestamp, Violation};

/// The most introducers of one overview.
const INTRODUCERS: std::ops::RangeInclusive<i32> = 0..=100;

/// What the parts are asked.
pub struct Asked {
    pub relationship: GetRelationshipRequest,
    pub introducers: ListIntroducersRequest,
    pub consent: GetConsentRequest,
}

/// Checks what the parts would not, and asks each for its own.
///
/// # Errors
/// INVALID_ARGUMENT with the fields that are wrong; PERMISSION_DENIED for another tenant.
pub fn asked(caller: &Caller, request: pb::GetOverviewRequest) -> Result<Asked, Fault> {
    let mut violations = Vec::new();
    let tenant = TenantId::parse(&request.tenant_id).map_err(|error| violations.push(Violation::new("tenant_id", error.to_string())));
    let named = request.r#ref.as_ref().is_some_and(|named| named.kind != RecordKind::Unspecified as i32 && !named.record_id.is_empty());
    if !named {
        violations.push(Violation::new("ref", "names no record: kind and record_id are needed"));
    }
    if !INTRODUCERS.contains(&request.introducers) {
        violations.push(Violation::new("introducers", "must be from 0 to 100"));
    }
    let Ok(tenant) = tenant else { return Err(Fault::invalid(violations)) };
    if !violations.is_empty() {
        return Err(Fault::invalid(violations));
    }
    caller.require_tenant(&tenant)?;
    let pb::GetOverviewRequest { tenant_id, r#ref, window_days, as_of, revision, introducers } = request;
    Ok(Asked {
        relationship: GetRelationshipRequest {
            tenant_id: tenant_id.clone(),
            r#ref: r#ref.clone(),
            window_days,
            as_of,
            revision: revision.clone(),
        },
        introducers: ListIntroducersRequest {
            tenant_id: tenant_id.clone(),
            target: r#ref.map(Target::Record),
            as_of,
            page_size: introducers,
            page_token: String::new(),
            revision: revision.clone(),
        },
        consent: GetConsentRequest { tenant_id, revision },
    })
}

/// A reason as it stands on the wire.
pub fn reason(reason: Reason) -> ErrorReason {
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", reason.as_str())).unwrap_or(ErrorReason::InternalFault)
}

/// An instant as it stands on the wire.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: instant.seconds(), nanos: instant.subsecond_nanos() }
}
