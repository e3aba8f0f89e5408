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
    Action::SendRenewed { connection, number, lease: LEASE }
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
fn a_holder_that_is_back_answers_for_the_lease_it_had() {
    let again = [Action::Close { connection: A }, Action::SendSnapshot { connection: B }];
    let back = (20, Event::Joined { connection: B, instance: 11, incarnation: 2, snapshot: 6 }, again.as_slice());
    // What comes on the stream that was closed is not believed; with its snapshot the holder gives up what it acted on.
    let waits: [(u64, Event, &[Action]); 4] = [(10, narrowed(6), &[change(A, 6)]), (10, AWAITED, &[]), back, (30, acknowledged(A, 6), &[])];
    check_leased(&[waits.as_slice(), &[(30, acknowledged(B, 6), &[SETTLED]), (40, renew(B, 1), &[renewed(B, 1)])]].concat());
    // If it never does, its lease is waited for.
    check_leased(&[waits.as_slice(), &[(COUNTED - 1, Event::Tick, &[]), (COUNTED, Event::Tick, &[SETTLED])]].concat());
    // Another process is another holder: both are asked.
    check_leased(&[(10, joined(B, 12), &[Action::SendSnapshot { connection: B }]), (10, narrowed(6), &[change(A, 6), change(B, 6)])]);
}

/// As the next process begins, at 0, after holder 11 was granted a farewell lease of 3 s: counted to 3,040.
fn after_farewell(steps: &[(u64, Event, &[Action])]) {
    let farewell = Farewell { length: ms(3000), holders: BTreeSet::from([11]) };
    let mut enforcement = Enforcement::new(Terms { lease: LEASE }, 2, LEASE, ms(0)).after(&farewell, ms(0));
    for (at, event, expected) in steps {
        assert_eq!(enforcement.on(*event, ms(*at)), *expected, "at {at}: {event:?}");
    }
}

#[test]
fn after_a_farewell_a_withdrawal_waits_until_every_holder_is_back_or_it_is_over() {
    let (taken, back) = ((1500, narrowed(6), [].as_slice()), [Action::SendSnapshot { connection: A }]);
    after_farewell(&[taken, (1500, AWAITED, &[]), (3039, Event::Tick, &[]), (3040, Event::Tick, &[SETTLED])]);
    // Somebody else is not who is waited for.
    let other = [Action::SendSnapshot { connection: B }];
    after_farewell(&[
        taken,
        (1500, AWAITED, &[]),
        (1600, joined(B, 12), &other),
        (1600, acknowledged(B, 5), &[]),
        (3040, Event::Tick, &[SETTLED]),
    ]);
    // It is back, and acts on what it knew until it has acknowledged.
    let joins = (1600, Event::Joined { connection: A, instance: 11, incarnation: 1, snapshot: 6 }, back.as_slice());
    after_farewell(&[taken, (1500, AWAITED, &[]), joins, (1700, Event::Tick, &[]), (1800, acknowledged(A, 6), &[SETTLED])]);
    after_farewell(&[taken, (1500, AWAITED, &[]), joins, (3039, Event::Tick, &[]), (3040, Event::Tick, &[SETTLED])]);
    // Back before the ordinary leases of others are over, it does not shorten these.
    let early = (10, Event::Joined { connection: A, instance: 11, incarnation: 1, snapshot: 5 }, back.as_slice());
    let narrowing = (20, narrowed(6), [change(A, 6)]);
    after_farewell(&[
        early,
        (15, acknowledged(A, 5), &[]),
        (narrowing.0, narrowing.1, &narrowing.2),
        (20, AWAITED, &[]),
        (30, acknowledged(A, 6), &[]),
    ]);
}

#[test]
fn a_farewell_is_granted_to_whoever_was_recorded_and_has_nothing_to_acknowledge() {
    let all = |holders: &[u64]| Farewell { length: ms(60_000), holders: holders.iter().copied().collect() };
    let granted = Action::SendRenewed { connection: A, number: 1, lease: ms(60_000) };
    let mut enforcement = check_leased(&[]);
    let recorded = |enforcement: &Enforcement, at| enforcement.farewell(ms(60_000), ms(at)).holders;
    assert_eq!(recorded(&enforcement, 10), BTreeSet::from([11]));
    assert_eq!(enforcement.clone().part(&all(&[]), ms(10)), []);
    assert_eq!(enforcement.part(&all(&[11, 12]), ms(10)), [granted]);
    assert_eq!(enforcement.on(renew(A, 2), ms(20)), [], "nobody is renewed any more");
    let mut behind = check_leased(&[(10, narrowed(6), &[change(A, 6)])]);
    assert!(recorded(&behind, 20).is_empty() && behind.part(&all(&[11]), ms(20)).is_empty());
    let late = check_leased(&[]);
    assert!(recorded(&late, COUNTED).is_empty(), "its lease is over");
    // What was granted before is recorded again for as long as it may be acted on: away, or back and gone again.
    let before = Farewell { length: ms(90_000), holders: BTreeSet::from([11, 12]) };
    let mut next = Enforcement::new(Terms { lease: LEASE }, 2, LEASE, ms(0)).after(&before, ms(0));
    next.on(joined(A, 11), ms(10));
    next.on(Event::Disconnected { connection: A }, ms(20));
    assert_eq!(next.farewell(ms(60_000), ms(30)), before);
    assert_eq!(next.farewell(ms(60_000), ms(90_910)), all(&[]));
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
