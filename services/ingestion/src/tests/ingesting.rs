//! Batches in: what is accepted, what is not, and how it is counted.

use contracts::ingestion::v1 as pb;
use futures::StreamExt;
use runtime::fault_of;
use vocabulary::{Kind, Reason};

use super::*;

#[tokio::test]
async fn a_mail_in_ten_mailboxes_is_one_interaction_with_ten_copies() {
    let suite = Suite::with_users(10).await;
    let outcome = suite.ingest(journal(), vec![mail(1, 1..=10)]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.duplicate, outcome.copies), (1, 0, 10));
    let again = suite.ingest(journal(), vec![mail(1, 1..=10)]).await.unwrap();
    assert_eq!((again.accepted, again.duplicate, again.copies), (0, 1, 0));
    let from_one = suite.ingest(mailbox_of(3), vec![mail(1, 1..=10), mail(2, [3])]).await.unwrap();
    assert_eq!((from_one.accepted, from_one.duplicate, from_one.copies), (1, 1, 1));
    assert_eq!(suite.mailbox(&user_address(3)).await.unwrap().interactions, 2);
    assert_eq!(suite.mailbox("alias-4@contoso.example").await.unwrap().interactions, 1);
}

#[tokio::test]
async fn a_copy_for_one_more_mailbox_is_news() {
    let suite = Suite::with_users(2).await;
    assert_eq!(suite.ingest(mailbox_of(1), vec![mail(1, [1, 2])]).await.unwrap().copies, 1);
    let outcome = suite.ingest(journal(), vec![mail(1, [1, 2]), mail(1, [1, 2])]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.duplicate, outcome.copies), (1, 1, 1));
}

#[tokio::test]
async fn versions_of_a_meeting_may_come_in_any_order() {
    let suite = Suite::with_users(1).await;
    for (versions, accepted) in [(vec![2], 1), (vec![1, 2], 0), (vec![3, 1], 1)] {
        let outcome = suite.ingest(mailbox_of(1), versions.iter().copied().map(meeting).collect()).await.unwrap();
        assert_eq!((outcome.accepted, outcome.accepted + outcome.duplicate), (accepted, versions.len() as i64), "{versions:?}");
    }
    let mailbox = suite.mailbox(&user_address(1)).await.unwrap();
    assert_eq!((mailbox.interactions, mailbox.high_water_time.unwrap().seconds), (1, NOW - 7_200));
}

#[tokio::test]
async fn what_is_malformed_or_ignored_does_not_stop_a_batch() {
    let suite = Suite::with_users(1).await;
    let mut broken = mail(1, [1]);
    if let Some(pb::interaction::Detail::Email(email)) = &mut broken.detail {
        email.to.push("nobody".into());
    }
    let mut dateless = mail(2, [1]);
    if let Some(pb::interaction::Detail::Email(email)) = &mut dateless.detail {
        email.date = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 });
    }
    let old = mail(24 * 400, [1]);
    let outcome = suite.ingest(journal(), vec![broken, mail(3, [1]), dateless, pb::Interaction::default(), old]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.malformed, outcome.ignored, outcome.copies), (1, 3, 1, 1));
    let fields: Vec<_> = outcome.results.iter().map(|result| result.field.as_str()).collect();
    assert_eq!(fields, ["email.to[1]", "", "email.date", "detail", ""]);
    assert_eq!(outcome.results[4].ignored_reason(), pb::IgnoredReason::OutsideWindow);
    let request = pb::GetFilterReportRequest { tenant_id: TENANT.into() };
    let report = suite.client().get_filter_report(request).await.unwrap().into_inner();
    assert_eq!((report.read, report.accepted, report.duplicate, report.malformed), (5, 1, 0, 3));
    assert_eq!(report.ignored, [pb::FilterCount { reason: pb::IgnoredReason::OutsideWindow.into(), count: 1 }]);
}

#[tokio::test]
async fn requests_that_cannot_be_met_say_why() {
    let suite = Suite::with_users(2).await;
    suite.peer.destroy(2).await;
    let mailbox = |text: &str| pb::batch_source::Source::Mailbox(text.into());
    let check = |fault: Fault, kind, reason| assert_eq!((fault.kind, fault.reason), (kind, reason), "{fault}");
    check(suite.ingest(mailbox("stranger@contoso.example"), vec![]).await.unwrap_err(), Kind::NotFound, Reason::UserNotFound);
    check(suite.ingest(mailbox("nobody"), vec![]).await.unwrap_err(), Kind::InvalidArgument, Reason::InvalidFields);
    let closed = suite.ingest(mailbox_of(2), vec![mail(1, [2])]).await.unwrap_err();
    assert_eq!(closed.message, "the mailbox may not be read: CheckConsent says which gate is closed");
    check(closed, Kind::FailedPrecondition, Reason::NoConsent);
    let many = vec![pb::Interaction::default(); 5_001];
    check(suite.ingest(journal(), many).await.unwrap_err(), Kind::InvalidArgument, Reason::InvalidFields);
    let request = pb::IngestBatchRequest { tenant_id: "fabrikam".into(), source: of(journal()), ..Default::default() };
    let fault = fault_of(&suite.client().ingest_batch(request.clone()).await.unwrap_err());
    check(fault, Kind::NotFound, Reason::TenantNotFound);
    let sourceless = pb::IngestBatchRequest { source: None, tenant_id: TENANT.into(), ..request };
    let fault = fault_of(&suite.client().ingest_batch(sourceless).await.unwrap_err());
    assert_eq!(fault.violations[0].field, "source");
}

