//! When a withdrawal is answered.

use std::time::Duration;

use consent_client::{Holder, MailboxState, Subscriber};
use contracts::consent::v1 as pb;
use vocabulary::{Address, Kind, Reason, TenantId};

use crate::hand::{Hand, by_name};
use crate::suite::{Suite, TENANT, application, opt_out, revoke, told, user};

/// Longer than any test: nothing is answered because a lease is over.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_withdrawal_is_answered_when_every_holder_has_acknowledged_it() {
    let suite = Suite::start(LONG).await;
    suite.grant().await;
    let (mut one, _) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    let (mut other, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    let mut client = suite.consents();
    let answer = tokio::spawn(async move { client.revoke_consent(revoke()).await });
    for hand in [&mut one, &mut other] {
        let change = hand.change().await;
        assert!(change.narrowing);
        for name in ["ada", "bob", "support"] {
            let user = &by_name(&change.tenants)[name];
            assert_eq!((user.state(), user.log_key.len(), user.view_key.len()), (pb::MailboxState::Destroyed, 0, 0), "{name}");
        }
    }
    let position = suite.consent().await.position as u64;
    one.acknowledge(position);
    // A round trip, so that consent has taken the acknowledgement up.
    one.renew().await;
    other.renew().await;
    suite.turns().await;
    assert!(!answer.is_finished());
    other.acknowledge(position);
    let revoked = answer.await.unwrap().unwrap().into_inner();
    assert_eq!((revoked.mailboxes_closed, revoked.consent.unwrap().granted), (3, false));
    assert!(revoked.enforced_time.is_some());
}

#[tokio::test]
async fn a_withdrawal_that_a_holder_never_acknowledges_is_answered_when_its_lease_is_over() {
    let suite = Suite::start(SHORT).await;
    suite.grant().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    // What the holder may count on: its clock noted before it asks.
    let noted = suite.boot_time();
    hand.renew().await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    assert!(suite.boot_time() >= noted + SHORT);
    assert!(hand.change().await.narrowing);
    // It is not renewed before it acknowledges.
    let position = suite.consent().await.position as u64;
    hand.ask();
    hand.acknowledge(position);
    match hand.hear().await.unwrap() {
        pb::enforce_response::Message::Renewed(renewed) => assert_eq!(renewed.position, position),
        other => panic!("{other:?} instead of a renewal"),
    }
}

#[tokio::test]
async fn a_holder_that_left_is_waited_for_until_its_lease_is_over() {
    let suite = Suite::start(SHORT).await;
    suite.grant().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    let noted = suite.boot_time();
    hand.renew().await;
    drop(hand);
    suite.consents().revoke_consent(revoke()).await.unwrap();
    assert!(suite.boot_time() >= noted + SHORT);
}

#[tokio::test]
async fn everything_that_takes_away_waits_and_nothing_that_gives_does() {
    let suite = Suite::start(LONG).await;
    suite.grant().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    let update = |application: pb::Application| pb::UpdateApplicationRequest {
        tenant_id: TENANT.into(),
        application: Some(application),
        ..Default::default()
    };
    let mut client = suite.applications();
    let off = tokio::spawn(async move { told(client.update_application(update(application(true, false, true))).await) });
    let change = hand.change().await;
    assert!(change.narrowing && by_name(&change.tenants)["ada"].state() == pb::MailboxState::Held);
    hand.renew().await;
    suite.turns().await;
    assert!(!off.is_finished());
    hand.acknowledge(change.position);
    off.await.unwrap().unwrap();
    // Turning on is answered though nobody acknowledges it.
    suite.applications().update_application(update(application(true, true, true))).await.unwrap();
    let change = hand.change().await;
    assert!(!change.narrowing && by_name(&change.tenants)["ada"].state() == pb::MailboxState::Open);
    // An entry that is no mailbox any more closes it.
    let directory = suite.directory();
    let users = vec![user("ada", pb::UserKind::List)];
    let message = pb::SyncUsersRequest { tenant_id: TENANT.into(), users, ..Default::default() };
    let sync = tokio::spawn(async move {
        let mut directory = directory;
        told(directory.sync_users(tokio_stream::once(message)).await)
    });
    let change = hand.change().await;
    assert!(change.narrowing && by_name(&change.tenants)["ada"].state() == pb::MailboxState::Destroyed);
    hand.renew().await;
    suite.turns().await;
    assert!(!sync.is_finished());
    hand.acknowledge(change.position);
    assert_eq!(sync.await.unwrap().unwrap().updated, 1);
}

