//! The contract's messages into ours and back. What cannot be read makes the stream worthless: nothing is guessed.

use std::fmt;
use std::time::Duration;

use contracts::consent::v1 as pb;
use pb::enforce_request::Message as Request;
use pb::enforce_response::Message as Response;
use sealing::Key;
use vocabulary::{Address, PersonId, TenantId, Timestamp, UserId};
use zeroize::Zeroizing;

use crate::message::{Holder, Message, Say, TenantKeys, TenantPart};
use crate::mirror::Set;
use crate::{MailboxState, OpenInterval, Settings, UserKind, UserMirror};

/// The data window of a tenant that names none, in days.
const DATA_WINDOW_DAYS: u32 = 365;

/// A message of consent that cannot be read: which part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(&'static str);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message of consent cannot be read: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// What is said, by whom.
pub(crate) fn request(say: Say, holder: Holder, [instance, process]: [u64; 2]) -> pb::EnforceRequest {
    let holder = match holder {
        Holder::Ingestion => pb::Holder::Ingestion,
        Holder::Analytics => pb::Holder::Analytics,
        Holder::Graph => pb::Holder::Graph,
    };
    let message = match say {
        Say::Hello { incarnation } => Request::Hello(pb::EnforceHello { holder: holder.into(), instance, incarnation, process }),
        Say::Renew { number } => Request::Renew(pb::EnforceRenew { number }),
        Say::Acknowledge { position } => Request::Acknowledge(pb::EnforceAcknowledge { position }),
    };
    pb::EnforceRequest { message: Some(message) }
}

/// What is told.
pub(crate) fn message(response: pb::EnforceResponse) -> Result<Message, Unreadable> {
    match response.message.ok_or(Unreadable("message"))? {
        Response::Snapshot(pb::EnforceSnapshot { incarnation, position, tenants, last, log_incarnation }) => {
            Ok(Message::Snapshot { incarnation, log_incarnation, position, tenants: parts(tenants)?, last })
        }
        Response::Change(pb::EnforceChange { position, narrowing: _, tenants }) => {
            Ok(Message::Change { position, tenants: parts(tenants)? })
        }
        Response::Renewed(pb::EnforceRenewed { number, incarnation, position, lease }) => {
            let lease = lease.and_then(|lease| Duration::try_from(lease).ok()).ok_or(Unreadable("lease"))?;
            Ok(Message::Renewed { number, incarnation, position, lease })
        }
    }
}

fn parts(tenants: Vec<pb::EnforcedTenant>) -> Result<Vec<TenantPart>, Unreadable> {
    tenants.into_iter().map(part).collect()
}

fn part(part: pb::EnforcedTenant) -> Result<TenantPart, Unreadable> {
    let pb::EnforcedTenant { settings: tenant, names_key, facts_key, lookup_key, users, position, erasures, erasure_number, .. } = part;
    let (tenant_id, expire_micros, names_generation) = (part.tenant_id, part.expire_micros, part.names_generation);
    let retired_names = optional(part.retired_names_key)?;
    let keys = [required(names_key), required(facts_key), required(lookup_key)];
    let settings = match tenant {
        Some(tenant) => {
            let [names, facts, lookup] = keys;
            Some((settings(tenant)?, TenantKeys { names: names?, names_generation, retired_names, facts: facts?, lookup: lookup? }))
        }
        None => None,
    };
    Ok(TenantPart {
        tenant: TenantId::parse(&tenant_id).map_err(|_| Unreadable("tenant_id"))?,
        position,
        settings,
        over: part.erased,
        erasure_number,
        erased: erasures.map(erased).transpose()?,
        users: users.into_iter().map(user).collect::<Result<_, _>>()?,
        expires: instant(expire_micros),
    })
}

