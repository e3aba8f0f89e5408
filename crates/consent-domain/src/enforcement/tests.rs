//! The rules of leases one by one.

use super::*;

const LEASE: Duration = Duration::from_millis(1000);
/// 1 % and 10 ms longer than the lease.
const COUNTED: u64 = 1020;
const A: ConnectionId = ConnectionId(1);
const B: ConnectionId = ConnectionId(2);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn joined(connection: ConnectionId, instance: u64) -> Event {
    Event::Joined { connection, instance, incarnation: 1, snapshot: 5 }
}

fn acknowledged(connection: ConnectionId, position: u64) -> Event {
    Event::Acknowledged { connection, position }
}

fn renew(connection: ConnectionId, number: u64) -> Event {
    Event::RenewReceived { connection, number }
}

fn renewed(connection: ConnectionId, number: u64) -> Action {
    Action::SendRenewed { connection, number }
}

fn change(connection: ConnectionId, position: u64) -> Action {
    Action::SendChange { connection, position }
}

fn narrowed(position: u64) -> Event {
    Event::DecisionTaken { position, narrowing: true }
}

const SETTLED: Action = Action::Settled { position: 6 };
const AWAITED: Event = Event::Awaited { position: 6 };

/// Runs events, each at its millisecond, and compares what each of them leads to.
fn check(longest_granted: Duration, steps: &[(u64, Event, &[Action])]) -> Enforcement {
    let mut enforcement = Enforcement::new(Terms { lease: LEASE }, 2, longest_granted, ms(0));
    for (at, event, expected) in steps {
        assert_eq!(enforcement.on(*event, ms(*at)), *expected, "at {at}: {event:?}");
    }
    enforcement
}

/// A holder with a lease from `at`.
fn leased(connection: ConnectionId, instance: u64) -> [(u64, Event, Vec<Action>); 3] {
    [
        (0, joined(connection, instance), vec![Action::SendSnapshot { connection }]),
        (0, acknowledged(connection, 5), vec![]),
        (0, renew(connection, 1), vec![renewed(connection, 1)]),
    ]
}

fn check_leased(steps: &[(u64, Event, &[Action])]) -> Enforcement {
    let before = leased(A, 11);
    let before: Vec<_> = before.iter().map(|(at, event, actions)| (*at, *event, actions.as_slice())).collect();
    check(Duration::ZERO, &[before, steps.to_vec()].concat())
}

#[test]
fn a_withdrawal_is_answered_when_it_is_acknowledged() {
    check_leased(&[(10, narrowed(6), &[change(A, 6)]), (10, AWAITED, &[]), (20, acknowledged(A, 6), &[SETTLED])]);
}

#[test]
fn a_withdrawal_that_nobody_acknowledges_is_answered_when_the_lease_is_over() {
    let enforcement = check_leased(&[(10, narrowed(6), &[change(A, 6)]), (10, AWAITED, &[]), (COUNTED - 1, Event::Tick, &[])]);
    assert_eq!(enforcement.wake(), Some(ms(COUNTED)));
    let mut enforcement = enforcement;
    assert_eq!(enforcement.on(Event::Tick, ms(COUNTED)), [SETTLED]);
    assert_eq!(enforcement.wake(), None);
}

#[test]
fn a_repeated_withdrawal_waits_and_is_answered_like_the_first() {
    check_leased(&[
        (10, narrowed(6), &[change(A, 6)]),
        (10, AWAITED, &[]),
        (11, AWAITED, &[]),
        (20, acknowledged(A, 6), &[SETTLED]),
        (30, AWAITED, &[SETTLED]),
    ]);
}

#[test]
fn widening_waits_for_nobody() {
    check_leased(&[(10, Event::DecisionTaken { position: 6, narrowing: false }, &[change(A, 6)]), (10, AWAITED, &[SETTLED])]);
}

#[test]
fn the_first_lease_comes_after_the_snapshot_is_acknowledged() {
    let snapshot = Action::SendSnapshot { connection: A };
    check(
        Duration::ZERO,
        &[
            (0, joined(A, 11), &[snapshot]),
            (0, renew(A, 1), &[]),
            (0, acknowledged(A, 4), &[]),
            // Without a lease there is nothing to wait for.
            (1, narrowed(6), &[change(A, 6)]),
            (1, AWAITED, &[SETTLED]),
            (2, acknowledged(A, 5), &[renewed(A, 1)]),
            (3, AWAITED, &[]),
            (4, acknowledged(A, 6), &[SETTLED]),
        ],
    );
}

#[test]
fn nobody_is_renewed_who_keeps_a_withdrawal_waiting_for_longer_than_a_heartbeat() {
    check_leased(&[
        (100, narrowed(6), &[change(A, 6)]),
        (350, renew(A, 2), &[renewed(A, 2)]),
        (351, renew(A, 3), &[]),
        (500, AWAITED, &[]),
        (600, acknowledged(A, 6), &[renewed(A, 3), SETTLED]),
    ]);
}

#[test]
fn a_connection_that_is_gone_counts_until_its_lease_is_over() {
    check_leased(&[
        (10, Event::Disconnected { connection: A }, &[]),
        (20, narrowed(6), &[]),
        (20, AWAITED, &[]),
        (30, acknowledged(A, 6), &[]),
        (COUNTED - 1, Event::Tick, &[]),
        (COUNTED, Event::Tick, &[SETTLED]),
    ]);
}

#[test]
fn a_holder_that_comes_back_leaves_its_old_lease_behind() {
    let again = [Action::Close { connection: A }, Action::SendSnapshot { connection: B }];
    check_leased(&[
        (10, narrowed(6), &[change(A, 6)]),
        (10, AWAITED, &[]),
        (20, Event::Joined { connection: B, instance: 11, incarnation: 2, snapshot: 6 }, &again),
        (30, acknowledged(A, 6), &[]),
        (30, acknowledged(B, 6), &[]),
        (40, renew(B, 1), &[renewed(B, 1)]),
        (COUNTED - 1, Event::Tick, &[]),
        (COUNTED, Event::Tick, &[SETTLED]),
    ]);
    // Another process is another holder: both are asked.
    check_leased(&[(10, joined(B, 12), &[Action::SendSnapshot { connection: B }]), (10, narrowed(6), &[change(A, 6), change(B, 6)])]);
}

#[test]
fn what_was_granted_before_the_start_is_counted_to_its_end() {
    check(ms(2000), &[(0, narrowed(6), &[]), (0, AWAITED, &[]), (2029, Event::Tick, &[]), (2030, Event::Tick, &[SETTLED])]);
}

#[test]
fn a_holder_that_heard_a_later_consent_is_refused() {
    let later = Event::Joined { connection: A, instance: 11, incarnation: 3, snapshot: 5 };
    let enforcement = check(Duration::ZERO, &[(0, later, &[Action::Refuse { connection: A }]), (0, narrowed(6), &[])]);
    assert_eq!(enforcement.holders(), 0);
}

#[test]
fn a_renewal_out_of_turn_ends_the_stream() {
    for number in [0, 1, 3] {
        check_leased(&[(10, renew(A, number), &[Action::Close { connection: A }]), (20, narrowed(6), &[])]);
    }
}
