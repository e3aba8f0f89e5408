//! Who may do what, and who may know whose choice.

use std::time::Duration;

use contracts::consent::v1 as pb;
use runtime::caller::CALLER_METADATA;
use tonic::Request;
use vocabulary::{Kind, Reason};

use crate::suite::{Suite, TENANT, grant, opt_out, revoke, told};

pub fn as_caller<T>(message: T, user: &str, roles: &[&str], tenant: &str) -> Request<T> {
    let caller = serde_json::json!({ "user": user, "roles": roles, "tenant": tenant }).to_string();
    let mut request = Request::new(message);
    request.metadata_mut().insert(CALLER_METADATA, caller.parse().unwrap());
    request
}

#[tokio::test]
async fn people_choose_for_themselves_and_administrators_for_everybody() {
    let suite = Suite::start(Duration::from_secs(60)).await;
    let mut consents = suite.consents();
    let denied = |fault: vocabulary::Fault| assert_eq!((fault.kind, fault.reason), (Kind::PermissionDenied, Reason::RoleMissing));
    denied(told(consents.grant_consent(as_caller(grant(), "ada@contoso.example", &["SELLER"], TENANT)).await).unwrap_err());
    told(consents.grant_consent(as_caller(grant(), "boss@contoso.example", &["DIRECTORY_ADMINISTRATOR"], TENANT)).await).unwrap();
    denied(
        told(consents.revoke_consent(as_caller(revoke(), "boss@x.example", &["DIRECTORY_ADMINISTRATOR"], "fabrikam")).await).unwrap_err(),
    );
    let bob = "bob.alias@contoso.example";
    denied(told(consents.opt_out_user(as_caller(opt_out("ada"), bob, &["SELLER"], TENANT)).await).unwrap_err());
    told(consents.opt_out_user(as_caller(opt_out("bob"), bob, &["SELLER"], TENANT)).await).unwrap();
    // Why bob is left out is bob's own business.
    let ask = || pb::CheckConsentRequest { tenant_id: TENANT.into(), user: "bob@contoso.example".into(), ..Default::default() };
    for (user, role, gate) in [
        (bob, "SELLER", pb::Gate::User),
        ("ada@contoso.example", "SELLER", pb::Gate::NotShareable),
        ("ada@contoso.example", "MANAGER", pb::Gate::NotShareable),
        ("ada@contoso.example", "DIRECTORY_ADMINISTRATOR", pb::Gate::User),
    ] {
        let checked = told(consents.check_consent(as_caller(ask(), user, &[role], TENANT)).await).unwrap();
        assert_eq!((checked.allowed, checked.closed_gate()), (false, gate), "{user} {role}");
        // Whether the other private gates are open is nobody's business either.
        let told = |kind: pb::Gate| checked.gates.iter().find(|held| held.gate() == kind).unwrap().answer();
        let shared = gate == pb::Gate::User;
        assert_eq!(told(pb::Gate::Group), if shared { pb::GateAnswer::Open } else { pb::GateAnswer::NotShareable });
        assert_eq!((told(pb::Gate::TenantConsent), checked.gates.len()), (pb::GateAnswer::Open, 14));
    }
    // One's own entry is one's own business too; nobody else's.
    let entry = |user: &str| pb::GetUserRequest { tenant_id: TENANT.into(), user: user.into() };
    let own = told(suite.directory().get_user(as_caller(entry("bob@contoso.example"), bob, &["SELLER"], TENANT)).await).unwrap();
    assert_eq!(own.user.unwrap().external_id, "directory-bob");
    for other in ["ada@contoso.example", "nobody@contoso.example"] {
        denied(told(suite.directory().get_user(as_caller(entry(other), bob, &["SELLER"], TENANT)).await).unwrap_err());
    }
    let list = pb::ListTenantsRequest::default();
    let listed = told(suite.tenants().list_tenants(as_caller(list, bob, &["SELLER"], "fabrikam")).await).unwrap();
    assert!(listed.tenants.is_empty());
}
