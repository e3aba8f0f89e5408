//! The machine by tables: what each event leads to, and what each broken rule is answered with.

use super::*;
use crate::fixtures::{change, snapshot, tenant, touched, user, whole};
use crate::{MailboxState, Settings};
use vocabulary::{TenantId, UserId};

mod simulation;

const OPEN: MailboxState = MailboxState::Open;
const DESTROYED: MailboxState = MailboxState::Destroyed;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn renewed(number: u64, incarnation: u64, position: u64) -> Message {
    Message::Renewed { number, incarnation, position, lease: Duration::from_secs(2) }
}

/// A machine that holds a snapshot at position 5 of incarnation 3, and has asked for its first lease at 1 s.
fn live() -> Machine {
    let mut machine = Machine::default();
    machine.on(Event::Opened, at(1_000));
    machine.on(Event::Received(vec![snapshot(3, 5, vec![user(1, 1, OPEN), user(2, 1, OPEN)])]), at(1_000));
    machine
}

/// What the actions are, in short.
fn told(actions: &[Action]) -> Vec<String> {
    let text = |action: &Action| match action {
        Action::Publish(mirror) => format!("publish {}", mirror.position),
        Action::Say(Say::Hello { incarnation }) => format!("hello {incarnation}"),
        Action::Say(Say::Renew { number }) => format!("renew {number}"),
        Action::Say(Say::Acknowledge { position }) => format!("acknowledge {position}"),
        Action::Extend(until) => format!("extend {}", until.as_millis()),
        Action::Announce(closed) => format!("announce {:?}", closed.iter().map(|closed| closed.user.0).collect::<Vec<_>>()),
        Action::Disconnect(cause) => format!("disconnect {cause:?}"),
    };
    actions.iter().map(text).collect()
}

fn receive(machine: &mut Machine, messages: Vec<Message>, now: u64) -> Vec<String> {
    told(&machine.on(Event::Received(messages), at(now)))
}

#[test]
fn a_stream_begins_with_hello_and_asks_for_a_lease_once_the_snapshot_is_whole() {
    let mut machine = Machine::default();
    assert_eq!(told(&machine.on(Event::Opened, at(0))), ["hello 0"]);
    let part = |users, last| Message::Snapshot { incarnation: 3, log_incarnation: 1, position: 5, tenants: vec![users], last };
    assert_eq!(receive(&mut machine, vec![part(whole(5, vec![user(1, 1, OPEN)]), false)], 10), [""; 0]);
    assert_eq!(receive(&mut machine, vec![part(touched(5, vec![user(2, 1, OPEN)]), true)], 20), ["publish 5", "acknowledge 5", "renew 1"]);
    assert_eq!(machine.mirror().tenants[&tenant()].users.len(), 2);
    assert_eq!(receive(&mut machine, vec![renewed(1, 3, 5)], 30), ["extend 2020"]);
    assert_eq!(machine.wake(), at(520));
    assert_eq!(told(&machine.on(Event::Tick, at(519))), [""; 0]);
    assert_eq!(told(&machine.on(Event::Tick, at(520))), ["renew 2"]);
}

#[test]
fn a_decision_is_in_force_before_it_is_acknowledged_and_acknowledged_before_memory_is_purged() {
    let actions = receive(&mut live(), vec![change(6, vec![user(1, 1, DESTROYED)])], 1_001);
    assert_eq!(actions, ["publish 6", "acknowledge 6", "announce [1]"]);
}

#[test]
fn a_batch_is_published_and_acknowledged_once() {
    let batch = vec![
        change(6, vec![user(1, 1, DESTROYED)]),
        change(7, vec![user(1, 2, OPEN)]),
        renewed(1, 3, 7),
        Message::Change { position: 8, tenants: Vec::new() },
    ];
    assert_eq!(receive(&mut live(), batch, 1_001), ["publish 8", "acknowledge 8", "extend 3000", "announce [1]"]);
}

