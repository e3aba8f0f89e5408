//! Requests that come again.

use std::time::Duration;

use contracts::consent::v1 as pb;
use vocabulary::{Kind, Reason};

use crate::hand::Hand;
use crate::suite::{Suite, TENANT, create_tenant, grant, opt_out, revoke, told};

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
    let reworded = pb::GrantConsentRequest { text_version: "2025-01".into(), ..first };
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
