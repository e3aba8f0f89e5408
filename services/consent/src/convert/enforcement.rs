//! What each holder is told: keys and states as far as it may have them.

use consent_domain::{Erased, Gates, Holder, Interval, KeyName, KeyPart, MailboxState, Purpose, State, User, holding};
use contracts::consent::v1 as pb;
use prost::Message as _;
use vocabulary::{Fault, TenantId};

use super::micros;
use crate::enforce::Change;
use crate::tenants::{Held, Tenants};

/// The most users, and about the most bytes, in one part of a snapshot.
const USERS_PER_PART: usize = 2000;
const BYTES_PER_PART: usize = 1 << 20;
/// The users of one piece, of which parts are made.
const USERS_PER_PIECE: usize = 200;

/// Who a holder says it is.
pub(crate) fn holder(holder: pb::Holder) -> Result<Holder, Fault> {
    match holder {
        pb::Holder::Ingestion => Ok(Holder::Ingestion),
        pb::Holder::Analytics => Ok(Holder::Analytics),
        pb::Holder::Graph => Ok(Holder::Graph),
        pb::Holder::Unspecified => Err(Fault::invalid_field("hello.holder", "must name a holder")),
    }
}

/// The whole state as one holder may know it, in parts; the settings of a tenant come with its first users.
pub(crate) fn parts(tenants: &Tenants, holder: Holder) -> impl Iterator<Item = Vec<pb::EnforcedTenant>> + Send + '_ {
    let gone = tenants.erased.iter().map(|(tenant, number)| over(tenant, tenants.position, *number));
    let mut pieces = tenants.held.values().flat_map(move |held| pieces(held, holder)).chain(gone).peekable();
    std::iter::from_fn(move || {
        let mut part = Vec::from([pieces.next()?]);
        let (mut users, mut bytes) = (part[0].users.len(), part[0].encoded_len());
        let fits = |piece: &pb::EnforcedTenant, users: usize, bytes: usize| {
            users + piece.users.len() <= USERS_PER_PART && bytes + piece.encoded_len() <= BYTES_PER_PART
        };
        while let Some(piece) = pieces.next_if(|piece| fits(piece, users, bytes)) {
            users += piece.users.len();
            bytes += piece.encoded_len();
            part.push(piece);
        }
        Some(part)
    })
}

fn pieces(held: &Held, holder: Holder) -> impl Iterator<Item = pb::EnforcedTenant> + Send + '_ {
    let gates = held.state.gates();
    let mut users = held.state.directory.users();
    let mut first = true;
    std::iter::from_fn(move || {
        let users: Vec<_> = users.by_ref().take(USERS_PER_PIECE).map(|user| enforced(held, &gates, user, holder)).collect();
        (!users.is_empty() || first).then(|| {
            let first = std::mem::take(&mut first);
            tenant(held, holder, first, first, users)
        })
    })
}

/// What a decision changed, as one holder may know it.
pub(crate) fn change(change: &Change, holder: Holder) -> pb::EnforceChange {
    let held = &change.tenant;
    if change.over {
        let tenants = vec![over(&held.state.tenant, change.position, change.erasure_number)];
        return pb::EnforceChange { position: change.position, narrowing: change.narrowing, tenants };
    }
    let gates = held.state.gates();
    let users = change.users.iter().filter_map(|id| held.state.directory.get(*id));
    let gone = change.gone.map(|(user, generation)| pb::EnforcedUser {
        user_id: user.0,
        generation,
        state: pb::MailboxState::Destroyed.into(),
        ..pb::EnforcedUser::default()
    });
    let users = users.map(|user| enforced(held, &gates, user, holder)).chain(gone).collect();
    let tenants = vec![tenant(held, holder, change.settings, change.settings || change.erased, users)];
    pb::EnforceChange { position: change.position, narrowing: change.narrowing, tenants }
}

