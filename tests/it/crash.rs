//! Power cuts during an import: whatever was lost is read again, and nothing that was acknowledged is counted twice or missing.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rapport::demo::load;
use tempfile::TempDir;

use crate::fixtures::{every_overview, grant, small_company};
use crate::harness::{LEASE_MS, Running};

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_and_repeated_equals_one_that_was_not() {
    killed_and_repeated(20, Running::in_a_child).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_into_five_processes_that_were_killed_and_repeated_equals_one_that_was_not() {
    killed_and_repeated(5, |directory| Running::in_five_processes(directory, LEASE_MS)).await;
}

async fn killed_and_repeated(rounds: u64, start: impl Fn(Arc<TempDir>) -> Running) {
    let company = small_company();
    let prepared = Arc::new(tempfile::tempdir().unwrap());
    let running = start(Arc::clone(&prepared));
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    running.stop().await;

    let undisturbed = start(copy_of(&prepared));
    let client = undisturbed.client(&company.tenant.id);
    let begun = tokio::time::Instant::now();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let took = begun.elapsed();
    let expected = every_overview(&client, &company, &read.revision).await;
    undisturbed.stop().await;

    let mut dice = StdRng::seed_from_u64(35);
    for round in 0..rounds {
        let running = start(copy_of(&prepared));
        let client = running.client(&company.tenant.id);
        let moment = Duration::from_micros(dice.random_range(0..took.as_micros() as u64));
        // The client goes on sending until the server is gone.
        let sending = tokio::spawn({
            let (client, company, revision) = (client.clone(), company.clone(), granted.revision.clone());
            async move { load::mailboxes(&client, &company, &revision).await }
        });
        let _reached = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        let directory = running.kill();
        let _broken_off = sending.await.unwrap();
        let running = start(directory);
        let client = running.client(&company.tenant.id);
        let again = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
        assert_eq!(again.accepted + again.duplicate, read.accepted + read.duplicate, "round {round}, killed after {moment:?}");
        let overviews = every_overview(&client, &company, &again.revision).await;
        assert!(overviews == expected, "round {round}, killed after {moment:?}: an overview differs");
        running.kill();
    }
}

/// A copy of a suite's files.
pub fn copy_of(directory: &TempDir) -> Arc<TempDir> {
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(directory.path().join("data")).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    Arc::new(copy)
}
