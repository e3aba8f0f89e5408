//! A tenant of many colleagues with open mailboxes, nothing in any of them.

use contracts::consent::v1 as pb;
use contracts::consent::v1::application_service_client::ApplicationServiceClient;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use rapport::client::{Client, told};
use vocabulary::Fault;

use crate::suite::grant;

/// The tenant.
pub const TENANT: &str = "crowd";

/// Users in one message.
const AT_ONCE: usize = 1_000;

/// Makes the tenant with that many colleagues, and opens their mailboxes.
///
/// # Errors
/// What the suite answers.
pub async fn gather(client: &Client, users: usize) -> Result<(), Fault> {
    let tenant = pb::Tenant { display_name: "A crowd".to_owned(), domains: vec!["crowd.example".to_owned()], ..Default::default() };
    let request = pb::CreateTenantRequest { tenant_id: TENANT.to_owned(), tenant: Some(tenant), request_id: String::new() };
    told(TenantServiceClient::new(client.link.clone()).create_tenant(request).await)?;
    let application = pb::Application {
        application_id: "crm".to_owned(),
        display_name: "CRM".to_owned(),
        relationship_analytics: true,
        connection_graph: true,
        mailbox_source: true,
        ..Default::default()
    };
    let request =
        pb::RegisterApplicationRequest { tenant_id: TENANT.to_owned(), application: Some(application), request_id: String::new() };
    told(ApplicationServiceClient::new(client.link.clone()).register_application(request).await)?;
    let parts: Vec<_> = (0..users).step_by(AT_ONCE).map(|from| part(from..users.min(from + AT_ONCE))).collect();
    told(DirectoryServiceClient::new(client.link.clone()).sync_users(tokio_stream::iter(parts)).await)?;
    grant(client).await.map(drop)
}

fn part(numbers: std::ops::Range<usize>) -> pb::SyncUsersRequest {
    let user = |number: usize| pb::User {
        external_id: format!("u-{number}"),
        addresses: vec![address(number)],
        display_name: format!("Colleague {number}"),
        kind: pb::UserKind::Person.into(),
        ..Default::default()
    };
    pb::SyncUsersRequest {
        tenant_id: TENANT.to_owned(),
        mode: pb::SyncMode::Full.into(),
        users: numbers.map(user).collect(),
        ..Default::default()
    }
}

/// The address of one of them.
pub fn address(number: usize) -> String {
    format!("colleague-{number}@crowd.example")
}

/// Withdraws for one of them; answered when it is in force.
///
/// # Errors
/// What the suite answers, and when there was nothing to withdraw.
pub async fn withdraw(client: &Client, number: usize) -> Result<(), Fault> {
    let request = pb::OptOutUserRequest { tenant_id: TENANT.to_owned(), user: address(number), ..Default::default() };
    let answer = told(ConsentServiceClient::new(client.link.clone()).opt_out_user(request).await)?;
    if answer.mailbox_closed { Ok(()) } else { Err(Fault::internal("a colleague without an open mailbox")) }
}
