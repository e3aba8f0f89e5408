//! What is refused, with code, reason and the fields that are wrong.

use std::time::Duration;

use contracts::consent::v1 as pb;
use vocabulary::{Fault, Kind, Reason};

use crate::suite::{Suite, TENANT, application, create_tenant, grant, opt_out, register, revoke, told};

const LEASE: Duration = Duration::from_secs(60);

fn check<T: std::fmt::Debug>(answer: Result<T, Fault>, kind: Kind, reason: Reason, fields: &[&str]) {
    let fault = answer.unwrap_err();
    let found: Vec<_> = fault.violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!((fault.kind, fault.reason, found.as_slice()), (kind, reason, fields), "{fault}");
}

fn invalid<T: std::fmt::Debug>(answer: Result<T, Fault>, fields: &[&str]) {
    check(answer, Kind::InvalidArgument, Reason::InvalidFields, fields);
}

#[tokio::test]
async fn every_wrong_field_of_a_tenant_is_named() {
    let suite = Suite::bare(LEASE).await;
    let mut tenants = suite.tenants();
    let wrong = pb::Tenant {
        tenant_id: "other".into(),
        display_name: "a\u{0}".into(),
        domains: vec!["ok.example".into(), "not a domain".into()],
        data_window_days: 3651,
        known_lists: vec!["no-address".into()],
        unrecorded_people: 9,
        ..Default::default()
    };
    let request = pb::CreateTenantRequest { tenant: Some(wrong.clone()), request_id: "a b".into(), ..create_tenant() };
    let fields = [
        "request_id",
        "tenant.tenant_id",
        "tenant.display_name",
        "tenant.data_window_days",
        "tenant.domains[1]",
        "tenant.known_lists[0]",
        "tenant.unrecorded_people",
    ];
    invalid(told(tenants.create_tenant(request).await), &fields);
    let empty = pb::CreateTenantRequest::default();
    invalid(told(tenants.create_tenant(empty).await), &["tenant_id"]);
    let lists = (0..1000).map(|n| format!("list-{n}@contoso.example")).collect();
    let large = pb::CreateTenantRequest { tenant: Some(pb::Tenant { known_lists: lists, ..Default::default() }), ..create_tenant() };
    invalid(told(tenants.create_tenant(large).await), &["tenant"]);
    let update = pb::UpdateTenantRequest { tenant_id: TENANT.into(), etag: "unquoted".into(), ..Default::default() };
    invalid(told(tenants.update_tenant(update).await), &["tenant", "etag"]);
    let missing = pb::UpdateTenantRequest { tenant_id: TENANT.into(), tenant: Some(pb::Tenant::default()), ..Default::default() };
    check(told(tenants.update_tenant(missing).await), Kind::NotFound, Reason::TenantNotFound, &[]);
    let page = pb::ListTenantsRequest { page_size: 1001, ..Default::default() };
    invalid(told(tenants.list_tenants(page).await), &["page_size"]);
}

#[tokio::test]
async fn tenants_are_made_once_and_changed_only_by_whoever_saw_them() {
    let suite = Suite::start(LEASE).await;
    let mut tenants = suite.tenants();
    let again = pb::CreateTenantRequest { request_id: String::new(), ..create_tenant() };
    check(told(tenants.create_tenant(again).await), Kind::AlreadyExists, Reason::TenantExists, &[]);
    let get = pb::GetTenantRequest { tenant_id: TENANT.into() };
    let seen = told(tenants.get_tenant(get).await).unwrap().tenant.unwrap();
    assert_eq!((seen.data_window_days, seen.unrecorded_people()), (365, pb::UnrecordedPeople::Hidden));
    assert!(seen.etag.starts_with('"') && seen.etag.ends_with('"') && seen.create_time.is_some());
    let update = |days, etag: &str| {
        let tenant = Some(pb::Tenant { data_window_days: days, ..Default::default() });
        pb::UpdateTenantRequest { tenant_id: TENANT.into(), tenant, etag: etag.into(), ..Default::default() }
    };
    let changed = told(tenants.update_tenant(update(730, &seen.etag)).await).unwrap().tenant.unwrap();
    assert_eq!((changed.data_window_days, changed.domains.as_slice()), (730, seen.domains.as_slice()));
    assert_ne!(changed.etag, seen.etag);
    check(told(tenants.update_tenant(update(30, &seen.etag)).await), Kind::Aborted, Reason::StaleEtag, &[]);
}