#[tokio::test]
async fn an_application_whose_filter_takes_names_away_is_registered_when_that_is_enforced() {
    let suite = Suite::bare(LONG).await;
    suite.fill().await;
    // Nobody may use mailboxes, and nobody is filtered: everybody may be named.
    let off =
        pb::UpdateApplicationRequest { tenant_id: TENANT.into(), application: Some(application(true, true, false)), ..Default::default() };
    suite.applications().update_application(off).await.unwrap();
    let (mut hand, snapshot) = Hand::lease(&suite, pb::Holder::Graph).await;
    assert!(snapshot.users()["ada"].named_in_graph);
    // The one that may is for managers, and now its filter counts.
    let managers = pb::Application { application_id: "managers".into(), roles: vec!["Manager".into()], ..application(true, true, true) };
    let request = pb::RegisterApplicationRequest { tenant_id: TENANT.into(), application: Some(managers), ..Default::default() };
    let mut client = suite.applications();
    let registering = tokio::spawn(async move { told(client.register_application(request).await) });
    let change = hand.change().await;
    assert!(change.narrowing && !by_name(&change.tenants)["ada"].named_in_graph);
    hand.renew().await;
    suite.turns().await;
    assert!(!registering.is_finished());
    hand.acknowledge(change.position);
    registering.await.unwrap().unwrap();
}

#[tokio::test]
async fn streams_that_break_the_rules_end_with_the_reason() {
    let suite = Suite::start(LONG).await;
    let mut later = Hand::hello(&suite, pb::Holder::Graph, 1, u64::MAX).await;
    let fault = later.hear().await.unwrap_err();
    assert_eq!((fault.kind, fault.reason), (Kind::FailedPrecondition, Reason::ConsentUnknown));
    let mut nobody = Hand::hello(&suite, pb::Holder::Unspecified, 1, 0).await;
    assert_eq!(nobody.hear().await.unwrap_err().violations[0].field, "hello.holder");
    let mut first = Hand::hello(&suite, pb::Holder::Graph, 7, 0).await;
    first.snapshot().await;
    let mut second = Hand::hello(&suite, pb::Holder::Graph, 7, 0).await;
    second.snapshot().await;
    assert_eq!(first.hear().await.unwrap_err().kind, Kind::Aborted);
    second.say(pb::enforce_request::Message::Renew(pb::EnforceRenew { number: 2 }));
    assert_eq!(second.hear().await.unwrap_err().kind, Kind::Aborted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_sees_a_withdrawal_before_it_is_answered() {
    let suite = Suite::start(Duration::from_secs(2)).await;
    suite.grant().await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let holders = [Holder::Ingestion, Holder::Analytics, Holder::Graph];
    let subscribers = holders.map(|holder| Subscriber::start(suite.link.clone(), holder, suite.context.clock.clone()));
    for subscriber in &subscribers {
        subscriber.ready(LONG).await.unwrap();
    }
    let state = |subscriber: &Subscriber, name: &str| {
        let permit = subscriber.permit(&tenant).unwrap();
        let address = Address::parse(&format!("{name}@contoso.example")).unwrap();
        let user = permit.users.values().find(|user| user.addresses.contains(&address)).unwrap();
        user.state
    };
    assert!(subscribers.iter().all(|subscriber| state(subscriber, "ada") == MailboxState::Open));
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    assert!(subscribers.iter().all(|subscriber| state(subscriber, "ada") == MailboxState::Destroyed));
    assert!(subscribers.iter().all(|subscriber| state(subscriber, "bob") == MailboxState::Open));
    suite.consents().revoke_consent(revoke()).await.unwrap();
    assert!(subscribers.iter().all(|subscriber| state(subscriber, "bob") == MailboxState::Destroyed));
}