fn erased(erasures: pb::EnforcedErasures) -> Result<(Set<u128>, Set<PersonId>), Unreadable> {
    let (hashes, []) = erasures.addresses.as_chunks() else { return Err(Unreadable("erasures")) };
    let addresses = hashes.iter().map(|hash| u128::from_le_bytes(*hash)).collect();
    Ok((addresses, erasures.person_ids.into_iter().map(PersonId).collect()))
}

fn settings(tenant: pb::Tenant) -> Result<Settings, Unreadable> {
    Ok(Settings {
        unrecorded_people_visible: tenant.unrecorded_people() == pb::UnrecordedPeople::Visible,
        display_name: tenant.display_name,
        domains: tenant.domains.iter().map(|domain| domain.to_lowercase().into_boxed_str()).collect(),
        data_window_days: match u32::try_from(tenant.data_window_days).map_err(|_| Unreadable("data_window_days"))? {
            0 => DATA_WINDOW_DAYS,
            days => days,
        },
        known_lists: tenant.known_lists.iter().map(|list| address(list)).collect::<Result<_, _>>()?,
    })
}

fn user(user: pb::EnforcedUser) -> Result<UserMirror, Unreadable> {
    let state = match user.state() {
        pb::MailboxState::None => MailboxState::None,
        pb::MailboxState::Open => MailboxState::Open,
        pb::MailboxState::Held => MailboxState::Held,
        pb::MailboxState::Destroyed => MailboxState::Destroyed,
        pb::MailboxState::Unspecified => return Err(Unreadable("state")),
    };
    // A user whom the directory no longer has comes without an entry: nobody's address, nobody's name.
    let entry = user.user.unwrap_or_else(|| pb::User { departed: true, ..pb::User::default() });
    let kind = match entry.kind() {
        pb::UserKind::Person | pb::UserKind::Unspecified => UserKind::Person,
        pb::UserKind::Guest => UserKind::Guest,
        pb::UserKind::Shared => UserKind::Shared,
        pb::UserKind::Room => UserKind::Room,
        pb::UserKind::List => UserKind::List,
    };
    let (log_key, view_key) = (optional(user.log_key)?, optional(user.view_key)?);
    // A key that must not be used is not even kept.
    let usable = |key: Option<Key>| key.filter(|_| state == MailboxState::Open);
    Ok(UserMirror {
        id: UserId(user.user_id),
        external_id: entry.external_id,
        addresses: entry.addresses.iter().map(|text| address(text)).collect::<Result<_, _>>()?,
        display_name: entry.display_name,
        kind,
        department: entry.department,
        departed: entry.departed,
        named_in_analytics: user.named_in_analytics,
        named_in_graph: user.named_in_graph,
        generation: user.generation,
        state,
        log_key: usable(log_key),
        view_key: usable(view_key),
        intervals: user.intervals.iter().map(interval).collect(),
        collected_from: instant(user.scope_micros),
    })
}

fn interval(interval: &pb::OpenInterval) -> OpenInterval {
    let pb::OpenInterval { from_position, to_position, scope_micros } = *interval;
    OpenInterval { from: from_position, to: (to_position != 0).then_some(to_position), scope: instant(scope_micros) }
}

fn instant(micros: i64) -> Option<Timestamp> {
    (micros != 0).then(|| Timestamp::from_micros(micros))
}

fn address(text: &str) -> Result<Address, Unreadable> {
    Address::parse(text).map_err(|_| Unreadable("address"))
}

fn required(bytes: Vec<u8>) -> Result<Key, Unreadable> {
    optional(bytes)?.ok_or(Unreadable("key"))
}

/// The message's copy is overwritten once the key is made of it.
fn optional(bytes: Vec<u8>) -> Result<Option<Key>, Unreadable> {
    let bytes = Zeroizing::new(bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    <[u8; 32]>::try_from(bytes.as_slice()).map(|bytes| Some(Key::from_bytes(bytes))).map_err(|_| Unreadable("key"))
}

#[cfg(test)]
mod tests;
