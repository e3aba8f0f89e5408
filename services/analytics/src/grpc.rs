//! The services as tonic calls them: shape in, shape out. The order of what a request waits for and reads is here; no rule is.

mod records;
mod relationships;

use runtime::{Caller, Role};
use vocabulary::{Fault, TenantId};

pub use records::Records;
pub use relationships::Relationships;

/// Who may see records and how relationships stand.
const READERS: [Role; 5] = [Role::Operator, Role::ApplicationAdministrator, Role::Manager, Role::Seller, Role::Service];

/// Who may write records.
const WRITERS: [Role; 3] = [Role::Operator, Role::ApplicationAdministrator, Role::Service];

/// Refuses a caller who has none of the roles in the tenant.
///
/// # Errors
/// PERMISSION_DENIED, ROLE_MISSING.
fn admitted(caller: &Caller, tenant: &TenantId, roles: &[Role]) -> Result<(), Fault> {
    caller.require_tenant(tenant)?;
    caller.require_any(roles)
}
