//! One of the directory's entries, with the user's own choices and the state of the mailbox.

use std::fmt;
use std::sync::Arc;

use vocabulary::{Address, Timestamp, UserId};

use crate::{Mailbox, OptOutMode, PerPurpose, Purpose, UserDefault};

/// What the directory says an address is (domain.md, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserKind {
    /// A colleague with a mailbox of their own.
    Person,
    /// Somebody outside who has an account.
    Guest,
    /// A mailbox several colleagues use: ours for KPIs, never an introducer.
    Shared,
    /// A room or a piece of equipment.
    Room,
    /// A mailing list.
    List,
}

impl UserKind {
    /// Whether such an entry has a mailbox that can be read: persons and shared mailboxes (Rapport rule).
    pub const fn has_mailbox(self) -> bool {
        match self {
            Self::Person | Self::Shared => true,
            Self::Guest | Self::Room | Self::List => false,
        }
    }
}

/// An entry as the directory gave it. Debug shows only the kind.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The id the directory gave it: 1 to 128 printable characters.
    pub external_id: Box<str>,
    /// The addresses, the primary one first; 1 to 64.
    pub addresses: Vec<Address>,
    /// For people.
    pub display_name: Box<str>,
    /// What it is.
    pub kind: UserKind,
    /// Roles, as the directory names them.
    pub roles: Vec<Box<str>>,
    /// The department, as the directory names it.
    pub department: Box<str>,
}

impl fmt::Debug for DirectoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DirectoryEntry({:?})", self.kind)
    }
}

/// A user's own choice for one purpose (gate G6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// None: the tenant's `user_default` holds.
    #[default]
    Unset,
    /// In.
    In,
    /// Out.
    Out,
}

/// A user as consent knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id that consent minted.
    pub id: UserId,
    /// The directory entry.
    pub entry: Arc<DirectoryEntry>,
    /// Whether the directory no longer names the user.
    pub departed: bool,
    /// Gate G6: the user's own choices.
    pub choice: PerPurpose<Choice>,
    /// Gate G5: the strictest mode of all opted-out groups that the user is in.
    pub grouped: PerPurpose<Option<OptOutMode>>,
    /// Only interactions from this instant on are collected anew: when the user was let out of an opted-out group.
    pub scope: PerPurpose<Option<Timestamp>>,
    /// The state of the mailbox.
    pub mailbox: Mailbox,
}

impl User {
    /// A user who is new in the directory and has decided nothing.
    pub fn new(id: UserId, entry: Arc<DirectoryEntry>) -> Self {
        let (choice, grouped, scope) = Default::default();
        Self { id, entry, departed: false, choice, grouped, scope, mailbox: Mailbox::default() }
    }

    /// Gate G6: whether the user has not opted out, where nobody who has chosen nothing is in unless `default` says so.
    pub fn opts_in(&self, purpose: Purpose, default: UserDefault) -> bool {
        match self.choice.of(purpose) {
            Choice::In => true,
            Choice::Out => false,
            Choice::Unset => default == UserDefault::In,
        }
    }

    /// The user with what groups now do to them. Who is let out of an opted-out group gives only what is new from then on.
    #[must_use]
    pub fn regrouped(self, grouped: PerPurpose<Option<OptOutMode>>, now: Timestamp) -> Self {
        let left = |purpose| self.grouped.of(purpose).is_some() && grouped.of(purpose).is_none();
        let scope = PerPurpose::from_fn(|purpose| if left(purpose) { Some(now) } else { *self.scope.of(purpose) });
        Self { grouped, scope, ..self }
    }

    /// Whether there is a mailbox to be read for `purpose`. Somebody who departed keeps only what was open before (policy KEEP,
    /// domain.md, section 7).
    pub fn has_mailbox(&self, purpose: Purpose) -> bool {
        self.entry.kind.has_mailbox() && (!self.departed || self.mailbox.has_key(purpose))
    }

    /// Whether there is a mailbox to be read for any purpose.
    pub fn has_any_mailbox(&self) -> bool {
        Purpose::ALL.into_iter().any(|purpose| self.has_mailbox(purpose))
    }
}
