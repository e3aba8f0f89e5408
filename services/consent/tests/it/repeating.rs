//! Requests that come again.

use std::time::Duration;

use contracts::consent::v1 as pb;
use vocabulary::{Kind, Reason};

use crate::hand::Hand;
use crate::restarting::{keyring, mailbox_slots};
use crate::suite::{Suite, TENANT, application, create_tenant, grant, opt_out, revoke, told};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_decides_nothing_again() {
    let suite = Suite::start(Duration::from_millis(200)).await;
    let position = suite.consent().await.position;
    let first = pb::GrantConsentRequest { request_id: "grant-1".into(), ..grant() };
    let granted = suite.consents().grant_consent(first.clone()).await.unwrap().into_inner();
    assert_eq!(suite.consents().grant_consent(first.clone()).await.unwrap().into_inner(), granted);
    assert_eq!(suite.consent().await.position, position + 1);
    let out = pb::OptOutUserRequest { request_id: "out-1".into(), ..opt_out("ada") };
    let opted_out = suite.consents().opt_out_user(out.clone()).await.unwrap().into_inner();
    let withdrawal = pb::RevokeConsentRequest { request_id: "revoke-1".into(), ..revoke() };
    let revoked = suite.consents().revoke_consent(withdrawal.clone()).await.unwrap().into_inner();
    assert!(opted_out.mailbox_closed && revoked.mailboxes_closed == 2);
    let suite = suite.restart(Duration::from_millis(200)).await;
    assert_eq!(suite.consents().opt_out_user(out).await.unwrap().into_inner(), opted_out);
    assert_eq!(suite.consents().revoke_consent(withdrawal).await.unwrap().into_inner(), revoked);
    assert_eq!(suite.consents().grant_consent(first).await.unwrap().into_inner(), granted);
    assert!(!suite.consent().await.granted);
    let made = suite.tenants().create_tenant(create_tenant()).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!(made.tenant_id, TENANT);
}

#[tokio::test]
async fn another_payload_under_the_same_id_is_refused() {
    let suite = Suite::start(LONG).await;
    let first = pb::GrantConsentRequest { request_id: "id-1".into(), ..grant() };
    suite.consents().grant_consent(first.clone()).await.unwrap();
    let reworded = pb::GrantConsentRequest { legal_basis: "another".into(), ..first };
    let another_method = pb::RevokeConsentRequest { request_id: "id-1".into(), ..revoke() };
    let faults = [
        told(suite.consents().grant_consent(reworded).await).unwrap_err(),
        told(suite.consents().revoke_consent(another_method).await).unwrap_err(),
        told(
            suite
                .tenants()
                .create_tenant(pb::CreateTenantRequest { request_id: "create-1".into(), tenant: None, tenant_id: TENANT.into() })
                .await,
        )
        .unwrap_err(),
    ];
    for fault in faults {
        assert_eq!((fault.kind, fault.reason), (Kind::InvalidArgument, Reason::RequestIdReused), "{fault}");
    }
    assert!(suite.consent().await.granted);
}

#[tokio::test]
async fn a_repeated_withdrawal_waits_like_the_first() {
    let suite = Suite::start(LONG).await;
    suite.grant().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    let request = pb::OptOutUserRequest { request_id: "out-1".into(), ..opt_out("ada") };
    let withdraw = |request: pb::OptOutUserRequest| {
        let mut client = suite.consents();
        tokio::spawn(async move { client.opt_out_user(request).await.unwrap().into_inner() })
    };
    let first = withdraw(request.clone());
    let change = hand.change().await;
    // The first caller goes away; what it asked for goes on.
    first.abort();
    let again = [withdraw(request.clone()), withdraw(request), withdraw(opt_out("ada"))];
    suite.turns().await;
    hand.renew().await;
    suite.turns().await;
    assert!(again.iter().all(|waiting| !waiting.is_finished()));
    hand.acknowledge(change.position);
    let [one, other, unnamed] = again;
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!(one, other);
    assert!(one.mailbox_closed && !unnamed.await.unwrap().mailbox_closed);
}

/// Takes the keyring's files away, or gives them back: while they are away it cannot be changed.
fn keyring_away(suite: &Suite, away: bool) {
    let (dir, aside) = (suite.path().join("keyring"), suite.path().join("aside"));
    let (from, to) = if away { (dir, aside) } else { (aside, dir) };
    std::fs::rename(from, to).unwrap();
}

#[tokio::test]
async fn a_withdrawal_that_failed_midway_is_finished_before_its_repetition_is_answered() {
    let suite = Suite::start(LONG).await;
    let etag = suite.grant().await.consent.unwrap().etag;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    keyring_away(&suite, true);
    let fault = told(suite.consents().revoke_consent(revoke()).await).unwrap_err();
    assert_eq!((fault.kind, fault.reason), (Kind::Unavailable, Reason::KeyringFailed));
    let change = hand.change().await;
    let owed = told(suite.consents().revoke_consent(revoke()).await).unwrap_err();
    assert_eq!(owed.reason, Reason::KeyringFailed, "{owed}");
    keyring_away(&suite, false);
    let again = [revoke(), pb::RevokeConsentRequest { etag, ..revoke() }].map(|request| {
        let mut client = suite.consents();
        tokio::spawn(async move { told(client.revoke_consent(request).await).unwrap_err().reason })
    });
    suite.turns().await;
    hand.renew().await;
    suite.turns().await;
    assert!(again.iter().all(|waiting| !waiting.is_finished()));
    hand.acknowledge(change.position);
    let [unnamed, stale] = again;
    assert_eq!((unnamed.await.unwrap(), stale.await.unwrap()), (Reason::NotGranted, Reason::StaleEtag));
    // Long settled, it is answered at once.
    let fault = told(suite.consents().revoke_consent(revoke()).await).unwrap_err();
    assert_eq!(fault.reason, Reason::NotGranted);
    drop(hand);
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 0);
}

#[tokio::test]
async fn keys_that_a_repetition_destroys_do_not_put_the_keyring_ahead_of_the_store() {
    let suite = Suite::start(Duration::from_millis(200)).await;
    suite.grant().await;
    keyring_away(&suite, true);
    let fault = told(suite.consents().opt_out_user(opt_out("ada")).await).unwrap_err();
    assert_eq!(fault.reason, Reason::KeyringFailed);
    keyring_away(&suite, false);
    assert!(!suite.consents().opt_out_user(opt_out("ada")).await.unwrap().into_inner().mailbox_closed);
    let suite = suite.restart(Duration::from_millis(200)).await;
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 6);
}

#[tokio::test]
async fn what_takes_nothing_more_away_waits_for_what_was_taken_before() {
    let suite = Suite::start(LONG).await;
    suite.grant().await;
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Graph).await;
    let mut client = suite.consents();
    let withdrawal = tokio::spawn(async move { client.revoke_consent(revoke()).await.unwrap() });
    let change = hand.change().await;
    let mut client = suite.applications();
    let application = Some(application(true, true, false));
    let update = pb::UpdateApplicationRequest { tenant_id: TENANT.into(), application, ..Default::default() };
    let switch = tokio::spawn(async move { client.update_application(update).await.unwrap() });
    hand.change().await;
    hand.renew().await;
    suite.turns().await;
    assert!(!withdrawal.is_finished() && !switch.is_finished());
    hand.acknowledge(change.position);
    withdrawal.await.unwrap();
    switch.await.unwrap();
}