#[test]
fn what_does_not_fit_the_stream_ends_it() {
    let keep = || vec![user(1, 1, OPEN)];
    let stranger = || TenantPart { tenant: TenantId::parse("fabrikam").unwrap(), ..touched(6, Vec::new()) };
    let part =
        |position, last| Message::Snapshot { incarnation: 3, log_incarnation: 1, position, tenants: vec![whole(5, Vec::new())], last };
    for (messages, expected) in [
        (vec![change(7, keep())], &["disconnect PositionSkipped"][..]),
        (vec![change(6, keep()), change(8, keep())], &["publish 6", "acknowledge 6", "disconnect PositionSkipped"]),
        (vec![change(5, vec![user(1, 1, DESTROYED)])], &["acknowledge 5"]),
        (vec![renewed(1, 3, 6), renewed(1, 3, 6)], &["disconnect PositionSkipped"]),
        (vec![renewed(1, 2, 5)], &["disconnect LowerIncarnation"]),
        (vec![renewed(1, 4, 5)], &["disconnect IncarnationChanged"]),
        (vec![snapshot(2, 9, keep())], &["disconnect LowerIncarnation"]),
        (vec![snapshot(3, 4, keep())], &["disconnect SnapshotInconsistent"]),
        (vec![part(6, false), part(7, true)], &["disconnect SnapshotInconsistent"]),
        (vec![part(6, false), change(7, keep())], &["disconnect OutOfTurn"]),
        (
            vec![Message::Snapshot { incarnation: 3, log_incarnation: 1, position: 6, tenants: vec![touched(6, keep())], last: true }],
            &["disconnect SettingsMissing"],
        ),
        (
            vec![Message::Change { position: 6, tenants: vec![touched(6, vec![user(1, 1, DESTROYED)]), stranger()] }],
            &["publish 5", "announce [1]", "disconnect SettingsMissing"],
        ),
        (vec![change(7, keep()), renewed(1, 3, 5)], &["disconnect PositionSkipped"]),
    ] {
        let mut machine = live();
        assert_eq!(receive(&mut machine, messages, 1_001), expected);
        if expected.iter().any(|action| action.starts_with("disconnect")) {
            assert_eq!(receive(&mut machine, vec![renewed(1, 3, 5)], 1_002), [""; 0], "a dropped stream is not believed");
        }
    }
}

#[test]
fn a_renewal_that_overtakes_a_decision_counts_once_the_decision_is_in_force() {
    let mut machine = live();
    assert_eq!(receive(&mut machine, vec![renewed(1, 3, 6)], 1_001), [""; 0]);
    let actions = receive(&mut machine, vec![change(6, vec![user(1, 1, DESTROYED)])], 1_400);
    assert_eq!(actions, ["publish 6", "acknowledge 6", "extend 3000", "announce [1]"]);
}

#[test]
fn after_a_lost_stream_the_next_snapshot_replaces_everything() {
    let mut machine = live();
    receive(&mut machine, vec![renewed(1, 3, 5)], 1_001);
    machine.on(Event::Lost, at(1_100));
    assert_eq!(machine.until(), at(3_000), "the lease runs out by itself");
    assert_eq!(told(&machine.on(Event::Opened, at(1_200))), ["hello 3"]);
    let actions = receive(&mut machine, vec![snapshot(4, 2, vec![user(2, 1, OPEN)])], 1_300);
    assert_eq!(actions, ["publish 2", "acknowledge 2", "announce [1]", "renew 1"]);
    assert_eq!(receive(&mut machine, vec![renewed(1, 4, 2)], 1_301), ["extend 3300"]);
}

#[test]
fn a_half_told_snapshot_changes_nothing() {
    let mut machine = live();
    machine.on(Event::Lost, at(1_100));
    machine.on(Event::Opened, at(1_200));
    let part = Message::Snapshot { incarnation: 3, log_incarnation: 1, position: 6, tenants: vec![whole(6, Vec::new())], last: false };
    assert_eq!(receive(&mut machine, vec![part], 1_300), [""; 0]);
    machine.on(Event::Lost, at(1_400));
    assert!(machine.mirror().tenants[&tenant()].users[&UserId(1)].is_open());
}

#[test]
fn silence_ends_a_stream_but_a_leap_of_the_clock_does_not() {
    let mut machine = live();
    receive(&mut machine, vec![renewed(1, 3, 5)], 1_001);
    assert_eq!(told(&machine.on(Event::Tick, at(9_000_000))), ["renew 2"]);
    assert_eq!(told(&machine.on(Event::Tick, at(9_009_999))), ["renew 3"]);
    assert_eq!(told(&machine.on(Event::Tick, at(9_010_000))), ["disconnect Silent"]);
    assert_eq!(machine.wake(), Duration::MAX);
}

#[test]
fn pauses_double_until_a_lease_is_won() {
    let mut machine = Machine::default();
    let pauses: Vec<_> = (0..8)
        .map(|_| {
            machine.on(Event::Opened, at(0));
            machine.on(Event::Lost, at(0));
            machine.pause().as_millis()
        })
        .collect();
    assert_eq!(pauses, [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
    machine.on(Event::Opened, at(0));
    receive(&mut machine, vec![snapshot(1, 1, Vec::new())], 1);
    receive(&mut machine, vec![renewed(1, 1, 1)], 2);
    machine.on(Event::Lost, at(3));
    assert_eq!(machine.pause().as_millis(), 50);
}

#[test]
fn settings_come_with_the_change_that_changes_them() {
    let mut machine = live();
    let mut part = whole(6, Vec::new());
    if let Some((settings, _)) = &mut part.settings {
        *settings = Settings { data_window_days: 30, ..settings.clone() };
    }
    receive(&mut machine, vec![Message::Change { position: 6, tenants: vec![part] }], 1_001);
    let held = &machine.mirror().tenants[&tenant()];
    assert_eq!((held.settings.data_window_days, held.users.len(), held.position), (30, 2, 6));
}
