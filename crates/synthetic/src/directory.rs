//! The directory of the generated company.

use crate::cast::Department;

/// What an address of the directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// A colleague with a mailbox of their own.
    Person,
    /// A mailbox several colleagues use.
    Shared,
    /// A room.
    Room,
    /// A mailing list.
    List,
}

/// One entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The directory's own id, as in `u-0007`.
    pub external_id: String,
    /// The addresses, the primary one first; at least one.
    pub addresses: Vec<String>,
    /// For people.
    pub display_name: String,
    /// The department, as in `Customer Success`; empty for what is nobody's.
    pub department: String,
    /// Roles: `seller`, `sales-manager`, or none.
    pub roles: Vec<String>,
    /// What it is.
    pub kind: UserKind,
}

impl User {
    /// The primary address.
    pub fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    pub(crate) fn works_in(&self, department: Department) -> bool {
        self.department == department.name()
    }
}
