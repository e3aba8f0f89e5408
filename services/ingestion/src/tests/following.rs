//! The feed: from any position, each block once, holes included.

use contracts::ingestion::v1 as pb;
use prost::Message;
use runtime::fault_of;
use tonic::Streaming;
use vocabulary::{Kind, Reason};

use super::*;

async fn followed(suite: &Suite, after_position: u64) -> Streaming<pb::FollowResponse> {
    let incarnation = suite.ingestion.store.incarnation();
    suite.feed().follow(pb::FollowRequest { after_position, incarnation }).await.unwrap().into_inner()
}

/// The positions of the blocks until everything up to `end` has been sent.
async fn positions(steps: &mut Streaming<pb::FollowResponse>, end: u64) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let step = steps.message().await.unwrap().unwrap();
        found.extend(step.blocks.iter().map(|block| block.position));
        assert!(step.position <= step.head_position && found.last().is_none_or(|last| *last <= step.position));
        if step.position >= end {
            return found;
        }
    }
}

#[tokio::test]
async fn a_follower_resumes_anywhere_and_sees_each_block_once() {
    let suite = Suite::with_users(3).await;
    for number in 0..4 {
        suite.ingest(journal(), vec![mail(number, [1, 2, 3])]).await.unwrap();
    }
    suite.peer.destroy(2).await;
    suite.aligned(|_| suite.blocks() == 8).await;
    let left: Vec<u64> = (1..=12).filter(|position| position % 3 != 2).collect();
    for after in 0..=12 {
        let expected: Vec<u64> = left.iter().copied().filter(|position| *position > after).collect();
        assert_eq!(positions(&mut followed(&suite, after).await, 12).await, expected, "after {after}");
    }
}

#[tokio::test]
async fn a_follower_at_the_end_is_greeted_and_sees_what_comes() {
    let suite = Suite::with_users(1).await;
    let mut steps = suite.feed().follow(pb::FollowRequest::default()).await.unwrap().into_inner();
    let first = steps.message().await.unwrap().unwrap();
    assert_eq!((first.incarnation, first.position, first.blocks.len()), (suite.ingestion.store.incarnation(), 0, 0));
    for number in 0..5 {
        let outcome = suite.ingest(mailbox_of(1), vec![mail(number, [1])]).await.unwrap();
        let revision = vocabulary::Revision::parse(&outcome.revision).unwrap();
        let point = revision.point(vocabulary::revision::Part::Log).unwrap();
        assert_eq!((point.incarnation, point.position), (first.incarnation, number + 1));
        assert_eq!(positions(&mut steps, number + 1).await, [number + 1]);
    }
}

#[tokio::test]
async fn large_logs_come_in_several_messages() {
    let suite = Suite::with_users(1).await;
    let mut number = 0;
    let size = || suite.ingestion.store.scan::<crate::tables::Log>(()).map(|row| row.unwrap().1.encoded_len()).sum::<usize>();
    while size() < 3 << 19 {
        let mails = (number..number + 5_000).map(|number| {
            let mut mail = mail(number, [1]);
            if let Some(pb::interaction::Detail::Email(email)) = &mut mail.detail {
                email.from = format!("carol-{number}@customer.example");
                email.date = Some(prost_types::Timestamp { seconds: NOW - number as i64, nanos: 0 });
            }
            mail
        });
        let outcome = suite.ingest(journal(), mails.collect()).await.unwrap();
        assert_eq!(outcome.accepted, 5_000);
        number += 5_000;
    }
    let mut steps = followed(&suite, 0).await;
    let first = steps.message().await.unwrap().unwrap();
    assert!(first.position < first.head_position && first.blocks.len() > 100);
    let rest = positions(&mut steps, first.head_position).await;
    assert_eq!(rest, (first.position + 1..=first.head_position).collect::<Vec<_>>());
}

#[tokio::test]
async fn positions_of_another_log_are_refused() {
    let suite = Suite::with_users(1).await;
    suite.ingest(mailbox_of(1), vec![mail(1, [1])]).await.unwrap();
    let ours = suite.ingestion.store.incarnation();
    for (after_position, incarnation) in [(0, ours ^ 1), (1, ours ^ 1), (1, 0), (2, ours)] {
        let refused = suite.feed().follow(pb::FollowRequest { after_position, incarnation }).await;
        let fault = fault_of(&refused.unwrap_err());
        assert_eq!((fault.kind, fault.reason), (Kind::Aborted, Reason::RevisionLost), "{after_position}");
    }
}

