//! The directory of one tenant: users, found by id, by any address and by the directory's own id.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use vocabulary::{Address, UserId};

use crate::User;

/// The users of one tenant. One address belongs to one user.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: BTreeMap<UserId, Arc<User>>,
    by_address: HashMap<Address, UserId>,
    by_external_id: BTreeMap<Box<str>, UserId>,
}

impl Directory {
    /// The user of that id.
    pub fn get(&self, id: UserId) -> Option<&Arc<User>> {
        self.users.get(&id)
    }

    /// The user who has that address.
    pub fn at_address(&self, address: &Address) -> Option<&Arc<User>> {
        self.users.get(self.by_address.get(address)?)
    }

    /// The user whom the directory calls so.
    pub fn of_external_id(&self, external_id: &str) -> Option<&Arc<User>> {
        self.users.get(self.by_external_id.get(external_id)?)
    }

    /// Every user, by id.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// The users whose directory id comes after `external_id`, in its order; all of them after `None`.
    pub fn after<'a>(&'a self, external_id: Option<&str>) -> impl Iterator<Item = &'a Arc<User>> {
        let first = external_id.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_external_id.range::<str, _>((first, Bound::Unbounded)).filter_map(|(_, id)| self.users.get(id))
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is no user.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Forgets a user and whatever they were found by.
    pub fn remove(&mut self, id: UserId) {
        if let Some(user) = self.users.remove(&id) {
            self.by_address.retain(|_, owner| *owner != id);
            self.by_external_id.remove(&user.entry.external_id);
        }
    }

    /// Takes in a user as they now are. The caller has seen to it that no address belongs to somebody else.
    pub fn put(&mut self, user: Arc<User>) {
        if let Some(held) = self.users.get(&user.id).filter(|held| !Arc::ptr_eq(&held.entry, &user.entry)) {
            for address in
                held.entry.addresses.iter().filter(|address| self.by_address.get(*address) == Some(&user.id)).cloned().collect::<Vec<_>>()
            {
                self.by_address.remove(&address);
            }
            self.by_external_id.remove(&held.entry.external_id);
        }
        for address in &user.entry.addresses {
            self.by_address.insert(address.clone(), user.id);
        }
        self.by_external_id.insert(user.entry.external_id.clone(), user.id);
        self.users.insert(user.id, user);
    }
}
