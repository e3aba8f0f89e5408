//! A tenant as a holder knows it: settings, tenant keys, users, and the three questions asked of it most: which user has this
//! address, on which side an address stands, and what may be done with a mailbox.

use std::fmt;
use std::sync::{Arc, OnceLock};

use sealing::{Key, KeyedHash};
use vocabulary::{Address, PersonId, TenantId, Timestamp, UserId};

use super::{MailboxState, Map, Set, UserKind, UserMirror};

/// The settings of a tenant that a holder needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For people; may be empty.
    pub display_name: String,
    /// The verified domains, lower case: whoever has an address there is inside.
    pub domains: Set<Box<str>>,
    /// How far back interactions count, in days; from 1.
    pub data_window_days: u32,
    /// Addresses that are mailing lists though no header says so.
    pub known_lists: Set<Address>,
    /// Whether people who are on no CRM record may be asked about.
    pub unrecorded_people_visible: bool,
}

/// Who is erased of a tenant for good.
#[derive(Clone, Debug)]
pub struct Erased {
    /// Keyed hashes of the addresses that are suppressed.
    pub addresses: Set<u128>,
    /// The people whom nothing may name any more.
    pub people: Set<PersonId>,
    hash: KeyedHash,
}

impl Erased {
    /// These addresses and people, under the tenant key `lookup`.
    pub fn new(lookup: &Key, addresses: Set<u128>, people: Set<PersonId>) -> Self {
        Self { addresses, people, hash: KeyedHash::of_erased(lookup) }
    }

    /// Whether an address was erased, whoever has it now.
    pub fn has(&self, address: &Address) -> bool {
        !self.addresses.is_empty() && self.addresses.contains(&self.hash.hash128(address.as_str().as_bytes()))
    }
}

/// A tenant as a holder knows it.
#[derive(Clone)]
pub struct TenantMirror {
    /// The tenant.
    pub tenant: TenantId,
    /// The position of the last decision about the tenant.
    pub position: u64,
    /// Its settings.
    pub settings: Settings,
    /// The tenant key `names`: the dictionary, names of records and people.
    pub names_key: Key,
    /// Its generation, from 1.
    pub names_generation: u32,
    /// The key `names` of the generation before, to be read with until everything is sealed anew.
    pub retired_names_key: Option<Key>,
    /// The tenant key `facts`: CRM-tracked interactions.
    pub facts_key: Key,
    /// The tenant key `lookup`: keyed hashes.
    pub lookup_key: Key,
    /// Who is erased for good.
    pub erased: Arc<Erased>,
    /// The number of the last erasure; 0: none yet.
    pub erasure_number: u64,
    /// The users, in no particular order, departed ones included.
    pub users: Map<UserId, Arc<UserMirror>>,
    /// Whose each address of the directory is; where two claim one, the one who has not departed.
    pub by_address: Arc<Map<Address, UserId>>,
    /// When the holder's purpose ends by itself; absent: never.
    pub expires: Option<Timestamp>,
    /// The tenant as it is from then on, made when it is first asked for.
    pub(crate) ended: OnceLock<Arc<Self>>,
}

/// On which side an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// One of ours by the directory: a person or a shared mailbox, departed or not.
    Ours(UserId),
    /// Inside by its domain, but nobody the directory knows.
    InsideUnknown,
    /// Outside, though in the directory.
    Guest,
    /// A mailing list: nobody.
    List,
    /// A room or a piece of equipment: nobody.
    Room,
    /// Outside.
    Outside,
}

/// What may be done with a block or chunk of one generation of a mailbox.
#[derive(Clone, Copy, Debug)]
pub enum MailboxKeyState<'a> {
    /// Open it: here are the keys, as far as this holder may have them.
    Open(&'a Arc<UserMirror>),
    /// Its keys live on elsewhere: keep the place.
    Held,
    /// Nothing of it can be read any more, or ever could here: pass over it.
    Destroyed,
    /// The mirror has not heard of it: wait for the position of consent that the block names.
    Behind,
}

