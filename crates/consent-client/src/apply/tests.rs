//! What a change leaves alone, replaces and closes.

use super::*;
use crate::fixtures::{address, intervals, tenant, touched, user, whole};

const OPEN: MailboxState = MailboxState::Open;

fn applied(parts: Vec<TenantPart>) -> (Mirror, Vec<Closed>) {
    let (mut mirror, mut closed) = (Mirror::default(), Vec::new());
    for part in parts {
        tenant_part(&mut mirror, part, &mut closed);
    }
    (mirror, closed)
}

fn tenant_part(mirror: &mut Mirror, part: TenantPart, closed: &mut Vec<Closed>) {
    let position = part.position;
    super::tenant(mirror, part, position, closed).unwrap();
}

#[test]
fn a_tenant_nobody_introduced_is_refused() {
    let refused = super::tenant(&mut Mirror::default(), touched(1, Vec::new()), 1, &mut Vec::new());
    assert_eq!(refused, Err(SettingsMissing));
}

#[test]
fn a_change_leaves_alone_what_it_does_not_name_and_what_others_hold() {
    let (mut mirror, _) = applied(vec![whole(1, vec![user(1, 1, OPEN), user(2, 1, OPEN)])]);
    let earlier = mirror.clone();
    tenant_part(&mut mirror, touched(2, vec![user(2, 1, MailboxState::Destroyed)]), &mut Vec::new());
    let (before, after) = (&earlier.tenants[&tenant()], &mirror.tenants[&tenant()]);
    assert!(before.users[&UserId(2)].is_open() && !after.users[&UserId(2)].is_open());
    assert!(Arc::ptr_eq(&before.users[&UserId(1)], &after.users[&UserId(1)]));
    assert!(Arc::ptr_eq(&before.by_address, &after.by_address));
    assert_eq!((before.position, after.position), (1, 2));
    assert_eq!(before.settings, after.settings);
}

#[test]
fn a_mailbox_that_does_not_stay_open_as_it_was_is_closed() {
    let rekeyed = UserMirror { view_key: user(9, 9, OPEN).view_key, ..user(1, 1, OPEN) };
    let reopened = UserMirror { intervals: intervals(&[(1, Some(5)), (8, None)]), ..user(1, 1, OPEN) };
    let renamed = UserMirror { display_name: "Somebody else".into(), ..user(1, 1, OPEN) };
    for (later, state) in [
        (user(1, 1, MailboxState::Held), Some(MailboxState::Held)),
        (user(1, 1, MailboxState::Destroyed), Some(MailboxState::Destroyed)),
        (user(1, 2, OPEN), Some(MailboxState::Destroyed)),
        (rekeyed, Some(OPEN)),
        (reopened, Some(OPEN)),
        (renamed, None),
        (user(1, 1, OPEN), None),
    ] {
        let (first, _) = applied(vec![whole(1, vec![user(1, 1, OPEN)])]);
        let (snapshot, _) = applied(vec![whole(2, vec![later.clone()])]);
        let (_, by_change) = applied(vec![whole(1, vec![user(1, 1, OPEN)]), touched(2, vec![later])]);
        let expected = state.map(|state| Closed { tenant: tenant(), user: UserId(1), generation: 1, state, position: 2 });
        assert_eq!(by_change, Vec::from_iter(expected.clone()));
        let by_snapshot = closings(&first, &Mirror { position: 2, ..snapshot });
        assert_eq!(by_snapshot, Vec::from_iter(expected));
    }
}

#[test]
fn what_a_snapshot_no_longer_names_is_destroyed() {
    let (first, _) = applied(vec![whole(1, vec![user(2, 1, OPEN), user(1, 3, OPEN), user(3, 1, MailboxState::Held)])]);
    let named: Vec<_> = closings(&first, &Mirror::default()).iter().map(|closed| (closed.user, closed.generation)).collect();
    assert_eq!(named, [(UserId(1), 3), (UserId(2), 1)]);
}

#[test]
fn an_address_belongs_to_whoever_has_not_departed() {
    let shared = address("sales@contoso.example");
    let of = |id, departed| UserMirror { addresses: vec![shared.clone()], departed, ..user(id, 0, MailboxState::None) };
    let nobody = |id| UserMirror { addresses: Vec::new(), ..of(id, false) };
    for (parts, owner) in [
        (vec![vec![of(1, false), of(2, false)]], Some(1)),
        (vec![vec![of(2, false), of(1, false)]], Some(1)),
        (vec![vec![of(1, true), of(2, false)]], Some(2)),
        (vec![vec![of(1, false), of(2, false)], vec![of(1, true)]], Some(2)),
        (vec![vec![of(1, false), of(2, true)], vec![nobody(1)]], Some(2)),
        (vec![vec![of(1, true)], vec![of(2, false)]], Some(2)),
        (vec![vec![of(1, false)], vec![nobody(1)]], None),
    ] {
        let (mirror, _) = applied(parts.into_iter().map(|users| whole(1, users)).collect());
        let found = mirror.tenants[&tenant()].user_at(&shared).map(|user| user.id.0);
        assert_eq!(found, owner);
    }
}
