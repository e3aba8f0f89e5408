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

/// Who may learn whose gates are open, and so how many mailboxes of a small side may be read.
const GATEKEEPERS: [Role; 2] = [Role::Operator, Role::DirectoryAdministrator];

/// Refuses a caller who has none of the roles in the tenant.
///
/// # Errors
/// PERMISSION_DENIED, ROLE_MISSING.
fn admitted(caller: &Caller, tenant: &TenantId, roles: &[Role]) -> Result<(), Fault> {
    caller.require_tenant(tenant)?;
    caller.require_any(roles)
}

/// Whether a caller may learn whose gates are open.
fn sees_gates(caller: &Caller) -> bool {
    GATEKEEPERS.iter().any(|role| caller.has(*role))
}