impl TenantMirror {
    /// The tenant at an instant by the holder's own clock: once its purpose has ended, no mailbox is open, whether or not word of it has
    /// come. The place of each is kept until it does (design.md, section 3, Leases: expiries travel with the keys).
    pub fn at(self: &Arc<Self>, now: Timestamp) -> Arc<Self> {
        if self.expires.is_none_or(|expires| now < expires) {
            return Arc::clone(self);
        }
        Arc::clone(self.ended.get_or_init(|| {
            let mut ended = Self { ended: OnceLock::new(), ..Self::clone(self) };
            for user in ended.users.values_mut().filter(|user| user.is_open()) {
                let held = UserMirror { state: MailboxState::Held, log_key: None, view_key: None, ..UserMirror::clone(user) };
                *user = Arc::new(held);
            }
            Arc::new(ended)
        }))
    }

    /// What may be done with a block or chunk of this mailbox and generation.
    ///
    /// A lower generation than the mirror's is destroyed; a higher one, or an unknown user, means that the mirror is behind. Whoever
    /// knows at which position of consent the block was sealed asks `Permit::block_key`, which never waits in vain for the erased.
    pub fn mailbox_key(&self, user: UserId, generation: u32) -> MailboxKeyState<'_> {
        let Some(held) = self.users.get(&user) else { return MailboxKeyState::Behind };
        if generation > held.generation {
            return MailboxKeyState::Behind;
        }
        if generation < held.generation {
            return MailboxKeyState::Destroyed;
        }
        match held.state {
            MailboxState::Open => MailboxKeyState::Open(held),
            MailboxState::Held => MailboxKeyState::Held,
            MailboxState::None | MailboxState::Destroyed => MailboxKeyState::Destroyed,
        }
    }

    /// On which side an address stands: by the directory, then by the lists the tenant named, then by verified domains.
    pub fn side(&self, address: &Address) -> Side {
        match self.user_at(address).map(|user| (user.kind, user.id)) {
            Some((UserKind::Person | UserKind::Shared, id)) => Side::Ours(id),
            Some((UserKind::Guest, _)) => Side::Guest,
            Some((UserKind::Room, _)) => Side::Room,
            Some((UserKind::List, _)) => Side::List,
            None if self.settings.known_lists.contains(address) => Side::List,
            None if self.settings.domains.contains(address.domain()) => Side::InsideUnknown,
            None => Side::Outside,
        }
    }

    /// Opens, by `open`, what is sealed under `names`, of whichever generation there is.
    ///
    /// # Errors
    /// What `open` says of the present key.
    pub fn open_names<T, E>(&self, open: impl Fn(&Key) -> Result<T, E>) -> Result<T, E> {
        open(&self.names_key).or_else(|error| self.retired_names_key.as_ref().and_then(|key| open(key).ok()).ok_or(error))
    }

    /// Whether an address was erased and is nobody's whom the directory names since: nothing of it may be kept.
    pub fn is_erased(&self, address: &Address) -> bool {
        self.erased.has(address) && self.user_at(address).is_none()
    }

    /// Whether an address is one of ours or inside by its domain. Lists and rooms are not.
    pub fn is_inside(&self, address: &Address) -> bool {
        matches!(self.side(address), Side::Ours(_) | Side::InsideUnknown)
    }

    /// The user of that id, departed or not.
    pub fn user(&self, id: UserId) -> Option<&Arc<UserMirror>> {
        self.users.get(&id)
    }

    /// The entry of the directory that has the address, whatever its kind.
    pub fn user_at(&self, address: &Address) -> Option<&Arc<UserMirror>> {
        self.users.get(self.by_address.get(address)?)
    }
}

impl fmt::Debug for TenantMirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantMirror({}: {} users at {})", self.tenant, self.users.len(), self.position)
    }
}

#[cfg(test)]
mod tests;
