//! What is there after a restart, and what no file ever holds.

use std::path::Path;

use contracts::ingestion::v1 as pb;

use super::*;

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut suite = Suite::with_users(3).await;
    let batch = || vec![mail(1, [1, 2, 3]), mail(2, [2]), meeting(4)];
    suite.ingest(journal(), batch()).await.unwrap();
    suite.ingest(crm(), vec![mail(9, [1])]).await.unwrap();
    let revision = suite.mailbox(&user_address(2)).await.unwrap();
    for restart in 1..=2 {
        suite = suite.restarted().await;
        let outcome = suite.ingest(journal(), batch()).await.unwrap();
        assert_eq!((outcome.accepted, outcome.duplicate, outcome.copies), (0, 3, 0), "restart {restart}");
        assert_eq!(suite.ingest(crm(), vec![mail(9, [1])]).await.unwrap().duplicate, 1);
        assert_eq!(suite.mailbox(&user_address(2)).await.unwrap(), revision);
        assert_eq!(suite.ingest(mailbox_of(1), vec![meeting(3)]).await.unwrap().duplicate, 1);
    }
    let request = pb::GetFilterReportRequest { tenant_id: TENANT.into() };
    let report = suite.client().get_filter_report(request).await.unwrap().into_inner();
    assert_eq!((report.read, report.accepted, report.duplicate), (4 + 2 * 5, 4, 2 * 5));
}

#[tokio::test]
async fn positions_are_never_given_twice() {
    let suite = Suite::with_users(1).await;
    suite.ingest(mailbox_of(1), vec![mail(1, [1])]).await.unwrap();
    suite.peer.destroy(1).await;
    suite.aligned(|_| suite.blocks() == 0).await;
    let suite = suite.restarted().await;
    suite.peer.grant(1).await;
    suite.ingest(mailbox_of(1), vec![mail(1, [1])]).await.unwrap();
    let (position, block) = suite.ingestion.store.scan::<crate::tables::Log>(()).next().unwrap().unwrap();
    assert_eq!((position, block.position, block.generation), (2, 2, 2));
}

#[tokio::test]
async fn what_was_destroyed_while_the_service_was_down_leaves_the_log_at_the_next_start() {
    let suite = Suite::with_users(2).await;
    suite.ingest(journal(), vec![mail(1, [1, 2])]).await.unwrap();
    let (dir, peer) = suite.ended();
    let suite = Suite::on(dir, peer.without(1)).await;
    suite.aligned(|_| suite.blocks() == 1).await;
}

#[tokio::test]
async fn no_address_and_no_message_id_is_in_any_byte_on_disk() {
    let suite = Suite::with_users(4).await;
    suite.ingest(journal(), (0..200).map(|number| mail(number, 1..=4)).collect()).await.unwrap();
    suite.ingest(journal(), vec![meeting(1)]).await.unwrap();
    suite.ingest(crm(), (0..50).map(|number| mail(number, [1])).collect()).await.unwrap();
    let suite = suite.restarted().await;
    let mut bytes = 0;
    let markers = ["customer", "carol", "user-1", "message-1", "meeting-1", "calendar"];
    each_file(suite.dir.path(), &mut |content| {
        bytes += content.len();
        for marker in markers {
            assert!(!content.windows(marker.len()).any(|window| window.eq_ignore_ascii_case(marker.as_bytes())), "{marker}");
        }
    });
    assert!(bytes > 10_000, "{bytes}");
}

fn each_file(dir: &Path, look: &mut impl FnMut(&[u8])) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => each_file(&path, look),
            false => look(&std::fs::read(path).unwrap()),
        }
    }
}

#[tokio::test]
async fn what_nobody_waited_for_is_kept_and_told_all_the_same() {
    let suite = Suite::with_users(1).await;
    let batch = prepared(&suite, BatchSource::Journal, vec![mail(1, [1])]).await;
    let mut head = suite.ingestion.head.subscribe();
    drop(suite.ingestion.append(batch).await);
    head.wait_for(|head| *head == 1).await.unwrap();
    assert_eq!(suite.ingest(journal(), vec![mail(1, [1])]).await.unwrap().duplicate, 1);
}
