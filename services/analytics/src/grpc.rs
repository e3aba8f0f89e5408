//! The services as tonic calls them: shape in, shape out. The order of what a request waits for and reads is here; no rule is.

mod export;
mod records;
mod relationships;

use runtime::{Caller, Role};

pub use export::Exports;
pub use records::Records;
pub use relationships::Relationships;

/// Who may learn whose gates are open, and so how many mailboxes of a small side may be read.
const GATEKEEPERS: [Role; 2] = [Role::Operator, Role::DirectoryAdministrator];

/// Whether a caller may learn whose gates are open.
fn sees_gates(caller: &Caller) -> bool {
    GATEKEEPERS.iter().any(|role| caller.has(*role))
}
