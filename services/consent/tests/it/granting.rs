//! What a grant opens, and what each holder is told of it.

use std::time::Duration;

use contracts::common::v1 as common;
use contracts::consent::v1 as pb;

use crate::hand::{Hand, by_name};
use crate::suite::{Suite, TENANT, application, grant, opt_out, told};

const LEASE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn each_holder_gets_the_keys_of_its_purpose_and_no_others() {
    let suite = Suite::start(LEASE).await;
    let graph_only = pb::OptOutUserRequest { purposes: vec![common::Purpose::RelationshipAnalytics.into()], ..opt_out("bob") };
    suite.consents().opt_out_user(graph_only).await.unwrap();
    let granted = suite.grant().await;
    assert_eq!(granted.mailboxes_opened, 3);
    let consent = granted.consent.unwrap();
    assert_eq!((consent.granted, consent.mailboxes_open, consent.mailboxes), (true, 3, 3));
    let check = |snapshot: &crate::hand::Snapshot, name: &str, state: pb::MailboxState, keys: (usize, usize), generation| {
        let user = &snapshot.users()[name];
        assert_eq!(user.state(), state, "{name}");
        assert_eq!((user.log_key.len(), user.view_key.len(), user.generation), (keys.0, keys.1, generation), "{name}");
    };
    use pb::MailboxState::{Destroyed, None, Open};
    let (_ingestion, snapshot) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    for name in ["ada", "bob", "support"] {
        check(&snapshot, name, Open, (32, 0), 1);
    }
    for name in ["boardroom", "guest"] {
        check(&snapshot, name, None, (0, 0), 0);
    }
    let (_analytics, analytics) = Hand::lease(&suite, pb::Holder::Analytics).await;
    check(&analytics, "ada", Open, (32, 32), 1);
    check(&analytics, "bob", Destroyed, (0, 0), 1);
    let (_graph, graph) = Hand::lease(&suite, pb::Holder::Graph).await;
    check(&graph, "bob", Open, (32, 32), 1);
    let (ada, other) = (&analytics.users()["ada"], &graph.users()["ada"]);
    assert_eq!(ada.log_key, other.log_key);
    assert_ne!(ada.view_key, other.view_key);
    assert_eq!(ada.intervals, [pb::OpenInterval { from_position: snapshot.position, to_position: 0, scope_micros: 0 }]);
    assert!(!analytics.users()["bob"].named_in_analytics && analytics.users()["bob"].named_in_graph);
    let tenant = &snapshot.tenants[0];
    assert_eq!((tenant.names_key.len(), tenant.facts_key.len(), tenant.lookup_key.len()), (32, 32, 32));
    assert_eq!(tenant.settings.as_ref().unwrap().domains, ["contoso.example"]);
}

#[tokio::test]
async fn whoever_joined_hears_every_decision_in_order() {
    let suite = Suite::start(LEASE).await;
    let (mut hand, before) = Hand::lease(&suite, pb::Holder::Graph).await;
    assert!(before.users().values().all(|user| user.log_key.is_empty()));
    suite.grant().await;
    let opened = hand.change().await;
    assert_eq!((opened.position, opened.narrowing, opened.tenants.len()), (before.position + 1, false, 1));
    // The room and the guest are not touched.
    assert_eq!(by_name(&opened.tenants).keys().collect::<Vec<_>>(), ["ada", "bob", "support"]);
    assert!(opened.tenants[0].settings.is_none());
    // Another tenant's decision counts too.
    let other = pb::CreateTenantRequest { tenant_id: "fabrikam".into(), ..Default::default() };
    suite.tenants().create_tenant(other).await.unwrap();
    let made = hand.change().await;
    assert_eq!((made.position, made.tenants[0].tenant_id.as_str()), (before.position + 2, "fabrikam"));
    assert_eq!(made.tenants[0].names_key.len(), 32);
    assert_eq!(hand.renew().await.position, before.position + 2);
}

#[tokio::test]
async fn the_gates_are_told_one_by_one_and_checked_in_their_order() {
    let suite = Suite::start(LEASE).await;
    let check = |gate: pb::Gate, source: common::Source| {
        let mut client = suite.consents();
        async move {
            let request = pb::CheckConsentRequest {
                tenant_id: TENANT.into(),
                user: "ada.alias@contoso.example".into(),
                purpose: common::Purpose::ConnectionGraph.into(),
                source: source.into(),
                ..Default::default()
            };
            let checked = client.check_consent(request).await.unwrap().into_inner();
            assert_eq!((checked.allowed, checked.closed_gate()), (gate == pb::Gate::Unspecified, gate));
        }
    };
    use common::Source::{Crm, Mailbox};
    check(pb::Gate::TenantConsent, Mailbox).await;
    check(pb::Gate::Unspecified, Crm).await;
    suite.grant().await;
    check(pb::Gate::Unspecified, Mailbox).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    check(pb::Gate::User, Mailbox).await;
    check(pb::Gate::User, Crm).await;
    let off =
        pb::UpdateApplicationRequest { tenant_id: TENANT.into(), application: Some(application(true, false, true)), ..Default::default() };
    suite.applications().update_application(off).await.unwrap();
    check(pb::Gate::Feature, Mailbox).await;
    // G1 touches mailbox data only.
    check(pb::Gate::User, Crm).await;
    let consent = suite.consent().await;
    let graph = common::Purpose::ConnectionGraph;
    let state = |gate: pb::Gate| consent.gates.iter().find(|held| held.gate() == gate && held.purpose() == graph).unwrap();
    assert_eq!((state(pb::Gate::Feature).open, state(pb::Gate::Feature).users_kept_out), (false, 3));
    assert_eq!((state(pb::Gate::User).open, state(pb::Gate::User).users_kept_out), (true, 1));
    assert_eq!((consent.gates.len(), consent.mailboxes_open), (14, 2));
}

#[tokio::test]
async fn validating_says_what_would_happen_and_changes_nothing() {
    let suite = Suite::start(LEASE).await;
    let before = suite.consent().await;
    let request = pb::GrantConsentRequest { validate_only: true, ..grant() };
    let would = suite.consents().grant_consent(request).await.unwrap().into_inner();
    assert_eq!((would.mailboxes_opened, would.consent.unwrap().granted), (3, true));
    assert_eq!(suite.consent().await, before);
    suite.grant().await;
    let request = pb::RevokeConsentRequest { tenant_id: TENANT.into(), validate_only: true, ..Default::default() };
    let would = told(suite.consents().revoke_consent(request).await).unwrap();
    assert_eq!((would.mailboxes_closed, would.enforced_time), (3, None));
    let request = pb::OptOutUserRequest { validate_only: true, ..opt_out("ada") };
    let would = told(suite.consents().opt_out_user(request).await).unwrap();
    assert_eq!((would.mailbox_closed, would.enforced_time), (true, None));
    assert_eq!(suite.consent().await.mailboxes_open, 3);
}
