//! Messages that make no sense are refused, never guessed.

use super::*;

fn enforced() -> pb::EnforcedUser {
    pb::EnforcedUser {
        user_id: 7,
        user: Some(pb::User { addresses: vec!["Ada@Contoso.example".into()], kind: pb::UserKind::Shared.into(), ..pb::User::default() }),
        generation: 2,
        state: pb::MailboxState::Open.into(),
        log_key: vec![1; 32],
        intervals: vec![
            pb::OpenInterval { from_position: 3, to_position: 5, scope_micros: 7_000_000 },
            pb::OpenInterval { from_position: 8, to_position: 0, scope_micros: 0 },
        ],
        ..pb::EnforcedUser::default()
    }
}

#[test]
fn a_user_is_read_whole() {
    let read = user(enforced()).unwrap();
    assert_eq!((read.id, read.generation, read.state, read.kind), (UserId(7), 2, MailboxState::Open, UserKind::Shared));
    assert_eq!(read.addresses, [address("ada@contoso.example").unwrap()]);
    assert_eq!((read.log_key, read.view_key), (Some(Key::from_bytes([1; 32])), None));
    let scope = Some(Timestamp::from_seconds(7));
    assert_eq!(read.intervals, [OpenInterval { from: 3, to: Some(5), scope }, OpenInterval { from: 8, to: None, scope: None }]);
}

#[test]
fn keys_of_a_mailbox_that_is_not_open_are_dropped() {
    for state in [pb::MailboxState::None, pb::MailboxState::Held, pb::MailboxState::Destroyed] {
        assert_eq!(user(pb::EnforcedUser { state: state.into(), ..enforced() }).unwrap().log_key, None);
    }
}

#[test]
fn a_user_without_an_entry_keeps_only_the_mailbox() {
    let read = user(pb::EnforcedUser { user: None, state: pb::MailboxState::Destroyed.into(), ..enforced() }).unwrap();
    assert!(read.departed && read.addresses.is_empty());
    assert_eq!((read.id, read.generation), (UserId(7), 2));
}

#[test]
fn what_cannot_be_read_is_not_guessed() {
    let check = |user: pb::EnforcedUser, field| assert_eq!(super::user(user), Err(Unreadable(field)));
    check(pb::EnforcedUser { state: 0, ..enforced() }, "state");
    check(pb::EnforcedUser { log_key: vec![1; 31], ..enforced() }, "key");
    check(pb::EnforcedUser { user: Some(pb::User { addresses: vec!["ada".into()], ..pb::User::default() }), ..enforced() }, "address");
    let keyless =
        pb::EnforcedTenant { tenant_id: "contoso".into(), settings: Some(pb::Tenant::default()), ..pb::EnforcedTenant::default() };
    assert_eq!(part(keyless.clone()).unwrap_err(), Unreadable("key"));
    assert!(part(pb::EnforcedTenant { settings: None, ..keyless }).unwrap().settings.is_none());
    assert_eq!(message(pb::EnforceResponse { message: None }).unwrap_err(), Unreadable("message"));
    let backwards = pb::EnforceRenewed { lease: Some(prost_types::Duration { seconds: -1, nanos: 0 }), ..pb::EnforceRenewed::default() };
    assert_eq!(message(pb::EnforceResponse { message: Some(Response::Renewed(backwards)) }).unwrap_err(), Unreadable("lease"));
}

#[test]
fn settings_left_empty_read_as_their_defaults() {
    let read = settings(pb::Tenant { domains: vec!["Contoso.example".into()], ..pb::Tenant::default() }).unwrap();
    assert_eq!((read.data_window_days, read.unrecorded_people_visible), (365, false));
    assert!(read.domains.contains("contoso.example"));
}