/// When a holder's purpose ends by itself; for ingestion, which collects for both, when both have ended.
fn expire_micros(state: &State, holder: Holder) -> i64 {
    let end = |purpose| state.consent.expire_time(purpose);
    match holder.purpose() {
        Some(purpose) => micros(end(purpose)),
        None => {
            let mut open = Purpose::ALL.into_iter().filter(|purpose| state.consent.opens_mailboxes(*purpose)).peekable();
            let ends = if open.peek().is_some() { open.map(end).collect::<Option<Vec<_>>>() } else { None };
            micros(ends.and_then(|ends| ends.into_iter().max()))
        }
    }
}

fn tenant(held: &Held, holder: Holder, settings: bool, erased: bool, users: Vec<pb::EnforcedUser>) -> pb::EnforcedTenant {
    let told = pb::EnforcedTenant {
        tenant_id: held.state.tenant.to_string(),
        users,
        position: held.state.position,
        expire_micros: expire_micros(&held.state, holder),
        erasure_number: held.state.erased.number,
        erasures: erased.then(|| erasures(&held.state.erased)),
        ..pb::EnforcedTenant::default()
    };
    if !settings {
        return told;
    }
    pb::EnforcedTenant {
        settings: Some(super::tenant::tenant(&held.state)),
        names_key: held.keys.names.as_bytes().to_vec(),
        facts_key: held.keys.facts.as_bytes().to_vec(),
        lookup_key: held.keys.lookup.as_bytes().to_vec(),
        names_generation: held.state.names.generation,
        retired_names_key: held.keys.retired_names.as_ref().map(|key| key.as_bytes().to_vec()).unwrap_or_default(),
        ..told
    }
}

/// A tenant that is erased.
fn over(tenant: &TenantId, position: u64, erasure_number: u64) -> pb::EnforcedTenant {
    pb::EnforcedTenant { tenant_id: tenant.to_string(), position, erasure_number, erased: true, ..pb::EnforcedTenant::default() }
}

fn erasures(erased: &Erased) -> pb::EnforcedErasures {
    pb::EnforcedErasures {
        addresses: erased.addresses.iter().flat_map(|hash| hash.to_le_bytes()).collect(),
        person_ids: erased.people.iter().map(|person| person.0).collect(),
    }
}

fn enforced(held: &Held, gates: &Gates<'_>, user: &User, holder: Holder) -> pb::EnforcedUser {
    let holding = holding(user, holder);
    let key = |part| {
        let name = KeyName { user: user.id, generation: user.mailbox.generation, part };
        held.mailbox_keys.get(&name).map(|key| key.as_bytes().to_vec()).unwrap_or_default()
    };
    let state = match holding.state {
        MailboxState::None => pb::MailboxState::None,
        MailboxState::Open => pb::MailboxState::Open,
        MailboxState::Held => pb::MailboxState::Held,
        MailboxState::Destroyed => pb::MailboxState::Destroyed,
    };
    pb::EnforcedUser {
        user_id: user.id.0,
        user: Some(super::directory::told(user)),
        named_in_analytics: gates.may_be_named(user, Purpose::RelationshipAnalytics),
        named_in_graph: gates.may_be_named(user, Purpose::ConnectionGraph),
        generation: user.mailbox.generation,
        state: state.into(),
        log_key: if holding.log() { key(KeyPart::Log) } else { Vec::new() },
        view_key: holding.view.map(key).unwrap_or_default(),
        intervals: holding.intervals.iter().map(interval).collect(),
        scope_micros: if holder == Holder::Ingestion { micros(collected_from(user)) } else { 0 },
    }
}

/// From which instant on ingestion collects: the earliest of all purposes that it collects for.
fn collected_from(user: &User) -> Option<vocabulary::Timestamp> {
    let open = Purpose::ALL.into_iter().filter(|purpose| user.mailbox.is_open(*purpose));
    let scopes: Option<Vec<_>> = open.map(|purpose| user.mailbox.intervals.of(purpose).last().and_then(|last| last.scope)).collect();
    scopes.and_then(|scopes| scopes.into_iter().min())
}

fn interval(interval: &Interval) -> pb::OpenInterval {
    let Interval { from, to, scope } = interval;
    pb::OpenInterval { from_position: *from, to_position: to.unwrap_or_default(), scope_micros: micros(*scope) }
}
