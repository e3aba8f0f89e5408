//! A small tenant for the tests of the rules: two persons (1, 2), a shared mailbox (3), a room (4) and a guest (5).

use std::sync::Arc;

use vocabulary::{Address, TenantId, Timestamp, UserId};

use crate::grant::Grant;
use crate::sync::{self, Mode};
use crate::sync_groups::{self, GroupEntry};
use crate::{
    Allowed, Application, ConsentType, Cover, Decision, DepartedPolicy, DirectoryEntry, Gates, Moment, PerPurpose, Settings, State,
    TenantConsent, UnrecordedPeople, User, UserDefault, UserKind,
};

pub const INSTANT: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A decision at a position, all of them at the same instant.
pub fn moment(position: u64) -> Moment {
    later(position, 0)
}

/// A decision so many days later.
pub fn later(position: u64, days: i64) -> Moment {
    Moment { position, time: INSTANT.plus_days(days) }
}

pub fn application(id: &str, analytics: bool, graph: bool, mailbox_source: bool) -> Application {
    let feature = PerPurpose { analytics, graph };
    let feature_since = PerPurpose::from_fn(|purpose| feature.of(purpose).then_some(INSTANT));
    let (lapsed, roles) = Default::default();
    Application { id: id.into(), display_name: "CRM".into(), feature, feature_since, lapsed, mailbox_source, roles, position: 2 }
}

/// The gates of these applications under a consent, of a tenant that says nothing else.
pub fn gates<'a>(applications: impl IntoIterator<Item = &'a Application>, consent: &TenantConsent) -> Gates<'a> {
    Gates::new(applications, consent, &settings(), true)
}

pub fn consented(consent_type: ConsentType) -> TenantConsent {
    let covers = PerPurpose { analytics: Some(Cover::default()), graph: Some(Cover::default()) };
    TenantConsent { granted: true, consent_type: Some(consent_type), covers, grant_time: Some(INSTANT), ..TenantConsent::default() }
}

pub fn grant(consent_type: ConsentType) -> Grant {
    Grant { consent_type, legacy: None, legal_basis: "contract".into(), text_version: "1".into() }
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

fn settings() -> Settings {
    Settings {
        display_name: "Contoso".into(),
        domains: vec!["contoso.example".into()],
        data_window_days: 365,
        known_lists: Vec::new(),
        unrecorded_people: UnrecordedPeople::Hidden,
        region: "".into(),
        user_default: UserDefault::In,
        departed: DepartedPolicy::Keep,
        create_time: INSTANT,
        position: 1,
    }
}

/// The tenant with an application that has everything on, and no consent.
pub fn tenant() -> State {
    let mut state = State::new(TenantId::parse("contoso").unwrap(), settings(), Arc::default());
    state.applications.insert("crm".into(), application("crm", true, true, true));
    let kinds = [UserKind::Person, UserKind::Person, UserKind::Shared, UserKind::Room, UserKind::Guest];
    put(&mut state, (1..).zip(kinds).map(|(id, kind)| user(id, kind)));
    state
}

/// The tenant with consent, at position 7.
pub fn granted() -> State {
    let mut state = tenant();
    let decision = crate::grant::decide(&state, &grant(ConsentType::IdentifiableInsights), moment(7)).unwrap();
    state.apply(&decision);
    state
}

pub fn held(state: &State, id: u64) -> Arc<User> {
    state.directory.get(UserId(id)).unwrap().clone()
}

/// What a sync of these entries decides; ids of new users begin at 5001.
pub fn synced(state: &State, entries: &[DirectoryEntry]) -> Decision {
    let mut next = 5000;
    let mint = |_: &DirectoryEntry| {
        next += 1;
        (UserId(next), PerPurpose::default())
    };
    let entries = (0..).zip(entries.iter().cloned()).collect();
    sync::decide(state, Mode::Delta, entries, &Default::default(), Allowed::Any, mint, moment(state.position + 1)).unwrap().decision
}

pub fn group_entry(id: &str, members: &[&str], groups: &[&str]) -> GroupEntry {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect();
    GroupEntry { external_id: id.into(), display_name: "".into(), members: ids(members), groups: ids(groups) }
}

/// The tenant with one group more.
pub fn with_group(mut state: State, id: &str, members: &[&str]) -> State {
    let entries = vec![(0, group_entry(id, members, &[]))];
    let moment = moment(state.position + 1);
    state.apply(&sync_groups::decide(&state, Mode::Delta, entries, &Default::default(), Allowed::Any, moment).unwrap().decision);
    state
}
