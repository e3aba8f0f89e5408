//! The mailboxes of one tenant in memory: where their blocks lie in the log, and what they already tell. The CRM is one of them.

use std::collections::HashMap;
use std::time::Duration;

use consent_client::UserMirror;
use foldhash::fast::RandomState;
use vocabulary::{Fault, Reason, Timestamp, UserId};

use crate::known::Known;

/// The CRM's place among the mailboxes; consent mints no such id. Its generation is 0.
pub const CRM: UserId = UserId(0);

/// When to ask again for what is being read from disk.
const RETRY: Duration = Duration::from_millis(200);

/// The mailboxes of one tenant. What they tell changes within commits only; see [`crate::append`].
#[derive(Debug, Default)]
pub struct Mailboxes(HashMap<UserId, Mailbox, RandomState>);

/// One mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Its blocks in the log, of every generation that still has any.
    blocks: Vec<BlockPlace>,
    /// What one generation tells; `None` while it is not read from disk, or may not be.
    known: Option<(u32, Known)>,
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockPlace {
    /// Under which generation of keys it is sealed.
    pub generation: u32,
    /// Where it lies in the log.
    pub position: u64,
}

/// How a mailbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It never had keys.
    Never,
    /// A gate is closed.
    Blocked,
    /// It may be read.
    Open {
        /// Interactions kept from it.
        interactions: u64,
        /// The instant of the latest of them.
        high_water: Option<Timestamp>,
    },
}

/// Whether ingestion may store from a mailbox: it is open, and the key came with it.
pub fn may_be_read(user: &UserMirror) -> bool {
    user.is_open() && user.log_key.is_some()
}

impl Mailboxes {
    /// A mailbox, made if there is none.
    pub fn entry(&mut self, user: UserId) -> &mut Mailbox {
        self.0.entry(user).or_default()
    }

    /// Every mailbox, by owner.
    pub fn users(&self) -> Vec<UserId> {
        let mut users: Vec<_> = self.0.keys().copied().collect();
        users.sort_unstable();
        users
    }

    /// What an open mailbox already tells.
    ///
    /// # Errors
    /// UNAVAILABLE while its blocks are being read.
    pub fn known(&mut self, user: UserId, generation: u32) -> Result<&Known, Fault> {
        self.entry(user).known(generation).ok_or_else(|| being_read("the mailbox"))
    }
}

impl Mailbox {
    /// Where its blocks lie, of every generation.
    pub fn blocks(&self) -> impl Iterator<Item = BlockPlace> {
        self.blocks.iter().copied()
    }

    /// What a generation tells, if it is in memory. One without blocks tells nothing, and takes the place of an earlier one.
    pub fn known(&mut self, generation: u32) -> Option<&Known> {
        let later = self.generation().is_none_or(|held| held < generation);
        if later && self.places(|place| place == generation).next().is_none() {
            self.known = Some((generation, Known::default()));
        }
        self.known.as_ref().filter(|(held, _)| *held == generation).map(|(_, known)| known)
    }

    /// What a generation tells, to be added to, if it is in memory.
    pub fn known_mut(&mut self, generation: u32) -> Option<&mut Known> {
        self.known.as_mut().filter(|(held, _)| *held == generation).map(|(_, known)| known)
    }

    /// The generation that is in memory.
    pub fn generation(&self) -> Option<u32> {
        self.known.as_ref().map(|(generation, _)| *generation)
    }

    /// Takes in what was read from the blocks of a generation, unless a later one is there.
    pub fn install(&mut self, generation: u32, known: Known) {
        if self.generation().is_none_or(|held| held < generation) {
            self.known = Some((generation, known));
        }
    }

    /// Forgets what it tells; its blocks stay where they are.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Notes a block.
    pub fn add(&mut self, place: BlockPlace) {
        self.blocks.push(place);
    }

    /// Notes that blocks are gone; positions in ascending order.
    pub fn remove(&mut self, positions: &[u64]) {
        self.blocks.retain(|place| positions.binary_search(&place.position).is_err());
    }

    /// The positions of its blocks in generations that meet a condition.
    pub fn places(&self, generation: impl Fn(u32) -> bool) -> impl Iterator<Item = u64> {
        self.blocks.iter().filter(move |place| generation(place.generation)).map(|place| place.position)
    }
}

/// Something is being read from disk; worth asking again soon.
pub fn being_read(what: &str) -> Fault {
    Fault::unavailable(Reason::DependencyUnavailable, format!("{what} is being read from disk"), RETRY)
}
