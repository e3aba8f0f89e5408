//! A small tenant, for the tests of this crate.

use sealing::Key;
use vocabulary::{Address, TenantId, UserId};

use crate::message::{Message, TenantKeys, TenantPart};
use crate::mirror::Set;
use crate::{MailboxState, OpenInterval, Settings, UserKind, UserMirror};

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("contoso").unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A user of `user-ID@contoso.example`, open with keys when the state says so, since position 1.
pub(crate) fn user(id: u64, generation: u32, state: MailboxState) -> UserMirror {
    let key = |view: u8| (state == MailboxState::Open).then(|| Key::from_bytes([id as u8 ^ (generation as u8) << 4 ^ view; 32]));
    UserMirror {
        id: UserId(id),
        external_id: format!("external-{id}"),
        addresses: vec![address(&format!("user-{id}@contoso.example"))],
        display_name: format!("User {id}"),
        kind: UserKind::Person,
        department: String::new(),
        departed: false,
        named_in_analytics: true,
        named_in_graph: true,
        generation,
        state,
        log_key: key(0),
        view_key: key(1),
        intervals: if state == MailboxState::Open { intervals(&[(1, None)]) } else { Vec::new() },
        collected_from: None,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        display_name: "Contoso".into(),
        domains: Set::from_iter(["contoso.example".into()]),
        data_window_days: 365,
        known_lists: Set::from_iter([address("all@contoso.example")]),
        unrecorded_people_visible: false,
    }
}

/// The tenant with its settings and these users.
pub(crate) fn whole(position: u64, users: Vec<UserMirror>) -> TenantPart {
    let [names, facts, lookup] = [1, 2, 3].map(|byte| Key::from_bytes([byte; 32]));
    let settings = Some((settings(), TenantKeys { names, names_generation: 1, retired_names: None, facts, lookup }));
    TenantPart { tenant: tenant(), position, settings, over: false, erasure_number: 0, erased: None, users, expires: None }
}

/// These users only.
pub(crate) fn touched(position: u64, users: Vec<UserMirror>) -> TenantPart {
    TenantPart { settings: None, ..whole(position, users) }
}

/// A snapshot in one part.
pub(crate) fn snapshot(incarnation: u64, position: u64, users: Vec<UserMirror>) -> Message {
    Message::Snapshot { incarnation, log_incarnation: 1, position, tenants: vec![whole(position, users)], last: true }
}

/// A change of these users.
pub(crate) fn change(position: u64, users: Vec<UserMirror>) -> Message {
    Message::Change { position, tenants: vec![touched(position, users)] }
}

/// Intervals without a scope, as `from..to`.
pub(crate) fn intervals(spans: &[(u64, Option<u64>)]) -> Vec<OpenInterval> {
    spans.iter().map(|&(from, to)| OpenInterval { from, to, scope: None }).collect()
}
