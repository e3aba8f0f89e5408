//! Putting what a message says into a mirror, and finding what it closes. Only what is touched is copied, and only once between two
//! publications.

use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};

use vocabulary::{Address, TenantId, UserId};

use crate::message::{TenantKeys, TenantPart};
use crate::mirror::{Erased, Map, Set};
use crate::{Closed, MailboxState, Mirror, TenantMirror, UserMirror};

/// A tenant was named for the first time without its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SettingsMissing;

/// Puts what is said of a tenant into the mirror; `closed` gains the mailboxes that stood open and do not stand open as they did.
pub(crate) fn tenant(mirror: &mut Mirror, part: TenantPart, position: u64, closed: &mut Vec<Closed>) -> Result<(), SettingsMissing> {
    let TenantPart { tenant, over, position: tenant_position, settings, erasure_number, erased, users, expires } = part;
    if over {
        if let Some(held) = mirror.tenants.remove(&tenant) {
            closed.extend(held.users.values().filter_map(|user| closing(&tenant, user, None, position)));
        }
        mirror.erased.insert(tenant, erasure_number);
        return Ok(());
    }
    let held = match (mirror.tenants.entry(tenant), settings) {
        (Entry::Occupied(held), settings) => {
            let held = Arc::make_mut(held.into_mut());
            if let Some((settings, TenantKeys { names, names_generation, retired_names, facts, lookup })) = settings {
                held.settings = settings;
                (held.names_key, held.facts_key, held.lookup_key) = (names, facts, lookup);
                (held.names_generation, held.retired_names_key) = (names_generation, retired_names);
            }
            held
        }
        (Entry::Vacant(place), Some((settings, keys))) => {
            let tenant = place.key().clone();
            let TenantKeys { names: names_key, names_generation, retired_names, facts: facts_key, lookup: lookup_key } = keys;
            let nobody = Erased::new(&lookup_key, Set::default(), Set::default());
            let (users, by_address, erased) = (Map::default(), Arc::default(), Arc::new(nobody));
            let position = tenant_position;
            Arc::make_mut(place.insert(Arc::new(TenantMirror {
                tenant,
                position,
                settings,
                names_key,
                names_generation,
                retired_names_key: retired_names,
                facts_key,
                lookup_key,
                erased,
                erasure_number,
                users,
                by_address,
                expires,
                ended: OnceLock::new(),
            })))
        }
        (Entry::Vacant(_), None) => return Err(SettingsMissing),
    };
    (held.position, held.expires, held.ended) = (tenant_position, expires, OnceLock::new());
    held.erasure_number = erasure_number;
    if let Some((addresses, people)) = erased {
        held.erased = Arc::new(Erased::new(&held.lookup_key, addresses, people));
    }
    put(held, users, position, closed);
    Ok(())
}

fn put(held: &mut TenantMirror, users: Vec<UserMirror>, position: u64, closed: &mut Vec<Closed>) {
    let mut disclaimed = false;
    for user in users {
        let user = Arc::new(user);
        match held.users.insert(user.id, Arc::clone(&user)) {
            Some(earlier) => {
                closed.extend(closing(&held.tenant, &earlier, Some(&user), position));
                disclaimed |= earlier.addresses != user.addresses || earlier.departed != user.departed;
            }
            None => claim(Arc::make_mut(&mut held.by_address), &held.users, &user),
        }
    }
    // Who is next in line for an address that somebody gave up is known only by asking everybody.
    if disclaimed {
        let mut claims = Map::default();
        for user in held.users.values() {
            claim(&mut claims, &held.users, user);
        }
        held.by_address = Arc::new(claims);
    }
}

/// Writes the user's addresses down, unless somebody comes first who claims the same: who has not departed, then the lower id.
fn claim(claims: &mut Map<Address, UserId>, users: &Map<UserId, Arc<UserMirror>>, user: &UserMirror) {
    let rank = |user: &UserMirror| (user.departed, user.id);
    for address in &user.addresses {
        let other = claims.get(address).and_then(|id| users.get(id));
        if other.is_none_or(|other| rank(user) < rank(other)) {
            claims.insert(address.clone(), user.id);
        }
    }
}

/// What stood open in `earlier` and does not in `later`, by tenant and user.
pub(crate) fn closings(earlier: &Mirror, later: &Mirror) -> Vec<Closed> {
    let mut closed = Vec::new();
    for (id, tenant) in &earlier.tenants {
        let now = later.tenants.get(id);
        for user in tenant.users.values() {
            let present = now.and_then(|tenant| tenant.users.get(&user.id));
            closed.extend(closing(id, user, present.map(Arc::as_ref), later.position));
        }
    }
    closed.sort_unstable_by(|one, other| (&one.tenant, one.user).cmp(&(&other.tenant, other.user)));
    closed
}

fn closing(tenant: &TenantId, earlier: &UserMirror, later: Option<&UserMirror>, position: u64) -> Option<Closed> {
    if !earlier.is_open() || later.is_some_and(|later| earlier.stayed_open(later)) {
        return None;
    }
    let same = later.filter(|later| later.generation == earlier.generation);
    let state = match same.map(|later| later.state) {
        Some(state @ (MailboxState::Open | MailboxState::Held)) => state,
        Some(MailboxState::None | MailboxState::Destroyed) | None => MailboxState::Destroyed,
    };
    Some(Closed { tenant: tenant.clone(), user: earlier.id, generation: earlier.generation, state, position })
}

#[cfg(test)]
mod tests;