#[tokio::test]
async fn a_follower_is_let_go_when_the_process_drains() {
    let suite = Suite::with_users(1).await;
    let mut steps = followed(&suite, 0).await;
    steps.message().await.unwrap().unwrap();
    suite.context.stopping.cancel();
    assert!(steps.message().await.unwrap().is_none());
}

#[tokio::test]
async fn blocks_open_with_the_mailbox_key_and_name_author_and_owner_only() {
    let suite = Suite::with_users(2).await;
    suite.ingest(mailbox_of(1), vec![mail(1, [1, 2])]).await.unwrap();
    let step = followed(&suite, 0).await.message().await.unwrap().unwrap();
    let [block] = step.blocks.as_slice() else { panic!("one block") };
    let key = suite.ingestion.consent.permit(&tenant()).unwrap().user(vocabulary::UserId(1)).unwrap().log_key.clone().unwrap();
    let place = feed::block::log_place(&tenant(), vocabulary::UserId(1), 1, block.position);
    let entries = feed::block::open(&key, &place, &block.sealed).unwrap();
    let request = pb::ResolvePeopleRequest {
        tenant_id: TENANT.into(),
        person_ids: entries.iter().flat_map(|entry| entry.participants.iter().map(|who| who.person_id).chain([entry.author])).collect(),
        ..Default::default()
    };
    let names = suite.feed().resolve_people(request).await.unwrap().into_inner().addresses;
    assert_eq!(names, [user_address(1), "carol@customer.example".into()]);
    assert_eq!((block.user_id, block.generation, entries[0].others), (1, 1, 2));
}

/// Puts the log in the place of itself, as a restore does.
async fn put_back(path: &std::path::Path, incarnation: u64) {
    let options = store::Options { cache_bytes: 1 << 20, fresh_incarnation: 0 };
    let (present, held) = store::Present::at(path, options).await.unwrap();
    let held = held.unwrap();
    let mut snapshot = held.snapshot().await.unwrap();
    let origin = store::Origin { descends: vec![snapshot.at()], replaces: vec![held.incarnation()] };
    let mut rewrite = store::Rewrite::begin(path, store::Ancestor { incarnation, groups: 0 }, Some(&origin)).unwrap();
    rewrite.put(snapshot.next_rows(usize::MAX).unwrap()).unwrap();
    drop(snapshot);
    held.close().await;
    rewrite.finish().await.unwrap().install(present).await.unwrap();
}

#[tokio::test]
async fn of_a_log_that_was_put_back_only_what_has_names_is_ever_sent() {
    let suite = Suite::with_users(3).await;
    for number in 0..4 {
        suite.ingest(journal(), vec![mail(number, [1, 2, 3])]).await.unwrap();
    }
    let log = suite.dir.path().join("ingestion/log");
    let (dir, peer) = suite.ended();
    put_back(&log, 99).await;
    let suite = Suite::on(dir, peer).await;
    assert_eq!(suite.ingestion.store.incarnation(), 99);
    assert_eq!(positions(&mut followed(&suite, 0).await, 12).await, (1..=12).collect::<Vec<_>>());

    // A dictionary that opens under no key. Of a log that was looked through, it is not from before an erasure, and stays.
    let unreadable = |changes: &mut store::Changes<'_>| {
        let sealed = pb::StoredNames { sealed: vec![7; 100] };
        changes.put::<crate::tables::Names>(&(tenant(), 1), &sealed)
    };
    suite.ingestion.store.commit(unreadable).await.unwrap();
    let (dir, peer) = suite.ended();
    let suite = Suite::on(dir, peer).await;
    let mirror = suite.ingestion.consent.mirror();
    let held = suite.ingestion.tenants.entry(&tenant());
    crate::erasing::clear_unreadable(&suite.ingestion, &held, &mirror.tenants[&tenant()]).await.unwrap();
    assert_eq!((suite.blocks(), held.is_open()), (12, false));
    let (dir, peer) = suite.ended();
    put_back(&log, 100).await;
    let suite = Suite::on(dir, peer).await;
    let none: [u64; 0] = [];
    assert_eq!(positions(&mut followed(&suite, 0).await, 12).await, none);
    assert_eq!(suite.blocks(), 0);
    let again = suite.ingest(journal(), vec![mail(1, [1, 2, 3])]).await.unwrap();
    assert_eq!((again.accepted, again.duplicate), (1, 0), "what was cleared is taken for known");
}
