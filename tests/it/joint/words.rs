//! What consent knows in a schedule, and how it is told: one mailbox for each tenant.

use std::time::Duration;

use consent_client::message::{Message, TenantKeys, TenantPart};
use consent_client::mirror::Set;
use consent_client::{MailboxState, OpenInterval, Settings, UserKind, UserMirror};
use sealing::Key;
use vocabulary::{TenantId, Timestamp, UserId};

/// The mailbox of every tenant.
pub const USER: UserId = UserId(1);

/// A tenant, as decided.
#[derive(Clone, Default)]
pub struct Tenant {
    pub generation: u32,
    pub open: bool,
    pub expires: Option<u64>,
}

/// Everything decided up to a position.
#[derive(Clone)]
pub struct State {
    pub position: u64,
    pub tenants: Vec<Tenant>,
}

pub fn tenant_id(tenant: usize) -> TenantId {
    TenantId::parse(&format!("tenant-{tenant}")).unwrap()
}

/// The wall clock of every machine, which the schedule keeps true.
pub fn wall(time: u64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000).plus(Duration::from_micros(time))
}

impl State {
    pub fn snapshot(&self, incarnation: u64) -> Message {
        let tenants = (0..self.tenants.len()).map(|tenant| self.part(tenant, true)).collect();
        Message::Snapshot { incarnation, log_incarnation: 1, position: self.position, tenants, last: true }
    }

    /// What the last decision changed.
    pub fn change(&self, tenant: usize) -> Message {
        Message::Change { position: self.position, tenants: vec![self.part(tenant, false)] }
    }

    fn part(&self, tenant: usize, whole: bool) -> TenantPart {
        let held = &self.tenants[tenant];
        TenantPart {
            tenant: tenant_id(tenant),
            position: self.position,
            settings: whole.then(settings),
            over: false,
            erasure_number: 0,
            erased: None,
            users: vec![user(held, self.position)],
            expires: held.expires.map(wall),
        }
    }
}

fn settings() -> (Settings, TenantKeys) {
    let [names, facts, lookup] = [1, 2, 3].map(|byte| Key::from_bytes([byte; 32]));
    let settings = Settings {
        display_name: String::new(),
        domains: Set::default(),
        data_window_days: 365,
        known_lists: Set::default(),
        unrecorded_people_visible: false,
    };
    (settings, TenantKeys { names, names_generation: 1, retired_names: None, facts, lookup })
}

fn user(held: &Tenant, position: u64) -> UserMirror {
    let key = held.open.then(|| Key::from_bytes([held.generation.to_le_bytes()[0]; 32]));
    UserMirror {
        id: USER,
        external_id: String::new(),
        addresses: Vec::new(),
        display_name: String::new(),
        kind: UserKind::Person,
        department: String::new(),
        departed: false,
        named_in_analytics: true,
        named_in_graph: true,
        generation: held.generation,
        state: match (held.open, held.generation) {
            (true, _) => MailboxState::Open,
            (false, 0) => MailboxState::None,
            (false, _) => MailboxState::Destroyed,
        },
        log_key: key.clone(),
        view_key: key,
        intervals: if held.open { vec![OpenInterval { from: position, to: None, scope: None }] } else { Vec::new() },
        collected_from: None,
    }
}
