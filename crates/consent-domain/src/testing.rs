//! A small tenant for the tests of the rules: two persons (1, 2), a shared mailbox (3), a room (4) and a guest (5).

use std::sync::Arc;

use vocabulary::{Address, TenantId, Timestamp, UserId};

use crate::grant::Grant;
use crate::{
    Application, ConsentType, DirectoryEntry, Gates, PerPurpose, Settings, State, TenantConsent, UnrecordedPeople, User, UserKind,
};

pub const INSTANT: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub fn application(id: &str, analytics: bool, graph: bool, mailbox_source: bool) -> Application {
    let feature = PerPurpose { analytics, graph };
    Application { id: id.into(), display_name: "CRM".into(), feature, mailbox_source, position: 2 }
}

pub fn switched_off() -> Gates {
    Gates { feature: PerPurpose::default(), mailbox_source: PerPurpose::default(), consent: false }
}

pub fn consented(consent_type: ConsentType) -> TenantConsent {
    TenantConsent { granted: true, consent_type: Some(consent_type), grant_time: Some(INSTANT), ..TenantConsent::default() }
}

pub fn grant(consent_type: ConsentType) -> Grant {
    Grant { consent_type, legal_basis: "contract".into(), text_version: "1".into() }
}

pub fn entry(id: u64, kind: UserKind) -> DirectoryEntry {
    DirectoryEntry {
        external_id: format!("u{id}").into(),
        addresses: vec![Address::parse(&format!("user{id}@contoso.example")).unwrap()],
        display_name: "Somebody".into(),
        kind,
        roles: Vec::new(),
        department: "Sales".into(),
    }
}

pub fn user(id: u64, kind: UserKind) -> User {
    User::new(UserId(id), Arc::new(entry(id, kind)))
}

pub fn put(state: &mut State, users: impl IntoIterator<Item = User>) {
    users.into_iter().for_each(|user| state.directory.put(Arc::new(user)));
}

/// The tenant with an application that has everything on, and no consent.
pub fn tenant() -> State {
    let settings = Settings {
        display_name: "Contoso".into(),
        domains: vec!["contoso.example".into()],
        data_window_days: 365,
        known_lists: Vec::new(),
        unrecorded_people: UnrecordedPeople::Hidden,
        create_time: INSTANT,
        position: 1,
    };
    let mut state = State::new(TenantId::parse("contoso").unwrap(), settings);
    state.applications.insert("crm".into(), application("crm", true, true, true));
    let kinds = [UserKind::Person, UserKind::Person, UserKind::Shared, UserKind::Room, UserKind::Guest];
    put(&mut state, (1..).zip(kinds).map(|(id, kind)| user(id, kind)));
    state
}

/// The tenant with consent, at position 7.
pub fn granted() -> State {
    let mut state = tenant();
    let decision = crate::grant::decide(&state, &grant(ConsentType::IdentifiableInsights), INSTANT, 7).unwrap();
    state.apply(&decision);
    state
}

pub fn held(state: &State, id: u64) -> Arc<User> {
    state.directory.get(UserId(id)).unwrap().clone()
}
