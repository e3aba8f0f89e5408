//! What administrators, users, operators and syncs said, in order, with times; and the plain questions put to that list.
//! Nothing is kept beside the list: every question reads it again.

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
    pub addresses: u8,
    pub roles: BTreeSet<Role>,
}

#[derive(Clone, Debug)]
pub struct Members {
    pub group: Group,
    pub users: BTreeSet<User>,
    pub groups: BTreeSet<Group>,
}

#[derive(Clone, Debug)]
pub enum Said {
    Region {
        allowed: bool,
    },
    UserDefault {
        opted_in: bool,
    },
    DepartedPolicy {
        erase: bool,
    },
    Application {
        application: Application,
        identifiable: bool,
        features: Which,
        mailboxes: bool,
        roles: BTreeSet<Role>,
    },
    Granted {
        identifiable: bool,
        purposes: Which,
        expires: Option<Second>,
    },
    Revoked {
        identifiable: bool,
    },
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
    /// A complete sync of the directory: whoever is missing has departed.
    Users(Vec<Entry>),
    /// A complete sync of the security groups.
    Groups(Vec<Members>),
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub at: Second,
    pub said: Said,
}

/// The list as it stood after some of its facts, looked at from an instant.
#[derive(Clone, Copy)]
pub struct Then<'a> {
    pub facts: &'a [Fact],
    pub now: Second,
}

impl Then<'_> {
    fn last<T>(&self, of: impl Fn(&Said) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(|fact| of(&fact.said))
    }

    pub fn region_allowed(&self) -> bool {
        self.last(|said| match said {
            Said::Region { allowed } => Some(*allowed),
            _ => None,
        })
        .unwrap_or(true)
    }

    pub fn everybody_is_in(&self) -> bool {
        self.last(|said| match said {
            Said::UserDefault { opted_in } => Some(*opted_in),
            _ => None,
        })
        .unwrap_or(true)
    }

    pub fn departed_are_erased(&self) -> bool {
        self.last(|said| match said {
            Said::DepartedPolicy { erase } => Some(*erase),
            _ => None,
        })
        .unwrap_or(false)
    }

    pub fn applications(&self) -> BTreeSet<Application> {
        self.facts
            .iter()
            .filter_map(|fact| match fact.said {
                Said::Application { application, .. } => Some(application),
                _ => None,
            })
            .collect()
    }

    pub fn needs_identifiable(&self, asked: Application) -> bool {
        self.last(|said| match said {
            Said::Application { application, identifiable, .. } if *application == asked => Some(*identifiable),
            _ => None,
        })
        .unwrap_or(false)
    }

    pub fn feature_on(&self, asked: Application, purpose: Purpose) -> bool {
        self.last(|said| match said {
            Said::Application { application, features, .. } if *application == asked => Some(names(*features, purpose)),
            _ => None,
        })
        .unwrap_or(false)
    }

    pub fn mailboxes_on(&self, asked: Application) -> bool {
        self.last(|said| match said {
            Said::Application { application, mailboxes, .. } if *application == asked => Some(*mailboxes),
            _ => None,
        })
        .unwrap_or(false)
    }

    pub fn roles_chosen(&self, asked: Application) -> BTreeSet<Role> {
        self.last(|said| match said {
            Said::Application { application, roles, .. } if *application == asked => Some(roles.clone()),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// What the last sync that knew the user said, and whether that was the last sync of all.
    pub fn entry(&self, asked: User) -> Option<(Entry, bool)> {
        let mut listed = true;
        for fact in self.facts.iter().rev() {
            if let Said::Users(entries) = &fact.said {
                if let Some(entry) = entries.iter().find(|entry| entry.user == asked) {
                    return Some((entry.clone(), listed));
                }
                listed = false;
            }
        }
        None
    }

    /// Every group the user is in, directly or through groups in groups.
    pub fn groups_of(&self, user: User) -> BTreeSet<Group> {
        let known = self
            .last(|said| match said {
                Said::Groups(groups) => Some(groups.clone()),
                _ => None,
            })
            .unwrap_or_default();
        let mut within: BTreeSet<Group> = BTreeSet::new();
        loop {
            let before = within.len();
            for members in &known {
                if members.users.contains(&user) || members.groups.iter().any(|inner| within.contains(inner)) {
                    within.insert(members.group);
                }
            }
            if within.len() == before {
                return within;
            }
        }
    }

    /// How a group is opted out of a purpose, if it is: whether what was collected before is kept.
    pub fn group_out(&self, asked: Group, purpose: Purpose) -> Option<bool> {
        self.last(|said| match said {
            Said::GroupOut { group, purposes, future_only } if *group == asked && names(*purposes, purpose) => Some(Some(*future_only)),
            Said::GroupIn { group, purposes } if *group == asked && names(*purposes, purpose) => Some(None),
            _ => None,
        })
        .flatten()
    }

    /// What the user chose last for a purpose: `Some(true)` in, `Some(false)` out, `None` never chose.
    pub fn choice(&self, asked: User, purpose: Purpose) -> Option<bool> {
        self.last(|said| match said {
            Said::UserOut { user, purposes } if *user == asked && names(*purposes, purpose) => Some(false),
            Said::UserIn { user, purposes } if *user == asked && names(*purposes, purpose) => Some(true),
            _ => None,
        })
    }

    /// Whether a grant of the type that opens G3 covers the purpose now: given, not withdrawn since, not yet expired.
    pub fn granted(&self, purpose: Purpose) -> bool {
        for fact in self.facts.iter().rev() {
            match fact.said {
                Said::Revoked { identifiable: true } => return false,
                Said::Granted { identifiable: true, purposes, expires }
                    if names(purposes, purpose) && expires.is_none_or(|end| self.now < end) =>
                {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Since when a feature has been on without interruption.
    pub fn feature_since(&self, asked: Application, purpose: Purpose) -> Option<Second> {
        let mut since = None;
        for fact in self.facts {
            if let Said::Application { application, features, .. } = &fact.said
                && *application == asked
            {
                since = match names(*features, purpose) {
                    true => since.or(Some(fact.at)),
                    false => None,
                };
            }
        }
        since
    }
}