#[tokio::test]
async fn applications_are_refused_by_field() {
    let suite = Suite::start(LEASE).await;
    let mut applications = suite.applications();
    let missing = pb::RegisterApplicationRequest { tenant_id: TENANT.into(), ..Default::default() };
    invalid(told(applications.register_application(missing).await), &["application"]);
    let named = |id: &str| pb::Application { application_id: id.into(), ..application(true, true, true) };
    let bad = pb::RegisterApplicationRequest { application: Some(named("No Id")), ..register(true, true, true) };
    invalid(told(applications.register_application(bad).await), &["application.application_id"]);
    invalid(told(applications.register_application(register(false, true, true)).await), &["application.application_id"]);
    told(applications.register_application(register(true, true, true)).await).unwrap();
    let update = |application: pb::Application, etag: &str| pb::UpdateApplicationRequest {
        tenant_id: TENANT.into(),
        application: Some(application),
        etag: etag.into(),
        ..Default::default()
    };
    let absent = told(applications.update_application(update(named("absent"), "")).await);
    check(absent, Kind::NotFound, Reason::ApplicationNotFound, &[]);
    let stale = told(applications.update_application(update(named("crm"), "\"ffff\"")).await);
    check(stale, Kind::Aborted, Reason::StaleEtag, &[]);
}

#[tokio::test]
async fn consent_is_refused_by_field_and_by_state() {
    let suite = Suite::start(LEASE).await;
    let mut consents = suite.consents();
    let bad = pb::GrantConsentRequest { consent_type: 0, text_version: "v".repeat(65), tenant_id: String::new(), ..grant() };
    invalid(told(consents.grant_consent(bad).await), &["tenant_id", "consent_type", "text_version"]);
    check(told(consents.revoke_consent(revoke()).await), Kind::FailedPrecondition, Reason::NotGranted, &[]);
    let unknown = pb::GrantConsentRequest { tenant_id: "nobody".into(), ..grant() };
    check(told(consents.grant_consent(unknown).await), Kind::NotFound, Reason::TenantNotFound, &[]);
    let etag = suite.consent().await.etag;
    suite.grant().await;
    let stale = pb::RevokeConsentRequest { etag, ..revoke() };
    check(told(consents.revoke_consent(stale).await), Kind::Aborted, Reason::StaleEtag, &[]);
    let less = pb::GrantConsentRequest { consent_type: pb::ConsentType::OwnInsights.into(), ..grant() };
    invalid(told(consents.grant_consent(less).await), &["consent_type"]);
    let bad = pb::OptOutUserRequest { user: "ada".into(), purposes: vec![0, 7], ..opt_out("ada") };
    invalid(told(consents.opt_out_user(bad).await), &["user", "purposes[0]", "purposes[1]"]);
    check(told(consents.opt_out_user(opt_out("nobody")).await), Kind::NotFound, Reason::UserNotFound, &[]);
    let ask = pb::CheckConsentRequest { tenant_id: TENANT.into(), user: "ada@contoso.example".into(), ..Default::default() };
    let unknown = pb::CheckConsentRequest { application_id: "absent".into(), ..ask.clone() };
    check(told(consents.check_consent(unknown).await), Kind::NotFound, Reason::ApplicationNotFound, &[]);
    let bad = pb::CheckConsentRequest { purpose: 9, source: 9, ..ask };
    invalid(told(consents.check_consent(bad).await), &["purpose", "source"]);
}

#[tokio::test]
async fn a_demanded_revision_is_reached_lost_or_not_yet_known() {
    let suite = Suite::start(LEASE).await;
    let granted = suite.grant().await;
    let get = |revision: String| {
        let mut client = suite.consents();
        async move { told(client.get_consent(pb::GetConsentRequest { tenant_id: TENANT.into(), revision }).await) }
    };
    assert_eq!(get(granted.revision.clone()).await.unwrap().revision, granted.revision);
    let (life, position) = granted.revision.split_once('-').unwrap();
    let later = format!("{life}-{:x}", u64::from_str_radix(position, 16).unwrap() + 1);
    check(get(later).await, Kind::Unavailable, Reason::RevisionNotReached, &[]);
    check(get("c1-1".into()).await, Kind::Aborted, Reason::RevisionLost, &[]);
    check(get("x".into()).await, Kind::InvalidArgument, Reason::RevisionInvalid, &[]);
}
