//! A clean stop: holders get leases that last, and the next process answers no withdrawal before they are back.

use std::sync::Arc;
use std::time::Duration;

use contracts::consent::v1 as pb;
use pb::enforce_response::Message as Told;
use runtime::Config;
use tempfile::TempDir;
use vocabulary::{Clock, Reason, SystemClock};

use crate::hand::Hand;
use crate::suite::{Suite, opt_out, told};

const LEASE: Duration = Duration::from_millis(500);
const FAREWELL: Duration = Duration::from_millis(2_500);

async fn on(dir: TempDir) -> Suite {
    let (lease_ms, farewell_ms) = (LEASE.as_millis() as u64, FAREWELL.as_millis() as u64);
    let config = Config { data_dir: dir.path().to_owned(), lease_ms, farewell_ms, ..Config::default() };
    Suite::configured(dir, Arc::new(SystemClock), config).await.map_err(|(_, fault)| fault).unwrap()
}

async fn granted() -> Suite {
    let suite = on(tempfile::tempdir().unwrap()).await;
    suite.fill().await;
    suite.grant().await;
    suite
}

/// Stops as a process does, with what the holder hears of it.
async fn parted(suite: Suite, hand: &mut Hand) -> (TempDir, Vec<Duration>) {
    suite.context.stopping.cancel();
    let mut leases = Vec::new();
    while let Ok(Told::Renewed(renewed)) = hand.hear().await {
        leases.push(renewed.lease.unwrap().try_into().unwrap());
    }
    suite.context.tasks.close();
    suite.context.tasks.wait().await;
    (suite.stop().await, leases)
}

#[tokio::test]
async fn a_withdrawal_after_a_clean_restart_waits_for_whoever_has_a_farewell_lease() {
    let suite = granted().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    let (dir, leases) = parted(suite, &mut hand).await;
    assert_eq!(leases, [FAREWELL]);
    // It does not come back: its lease is waited for, from the start of the next process.
    let before = SystemClock.boot_time();
    let suite = on(dir).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    assert!(suite.boot_time() >= before + FAREWELL);
}

#[tokio::test]
async fn whoever_is_back_answers_for_itself() {
    let suite = granted().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    let (dir, leases) = parted(suite, &mut hand).await;
    assert_eq!(leases, [FAREWELL]);
    let suite = on(dir).await;
    let mut again = Hand::hello(&suite, pb::Holder::Analytics, pb::Holder::Analytics as u64, 0).await;
    let snapshot = again.snapshot().await;
    let mut client = suite.consents();
    let withdrawing = tokio::spawn(async move { told(client.opt_out_user(opt_out("ada")).await).unwrap() });
    let change = again.change().await;
    suite.turns().await;
    tokio::time::sleep(LEASE * 2).await;
    assert!(!withdrawing.is_finished(), "it acts on what it knew, and nobody has asked it");
    again.acknowledge(snapshot.position);
    again.acknowledge(change.position);
    let begun = SystemClock.boot_time();
    assert!(withdrawing.await.unwrap().mailbox_closed);
    assert!(SystemClock.boot_time() < begun + FAREWELL / 2, "what it acknowledged is waited for no longer");
}

#[tokio::test]
async fn nobody_parts_on_a_withdrawal_and_nothing_is_decided_afterwards() {
    let suite = granted().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    let mut client = suite.consents();
    let withdrawing = tokio::spawn(async move { told(client.opt_out_user(opt_out("ada")).await) });
    let change = hand.change().await;
    suite.context.stopping.cancel();
    suite.turns_until_refused().await;
    // The withdrawal that waits is answered, and only then is there a farewell.
    hand.acknowledge(change.position);
    assert!(withdrawing.await.unwrap().unwrap().mailbox_closed);
    let renewed = match hand.hear().await {
        Ok(Told::Renewed(renewed)) => renewed,
        other => panic!("{other:?} instead of a farewell"),
    };
    assert_eq!(Duration::try_from(renewed.lease.unwrap()).unwrap(), FAREWELL);
    let refused = told(suite.consents().opt_out_user(opt_out("bob")).await).unwrap_err();
    assert_eq!(refused.reason, Reason::ShuttingDown);
}

#[tokio::test]
async fn whoever_runs_on_a_copy_of_a_store_is_another_holder() {
    let suite = granted().await;
    let (mut one, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    let mut copy = Hand::of_process(&suite, pb::Holder::Analytics, pb::Holder::Analytics as u64, 0, 77).await;
    let snapshot = copy.snapshot().await;
    copy.acknowledge(snapshot.position);
    copy.renew().await;
    let mut client = suite.consents();
    let begun = suite.boot_time();
    let withdrawing = tokio::spawn(async move { told(client.opt_out_user(opt_out("ada")).await).unwrap() });
    let change = copy.change().await;
    copy.acknowledge(change.position);
    // The first one is not closed, hears of it too, and is waited for.
    assert_eq!(one.change().await.position, change.position);
    assert!(withdrawing.await.unwrap().mailbox_closed);
    assert!(suite.boot_time() > begun + LEASE / 2);
}
