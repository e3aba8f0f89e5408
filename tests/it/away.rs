//! Consent is away: restarted cleanly, nobody notices who reads; killed, reads end with the lease and come back by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contracts::analytics::v1 as analytics;
use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use rapport::client::{Client, told};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use vocabulary::{Fault, Kind, Reason};

use crate::fixtures::{Known, introducers, opt_in, opt_out, small_company};
use crate::rounds::field::Field;

/// Readers, each of whom asks every [`EVERY`]: 500 reads a second.
const READERS: u64 = 10;
const EVERY: Duration = Duration::from_millis(20);
/// Longer than a lease: what is read after that is read under a farewell.
const AWAY: Duration = Duration::from_millis(3_500);
const PATIENCE: Duration = Duration::from_secs(30);

async fn read(client: &Client, known: &Known, relationship: bool) -> Result<bool, Fault> {
    if !relationship {
        return Ok(introducers(client, known.target(), "").await?.iter().any(|one| one.address == known.address));
    }
    let request = analytics::GetRelationshipRequest { tenant_id: client.tenant.clone(), r#ref: Some(known.record()), ..Default::default() };
    let answer = told(AnalyticsServiceClient::new(client.link.clone()).get_relationship(request).await)?;
    let kpis = answer.relationship.and_then(|relationship| relationship.kpis);
    Ok(kpis.is_some_and(|kpis| kpis.emails_sent + kpis.emails_received > known.mails_without))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_restarts_cleanly_and_no_read_fails() {
    let field = Arc::new(Field::start().await);
    let company = small_company();
    let client = Client { link: field.gateway.clone(), tenant: company.tenant.id.clone() };
    let known = Known::of(&client, &company).await;
    known.bring_back(&client).await;

    let (over, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        let (client, known, over, reads) = (client.clone(), known.clone(), Arc::clone(&over), Arc::clone(&reads));
        readers.spawn(async move {
            let mut pace = interval(EVERY);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut failed = Vec::new();
            while !over.load(Ordering::Relaxed) {
                pace.tick().await;
                reads.fetch_add(1, Ordering::Relaxed);
                match read(&client, &known, reader % 2 == 0).await {
                    Ok(true) => {}
                    Ok(false) => failed.push("showed nothing".to_owned()),
                    Err(fault) => failed.push(fault.to_string()),
                }
            }
            failed
        });
    }
    let stopped = Arc::clone(&field);
    let counted = Arc::clone(&reads);
    let while_away = tokio::task::spawn_blocking(move || {
        stopped.stop("consent");
        counted.load(Ordering::Relaxed)
    });
    let begun = while_away.await.unwrap();
    tokio::time::sleep(AWAY).await;
    let while_away = reads.load(Ordering::Relaxed) - begun;
    let started = Arc::clone(&field);
    tokio::task::spawn_blocking(move || started.start_again("consent")).await.unwrap();
    // It decides again, every holder comes back to it, and no lease from before is left.
    let decides = async { while opt_in(&client, &known.address).await.is_err() {} };
    tokio::time::timeout(PATIENCE, decides).await.unwrap();
    tokio::time::sleep(AWAY).await;
    let after = reads.load(Ordering::Relaxed) - begun - while_away;
    over.store(true, Ordering::Relaxed);
    let failed: Vec<_> = readers.join_all().await.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{} of {} reads failed: {:?}", failed.len(), reads.load(Ordering::Relaxed), failed.first());
    // Everybody is back: a withdrawal is answered, and the very next read knows of it.
    let again = async { while opt_out(&client, &known.address).await.is_err() {} };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    for relationship in [true, false] {
        assert!(!read(&client, &known, relationship).await.unwrap(), "a read after the withdrawal");
    }
    println!(
        "{} reads, {while_away} of them while consent was away and {after} while all came back, none failed",
        reads.load(Ordering::Relaxed)
    );
    assert!(while_away > 100 && after > 100, "{while_away} and {after} reads prove nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_consent_is_killed_reads_end_with_the_lease_and_come_back_by_themselves() {
    let field = Field::start().await;
    let company = small_company();
    let client = Client { link: field.gateway.clone(), tenant: company.tenant.id.clone() };
    let known = Known::of(&client, &company).await;
    known.bring_back(&client).await;
    field.kill("consent");
    for relationship in [true, false] {
        let ended = async {
            loop {
                match read(&client, &known, relationship).await {
                    Ok(seen) => assert!(seen),
                    Err(fault) => return fault,
                }
            }
        };
        let fault = tokio::time::timeout(PATIENCE, ended).await.unwrap();
        assert_eq!((fault.kind, fault.reason), (Kind::Unavailable, Reason::ConsentUnknown), "{fault}");
        assert!(fault.retry_after.is_some(), "it says when to ask again");
    }
    field.start_again("consent");
    for relationship in [true, false] {
        let back = async { while !read(&client, &known, relationship).await.is_ok_and(|seen| seen) {} };
        tokio::time::timeout(PATIENCE, back).await.unwrap();
    }
}
