//! What ends by itself, by a clock of the test's; and what the operator's regions change at a start.

use std::sync::Arc;
use std::time::Duration;

use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use vocabulary::{Clock, ManualClock, Timestamp};

use crate::hand::Hand;
use crate::suite::{Suite, TENANT, grant, register, told};

const LEASE: Duration = Duration::from_secs(60);
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

async fn suite(clock: &Arc<ManualClock>) -> Suite {
    let clock: Arc<dyn Clock> = clock.clone();
    let suite = Suite::at_with(tempfile::tempdir().unwrap(), LEASE, clock, &[]).await.unwrap();
    suite.fill().await;
    suite
}

fn legacy(purpose: common::Purpose, days: i64) -> pb::GrantConsentRequest {
    let end = NOW.plus_days(days);
    let expire_time = Some(prost_types::Timestamp { seconds: end.seconds(), nanos: 0 });
    pb::GrantConsentRequest { purposes: vec![purpose.into()], expire_time, ..grant() }
}

#[tokio::test]
async fn a_legacy_grant_ends_by_itself_and_its_holder_knew_when() {
    let clock = Arc::new(ManualClock::at(NOW));
    let suite = suite(&clock).await;
    told(suite.consents().grant_consent(legacy(common::Purpose::ConnectionGraph, 10)).await).unwrap();
    let (mut hand, snapshot) = Hand::lease(&suite, pb::Holder::Graph).await;
    assert_eq!(snapshot.tenants[0].expire_micros, NOW.plus_days(10).micros());
    let consent = suite.consent().await;
    assert_eq!((consent.covers.len(), consent.covers[0].expired, consent.mailboxes_open), (1, false, 3));
    clock.advance(Duration::from_secs(10 * 86_400));
    // Asked at the instant itself, consent says no, decided or not.
    let request = pb::CheckConsentRequest {
        tenant_id: TENANT.into(),
        user: "ada@contoso.example".into(),
        purpose: common::Purpose::ConnectionGraph.into(),
        ..Default::default()
    };
    let checked = told(suite.consents().check_consent(request).await).unwrap();
    assert_eq!((checked.allowed, checked.closed_gate()), (false, pb::Gate::TenantConsent));
    let ended = hand.change().await;
    assert!(ended.narrowing && ended.tenants[0].users.iter().all(|user| user.state() == pb::MailboxState::Destroyed));
    let consent = suite.consent().await;
    assert_eq!((consent.covers[0].expired, consent.mailboxes_open), (true, 0));
}

#[tokio::test]
async fn what_has_ended_is_not_reopened_by_whoever_comes_before_the_clock_was_looked_at() {
    let clock = Arc::new(ManualClock::at(NOW));
    let suite = suite(&clock).await;
    told(suite.consents().grant_consent(legacy(common::Purpose::ConnectionGraph, 10)).await).unwrap();
    // The task that looks at the clock has just done so.
    suite.turns().await;
    clock.advance(Duration::from_secs(10 * 86_400));
    let granted = told(suite.consents().grant_consent(legacy(common::Purpose::ConnectionGraph, 20)).await).unwrap();
    assert_eq!(granted.mailboxes_opened, 3, "opened anew, with keys of its own");
    let events = pb::ListConsentEventsRequest { tenant_id: TENANT.into(), page_size: 1000, ..Default::default() };
    let events = told(suite.consents().list_consent_events(events).await).unwrap().events;
    let kinds: Vec<_> = events[3..].iter().map(pb::ConsentEvent::kind).collect();
    let granted = pb::ConsentEventKind::ConsentGranted;
    assert_eq!(kinds, [granted, pb::ConsentEventKind::ConsentEnded, pb::ConsentEventKind::Erased, granted]);
}