#[tokio::test]
async fn tracked_activities_need_no_consent_and_are_their_own_origin() {
    let suite = Suite::with_users(1).await;
    suite.peer.destroy(1).await;
    let outcome = suite.ingest(crm(), vec![mail(1, [1])]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.copies), (1, 1));
    suite.peer.grant(1).await;
    let outcome = suite.ingest(mailbox_of(1), vec![mail(1, [1])]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.copies), (1, 1));
    assert_eq!(suite.ingest(crm(), vec![mail(1, [1])]).await.unwrap().duplicate, 1);
}

#[tokio::test]
async fn two_batches_at_once_keep_one_copy() {
    let suite = Suite::with_users(2).await;
    let hold = held_committer(&suite).await;
    let mut pending = Vec::new();
    for _ in 0..4 {
        let batch = prepared(&suite, BatchSource::Journal, vec![mail(1, [1, 2]), mail(1, [2])]).await;
        pending.push(suite.ingestion.append(batch).await);
    }
    drop(hold);
    let taken = futures::future::try_join_all(pending).await.unwrap();
    let copies: Vec<_> = taken.iter().map(|taken| taken.copies).collect();
    assert_eq!(copies, [2, 0, 0, 0]);
    assert_eq!(suite.blocks(), 2);
}

#[tokio::test]
async fn a_stream_is_answered_in_order_and_inherits_from_its_first_message() {
    let suite = Suite::with_users(3).await;
    let batch = |number: u64| pb::IngestRequest {
        tenant_id: if number == 0 { TENANT.into() } else { String::new() },
        source: if number == 0 { of(journal()) } else { None },
        interactions: vec![mail(number / 2, [1, 2, 3])],
        sequence: 100 + number,
        ..Default::default()
    };
    let requests = futures::stream::iter((0..20).map(batch));
    let answers: Vec<_> = suite.client().ingest(requests).await.unwrap().into_inner().map(Result::unwrap).collect().await;
    for (number, answer) in answers.iter().enumerate() {
        let outcome = answer.outcome.as_ref().unwrap();
        let first = number % 2 == 0;
        assert_eq!((answer.sequence, outcome.accepted, outcome.duplicate), (100 + number as u64, first.into(), (!first).into()));
    }
    assert_eq!(answers.len(), 20);
}

#[tokio::test]
async fn a_stream_ends_with_the_batch_that_fails() {
    let suite = Suite::with_users(1).await;
    let batch = |number: u64| pb::IngestRequest {
        tenant_id: if number == 1 { "fabrikam".into() } else { TENANT.into() },
        source: of(mailbox_of(1)),
        interactions: vec![mail(number, [1])],
        sequence: number,
        ..Default::default()
    };
    let requests = futures::stream::iter((0..3).map(batch));
    let answers: Vec<_> = suite.client().ingest(requests).await.unwrap().into_inner().collect().await;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].as_ref().unwrap().sequence, 0);
    assert_eq!(fault_of(answers[1].as_ref().unwrap_err()).violations[0].field, "tenant_id");
}

#[tokio::test]
async fn a_person_asks_about_their_own_mailbox_and_no_other() {
    let suite = Suite::with_users(2).await;
    let ask = |mailbox: &str| {
        let message = pb::GetMailboxRequest { tenant_id: TENANT.into(), mailbox: mailbox.into(), ..Default::default() };
        let mut request = tonic::Request::new(message);
        let caller = r#"{"user":"user-1@contoso.example","roles":["SELLER"]}"#;
        request.metadata_mut().insert(runtime::caller::CALLER_METADATA, caller.parse().unwrap());
        request
    };
    let own = suite.client().get_mailbox(ask("user-1@contoso.example")).await.unwrap().into_inner();
    assert_eq!(own.status(), pb::MailboxStatus::Activating);
    for other in ["user-2@contoso.example", "nobody@contoso.example"] {
        assert_eq!(fault_of(&suite.client().get_mailbox(ask(other)).await.unwrap_err()).reason, Reason::RoleMissing, "{other}");
    }
}

#[tokio::test]
async fn only_who_may_send_interactions_sends_them() {
    let suite = Suite::with_users(1).await;
    let message = pb::IngestBatchRequest { tenant_id: TENANT.into(), source: of(journal()), ..Default::default() };
    for caller in [r#"{"user":"user-1@contoso.example","roles":["SELLER"]}"#, r#"{"roles":["SERVICE"],"tenant":"fabrikam"}"#] {
        let mut request = tonic::Request::new(message.clone());
        request.metadata_mut().insert(runtime::caller::CALLER_METADATA, caller.parse().unwrap());
        assert_eq!(fault_of(&suite.client().ingest_batch(request).await.unwrap_err()).reason, Reason::RoleMissing);
    }
}
