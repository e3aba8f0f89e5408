//! Lists, page by page.

use std::time::Duration;

use contracts::consent::v1 as pb;
use vocabulary::Reason;

use crate::suite::{Suite, TENANT, application, told};

#[tokio::test]
async fn every_list_is_read_whole_page_by_page_and_in_order() {
    let suite = Suite::start(Duration::from_secs(60)).await;
    let mut users = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListUsersRequest { tenant_id: TENANT.into(), page_size: 2, page_token };
        let page = suite.directory().list_users(request).await.unwrap().into_inner();
        assert!(page.users.len() <= 2);
        users.extend(page.users.into_iter().map(|user| user.external_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(users, ["directory-ada", "directory-boardroom", "directory-bob", "directory-guest", "directory-support"]);

    let another = pb::Application { application_id: "dashboard".into(), ..application(true, false, false) };
    let request = pb::RegisterApplicationRequest { tenant_id: TENANT.into(), application: Some(another), ..Default::default() };
    suite.applications().register_application(request).await.unwrap();
    let list = |page_token| pb::ListApplicationsRequest { tenant_id: TENANT.into(), page_size: 1, page_token };
    let first = suite.applications().list_applications(list(String::new())).await.unwrap().into_inner();
    let second = suite.applications().list_applications(list(first.next_page_token)).await.unwrap().into_inner();
    let ids = [&first.applications[0], &second.applications[0]].map(|application| application.application_id.as_str());
    assert_eq!((ids, second.next_page_token.as_str()), (["crm", "dashboard"], ""));

    for tenant in ["adatum", "fabrikam"] {
        let request = pb::CreateTenantRequest { tenant_id: tenant.into(), ..Default::default() };
        suite.tenants().create_tenant(request).await.unwrap();
    }
    let list = |tenant: &str, page_token| pb::ListTenantsRequest { tenant_id: tenant.into(), page_size: 2, page_token };
    let first = suite.tenants().list_tenants(list("", String::new())).await.unwrap().into_inner();
    let second = suite.tenants().list_tenants(list("", first.next_page_token.clone())).await.unwrap().into_inner();
    let ids: Vec<_> = first.tenants.iter().chain(&second.tenants).map(|tenant| tenant.tenant_id.as_str()).collect();
    assert_eq!(ids, ["adatum", "contoso", "fabrikam"]);
    let only = suite.tenants().list_tenants(list("contoso", String::new())).await.unwrap().into_inner();
    assert_eq!((only.tenants.len(), only.next_page_token.as_str()), (1, ""));
    // A token is good for its own list only.
    let foreign = told(suite.tenants().list_tenants(list("contoso", first.next_page_token)).await).unwrap_err();
    assert_eq!(foreign.reason, Reason::PageTokenInvalid);
}