#[tokio::test]
async fn a_feature_without_consent_switches_off_and_consent_says_until_when() {
    let clock = Arc::new(ManualClock::at(NOW));
    let suite = suite(&clock).await;
    let feature = |consent: &pb::Consent| consent.gates.iter().find(|held| held.gate() == pb::Gate::Feature).cloned().unwrap();
    let before = feature(&suite.consent().await);
    assert_eq!((before.open, before.deadline_time.unwrap().seconds), (true, NOW.plus_days(14).seconds()));
    let (mut hand, _) = Hand::lease(&suite, pb::Holder::Analytics).await;
    clock.advance(Duration::from_secs(14 * 86_400));
    hand.change().await;
    let after = feature(&suite.consent().await);
    assert_eq!((after.open, after.deadline_time), (false, None));
    let request = pb::ListApplicationsRequest { tenant_id: TENANT.into(), ..Default::default() };
    let listed = told(suite.applications().list_applications(request).await).unwrap().applications;
    assert_eq!((listed[0].lapsed.len(), listed[0].relationship_analytics), (2, false));
    // Turned on again, consent opens everything.
    let application = register(true, true, true).application;
    let on = pb::UpdateApplicationRequest { tenant_id: TENANT.into(), application, ..Default::default() };
    told(suite.applications().update_application(on).await).unwrap();
    assert_eq!(suite.grant().await.mailboxes_opened, 3);
}

#[tokio::test]
async fn a_region_that_the_operator_no_longer_allows_is_held_from_the_next_start_on() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
    let suite = Suite::start(LEASE).await;
    let tenant = Some(pb::Tenant { region: "eu".into(), ..Default::default() });
    let request = pb::UpdateTenantRequest { tenant_id: TENANT.into(), tenant, ..Default::default() };
    told(suite.tenants().update_tenant(request).await).unwrap();
    suite.grant().await;
    let suite = Suite::at_with(suite.stop().await, LEASE, clock.clone(), &["us"]).await.unwrap();
    let consent = suite.consent().await;
    let region = consent.gates.iter().find(|held| held.gate() == pb::Gate::Region).unwrap();
    assert_eq!((consent.mailboxes_open, region.open, region.users_kept_out), (0, false, 3));
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Graph).await;
    assert_eq!(snapshot.users()["ada"].state(), pb::MailboxState::Held);
    let suite = Suite::at_with(suite.stop().await, LEASE, clock, &["us", "eu"]).await.unwrap();
    assert_eq!(suite.consent().await.mailboxes_open, 3);
}

#[tokio::test]
async fn roles_defaults_and_policies_hold_or_destroy_as_told() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let sales = pb::Application { roles: vec!["Manager".into()], ..register(true, true, true).application.unwrap() };
    let request = pb::UpdateApplicationRequest { tenant_id: TENANT.into(), application: Some(sales), ..Default::default() };
    let would = pb::UpdateApplicationRequest { validate_only: true, ..request.clone() };
    assert_eq!(told(suite.applications().update_application(would).await).unwrap().mailboxes_held, 3);
    assert_eq!(suite.consent().await.mailboxes_open, 3);
    assert_eq!(told(suite.applications().update_application(request.clone()).await).unwrap().mailboxes_held, 3);
    let again = pb::UpdateApplicationRequest { application: register(true, true, true).application, ..request };
    told(suite.applications().update_application(again).await).unwrap();
    assert_eq!(suite.consent().await.mailboxes_open, 3);

    let choosing = Some(pb::Tenant { user_default: pb::UserDefault::Out.into(), ..Default::default() });
    let request = pb::UpdateTenantRequest { tenant_id: TENANT.into(), tenant: choosing, ..Default::default() };
    let would = pb::UpdateTenantRequest { validate_only: true, ..request.clone() };
    assert_eq!(told(suite.tenants().update_tenant(would).await).unwrap().mailboxes_closed, 3);
    let closed = told(suite.tenants().update_tenant(request).await).unwrap();
    assert_eq!((closed.mailboxes_closed, closed.tenant.unwrap().user_default()), (3, pb::UserDefault::Out));
    let chosen = pb::OptInUserRequest { tenant_id: TENANT.into(), user: "ada@contoso.example".into(), ..Default::default() };
    assert!(told(suite.consents().opt_in_user(chosen).await).unwrap().mailbox_open);
    let suite = suite.restart(LEASE).await;
    assert_eq!(suite.consent().await.mailboxes_open, 1);
}
