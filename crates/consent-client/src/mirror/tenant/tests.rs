//! Which side an address is on, and what may be done with a mailbox.

use super::*;
use crate::fixtures::{address, intervals, tenant, user, whole};
use crate::{Mirror, Permit, apply};

fn mirror(users: Vec<UserMirror>) -> Arc<TenantMirror> {
    let mut mirror = Mirror::default();
    apply::tenant(&mut mirror, whole(9, users), 9, &mut Vec::new()).unwrap();
    Arc::clone(&mirror.tenants[&tenant()])
}

fn name(state: MailboxKeyState<'_>) -> &'static str {
    match state {
        MailboxKeyState::Open(_) => "open",
        MailboxKeyState::Held => "held",
        MailboxKeyState::Destroyed => "destroyed",
        MailboxKeyState::Behind => "behind",
    }
}

#[test]
fn a_mailbox_is_judged_by_its_generation_first() {
    let mirror = mirror(vec![
        user(1, 2, MailboxState::Open),
        user(2, 2, MailboxState::Held),
        user(3, 2, MailboxState::Destroyed),
        user(4, 0, MailboxState::None),
    ]);
    for (id, generation, expected) in [
        (1, 1, "destroyed"),
        (1, 2, "open"),
        (1, 3, "behind"),
        (2, 1, "destroyed"),
        (2, 2, "held"),
        (3, 2, "destroyed"),
        (3, 3, "behind"),
        (4, 0, "destroyed"),
        (4, 1, "behind"),
        (5, 1, "behind"),
    ] {
        assert_eq!(name(mirror.mailbox_key(UserId(id), generation)), expected, "user {id}, generation {generation}");
    }
}

#[test]
fn a_block_is_folded_only_if_it_was_sealed_while_the_purpose_stood_open() {
    let reopened = UserMirror { intervals: intervals(&[(2, Some(4)), (7, None)]), ..user(1, 1, MailboxState::Open) };
    let held = user(2, 1, MailboxState::Held);
    let permit = Permit { held: mirror(vec![reopened, held]), log_incarnation: 1, position: 9 };
    for (id, generation, sealed, expected) in [
        (1, 1, 1, "destroyed"),
        (1, 1, 2, "open"),
        (1, 1, 3, "open"),
        (1, 1, 4, "destroyed"),
        (1, 1, 7, "open"),
        (1, 1, 9, "open"),
        (1, 1, 10, "behind"),
        (1, 2, 9, "destroyed"),
        (2, 1, 9, "held"),
        (8, 1, 9, "destroyed"),
        (8, 1, 10, "behind"),
    ] {
        assert_eq!(name(permit.block_key(UserId(id), generation, sealed)), expected, "user {id}, generation {generation}, at {sealed}");
    }
}

#[test]
fn the_directory_says_on_which_side_an_address_stands_then_lists_then_domains() {
    let of = |id, kind| UserMirror { kind, ..user(id, 0, MailboxState::None) };
    let left = UserMirror { departed: true, ..of(6, UserKind::Person) };
    let listed = UserMirror { addresses: vec![address("all@fabrikam.example")], ..of(7, UserKind::Shared) };
    let mirror = mirror(vec![
        of(1, UserKind::Person),
        of(2, UserKind::Guest),
        of(3, UserKind::Shared),
        of(4, UserKind::Room),
        of(5, UserKind::List),
        left,
        listed,
    ]);
    for (text, side, inside) in [
        ("user-1@contoso.example", Side::Ours(UserId(1)), true),
        ("USER-1@contoso.example", Side::Ours(UserId(1)), true),
        ("user-2@contoso.example", Side::Guest, false),
        ("user-3@contoso.example", Side::Ours(UserId(3)), true),
        ("user-4@contoso.example", Side::Room, false),
        ("user-5@contoso.example", Side::List, false),
        ("user-6@contoso.example", Side::Ours(UserId(6)), true),
        ("all@fabrikam.example", Side::Ours(UserId(7)), true),
        ("all@contoso.example", Side::List, false),
        ("nobody@contoso.example", Side::InsideUnknown, true),
        ("nobody@sub.contoso.example", Side::Outside, false),
        ("ada@fabrikam.example", Side::Outside, false),
    ] {
        assert_eq!((mirror.side(&address(text)), mirror.is_inside(&address(text))), (side, inside), "{text}");
    }
}

#[test]
fn once_a_purpose_has_ended_by_the_holders_own_clock_no_mailbox_is_open() {
    let end = Timestamp::from_seconds(1_700_000_000);
    let mut mirror = Mirror::default();
    let part = crate::message::TenantPart { expires: Some(end), ..whole(9, vec![user(1, 1, MailboxState::Open)]) };
    apply::tenant(&mut mirror, part, 9, &mut Vec::new()).unwrap();
    let held = Arc::clone(&mirror.tenants[&tenant()]);
    let at = |micros: i64| held.at(Timestamp::from_micros(end.micros() + micros));
    assert!(Arc::ptr_eq(&at(-1), &held));
    for later in [at(0), at(1_000_000)] {
        let one = later.user(UserId(1)).unwrap();
        assert_eq!((one.is_open(), &one.log_key, &one.view_key), (false, &None, &None));
        assert_eq!(name(later.mailbox_key(UserId(1), 1)), "held");
    }
    // A decision that lets it go on lets it go on.
    apply::tenant(&mut mirror, crate::fixtures::touched(10, Vec::new()), 10, &mut Vec::new()).unwrap();
    assert!(mirror.tenants[&tenant()].at(end).user(UserId(1)).unwrap().is_open());
}

#[test]
fn what_was_sealed_in_an_interval_counts_from_its_scope_on() {
    let scope = Some(Timestamp::from_seconds(50));
    let mut one = user(1, 1, MailboxState::Open);
    one.intervals = intervals(&[(2, Some(4)), (7, None)]);
    one.intervals[1].scope = scope;
    for (position, expected) in [(2, None), (5, None), (7, scope), (100, scope)] {
        assert_eq!(one.scope_at(position), expected, "{position}");
    }
}
