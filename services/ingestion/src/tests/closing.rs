//! What a closing gate does to what is stored, and to what is on its way.

use contracts::ingestion::v1 as pb;
use vocabulary::{Address, Reason};

use super::*;

#[tokio::test]
async fn a_mailbox_closed_on_the_way_to_the_disk_gets_nothing() {
    let suite = Suite::with_users(2).await;
    let hold = held_committer(&suite).await;
    let source = BatchSource::Mailbox(Address::parse(&user_address(1)).unwrap());
    let batch = prepared(&suite, source, vec![mail(1, [1])]).await;
    let from_mailbox = suite.ingestion.append(batch).await;
    let batch = prepared(&suite, BatchSource::Journal, vec![mail(2, [1]), mail(3, [1, 2])]).await;
    let from_journal = suite.ingestion.append(batch).await;
    suite.peer.destroy(1).await;
    drop(hold);
    assert_eq!(from_mailbox.await.unwrap_err().reason, Reason::NoConsent);
    let taken = from_journal.await.unwrap();
    let outcome = crate::convert::batch_outcome(taken, String::new());
    assert_eq!((outcome.accepted, outcome.ignored, outcome.copies), (1, 1, 1));
    assert_eq!(outcome.results[0].ignored_reason(), pb::IgnoredReason::NobodyReadable);
    assert_eq!(suite.blocks(), 1);
    let stored = suite.ingestion.store.scan::<crate::tables::Log>(()).next().unwrap().unwrap().1;
    assert_eq!(stored.user_id, 2);
}

#[tokio::test]
async fn names_that_only_a_closed_mailbox_told_are_not_kept() {
    let suite = Suite::with_users(1).await;
    let batch = prepared(&suite, BatchSource::Journal, vec![mail(1, [1])]).await;
    suite.peer.destroy(1).await;
    suite.ingestion.append(batch).await.await.unwrap();
    assert_eq!(suite.ingestion.store.scan::<crate::tables::Names>(()).count(), 0);
    let request =
        pb::ResolvePeopleRequest { tenant_id: TENANT.into(), addresses: vec!["carol@customer.example".into()], ..Default::default() };
    assert_eq!(suite.feed().resolve_people(request).await.unwrap().into_inner().person_ids, [0]);
}

#[tokio::test]
async fn destroyed_blocks_leave_the_log_and_new_consent_begins_anew() {
    let suite = Suite::with_users(2).await;
    let mails = || (0..5).map(|number| mail(number, [1, 2])).collect::<Vec<_>>();
    assert_eq!(suite.ingest(journal(), mails()).await.unwrap().copies, 10);
    assert_eq!(suite.blocks(), 2);
    suite.peer.destroy(1).await;
    suite.aligned(|_| suite.blocks() == 1).await;
    let closed = suite.mailbox(&user_address(1)).await.unwrap();
    assert_eq!((closed.status(), closed.interactions), (pb::MailboxStatus::Blocked, 0));
    suite.peer.grant(1).await;
    assert_eq!(suite.mailbox(&user_address(1)).await.unwrap().status(), pb::MailboxStatus::Activating);
    let outcome = suite.ingest(journal(), mails()).await.unwrap();
    assert_eq!((outcome.accepted, outcome.copies), (5, 5));
    let open = suite.mailbox(&user_address(1)).await.unwrap();
    assert_eq!((open.status(), open.interactions), (pb::MailboxStatus::Active, 5));
}

#[tokio::test]
async fn a_held_mailbox_keeps_its_blocks_and_knows_them_again() {
    let suite = Suite::with_users(1).await;
    suite.ingest(mailbox_of(1), vec![mail(1, [1])]).await.unwrap();
    let in_memory =
        |ingestion: &Ingestion| ingestion.tenants.get(&tenant()).unwrap().mailboxes.lock().entry(vocabulary::UserId(1)).generation();
    suite.peer.hold(1).await;
    suite.aligned(|ingestion| in_memory(ingestion).is_none()).await;
    assert_eq!(suite.ingest(mailbox_of(1), vec![mail(2, [1])]).await.unwrap_err().reason, Reason::NoConsent);
    assert_eq!(suite.blocks(), 1);
    suite.peer.release(1).await;
    suite.aligned(|ingestion| in_memory(ingestion) == Some(1)).await;
    let outcome = suite.ingest(mailbox_of(1), vec![mail(1, [1]), mail(2, [1])]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.duplicate), (1, 1));
}

#[tokio::test]
async fn nothing_is_stored_once_the_lease_is_over() {
    let suite = Suite::with_users(1).await;
    let hold = held_committer(&suite).await;
    let batch = prepared(&suite, BatchSource::Journal, vec![mail(1, [1])]).await;
    let pending = suite.ingestion.append(batch).await;
    suite.clock.advance(Duration::from_secs(60));
    drop(hold);
    let fault = pending.await.unwrap_err();
    assert_eq!((fault.reason, fault.retry_after.is_some()), (Reason::ConsentUnknown, true));
    assert_eq!(suite.blocks(), 0);
}
