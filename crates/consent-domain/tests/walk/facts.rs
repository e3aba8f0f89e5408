//! What administrators, users, operators and syncs said, in order, with times.

use std::collections::BTreeSet;

pub type Second = i64;
pub type User = u8;
pub type Group = u8;
pub type Application = u8;
pub type Role = u8;

pub const DAY: Second = 24 * 60 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    Analytics,
    Graph,
}

pub const PURPOSES: [Purpose; 2] = [Purpose::Analytics, Purpose::Graph];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Mailbox,
    Crm,
}

/// For which purposes something is said: `[analytics, graph]`.
pub type Which = [bool; 2];

pub fn names(which: Which, purpose: Purpose) -> bool {
    which[purpose as usize]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Person,
    Guest,
    Shared,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub user: User,
    pub kind: Kind,
    pub addresses: Vec<u16>,
    pub roles: BTreeSet<Role>,
}

#[derive(Clone, Debug)]
pub struct Members {
    pub group: Group,
    pub users: BTreeSet<User>,
    pub groups: BTreeSet<Group>,
}

/// The switches an application's administrator holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    pub features: Which,
    pub mailboxes: bool,
    pub roles: BTreeSet<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Own,
    Aggregated,
    Identifiable,
}

#[derive(Clone, Debug)]
pub enum Said {
    /// The operator's list of regions, and the tenant's own region: whether they agree.
    Region {
        allowed: bool,
        by_operator: bool,
    },
    UserDefault {
        opted_in: bool,
    },
    DepartedPolicy {
        erase: bool,
    },
    Application {
        application: Application,
        switches: Switches,
    },
    Granted {
        of: Type,
        purposes: Which,
        expires: Option<Second>,
    },
    Revoked,
    GroupOut {
        group: Group,
        purposes: Which,
        future_only: bool,
    },
    GroupIn {
        group: Group,
        purposes: Which,
    },
    UserOut {
        user: User,
        purposes: Which,
    },
    UserIn {
        user: User,
        purposes: Which,
    },
    Erased {
        user: User,
    },
    /// A sync of the directory; after a complete one whoever is missing has departed.
    Users {
        complete: bool,
        entries: Vec<Entry>,
    },
    /// A sync of the security groups.
    Groups {
        complete: bool,
        groups: Vec<Members>,
    },
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub at: Second,
    pub said: Said,
}
