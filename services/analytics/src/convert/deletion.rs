//! Commands to delete, checked field by field.

use analytics_domain::delete::Delete;
use contracts::analytics::v1 as pb;
use prost::Message as _;
use vocabulary::{Fault, TenantId};

use super::fields::Fields;
use super::reference;
use crate::record_store::{Deletion, Repeatable};

/// Reads a command to delete a record.
///
/// # Errors
/// INVALID_ARGUMENT with every field that is wrong.
pub fn deletion(request: &pb::DeleteRecordRequest) -> Result<(TenantId, Deletion), Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant(&request.tenant_id);
    let reference = fields.take(reference("ref", request.r#ref.as_ref()));
    let expected = fields.etag(&request.etag);
    let id = fields.request_id(&request.request_id);
    let (Some(tenant), Some(reference), Some(expected), Some(id)) = (tenant, reference, expected, id) else { return Err(fields.fault()) };
    let repeat = id.map(|id| Repeatable { id, payload: request.encode_to_vec() });
    Ok((tenant, Deletion { command: Delete { reference, expected }, validate_only: request.validate_only, repeat }))
}
