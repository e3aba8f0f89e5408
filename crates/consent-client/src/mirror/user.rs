//! A user as a holder knows them: directory entry, personal gates, and the keys of their mailbox.

use std::fmt;

use sealing::Key;
use vocabulary::{Address, Timestamp, UserId};

/// What an entry of the directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What a holder may do with the present generation of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailboxState {
    /// It was never open for this holder: there are no keys.
    None,
    /// It may be read; keys come with it, as far as the holder may have them.
    Open,
    /// It may not be read now, but its keys live on: keep the place.
    Held,
    /// Its keys are destroyed for good.
    Destroyed,
}

/// Positions of consent between which the holder's purpose stood open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    /// Blocks sealed at or after this position may be folded.
    pub from: u64,
    /// Blocks sealed at or after this position may not; absent: open now.
    pub to: Option<u64>,
    /// Interactions before this instant do not count; absent: all do.
    pub scope: Option<Timestamp>,
}

/// A user as a holder knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct UserMirror {
    /// The id that consent minted; also the name of the mailbox.
    pub id: UserId,
    /// The id the directory gave; empty for somebody the directory no longer has.
    pub external_id: String,
    /// The addresses, the primary one first; empty for somebody the directory no longer has.
    pub addresses: Vec<Address>,
    /// For people; may be empty.
    pub display_name: String,
    /// What it is.
    pub kind: UserKind,
    /// The department, as the directory names it; may be empty.
    pub department: String,
    /// Whether the directory no longer names it. Its addresses stay inside.
    pub departed: bool,
    /// Whether the user may be named in analytics, whatever the source.
    pub named_in_analytics: bool,
    /// Whether the user may be named in who knows whom, whatever the source.
    pub named_in_graph: bool,
    /// The generation of the mailbox keys, from 1; lower ones are destroyed. 0: none yet.
    pub generation: u32,
    /// What this holder may do with this generation.
    pub state: MailboxState,
    /// The mailbox key `log`, while open and this holder may have it.
    pub log_key: Option<Key>,
    /// The holder's own view key, while open and this holder is a view.
    pub view_key: Option<Key>,
    /// When the holder's purpose stood open, in order.
    pub intervals: Vec<OpenInterval>,
    /// Only interactions from this instant on may be collected; absent: all. For ingestion only.
    pub collected_from: Option<Timestamp>,
}

impl UserMirror {
    /// The primary address, if the directory still has one.
    pub fn address(&self) -> Option<&Address> {
        self.addresses.first()
    }

    /// Whether the mailbox may be read now.
    pub fn is_open(&self) -> bool {
        self.state == MailboxState::Open
    }

    /// Whether the holder's purpose stood open at that position of consent: whether a block sealed there may be folded.
    pub fn was_open_at(&self, position: u64) -> bool {
        self.interval_at(position).is_some()
    }

    /// From which instant on interactions count that were sealed at that position of consent, in an interval that has such an instant.
    pub fn scope_at(&self, position: u64) -> Option<Timestamp> {
        self.interval_at(position)?.scope
    }

    fn interval_at(&self, position: u64) -> Option<&OpenInterval> {
        self.intervals.iter().find(|interval| interval.from <= position && interval.to.is_none_or(|to| position < to))
    }

    /// Whether `later` is open, and has been ever since `self` was: same generation, same keys, same intervals.
    pub fn stayed_open(&self, later: &Self) -> bool {
        let opening = |user: &Self| (user.generation, user.log_key.clone(), user.view_key.clone());
        self.is_open() && later.is_open() && opening(self) == opening(later) && self.intervals == later.intervals
    }
}

impl fmt::Debug for UserMirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, generation, state, .. } = self;
        f.debug_struct("UserMirror").field("id", id).field("generation", generation).field("state", state).finish_non_exhaustive()
    }
}
