//! The generated company through the real API: tenant, application, directory, records, interactions.

use contracts::analytics::v1 as analytics;
use contracts::consent::v1 as consent;
use contracts::consent::v1::application_service_client::ApplicationServiceClient;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use contracts::ingestion::v1::CrmSource;
use contracts::ingestion::v1::batch_source::Source;
use ingestion_domain::Interaction;
use synthetic::{Company, Record, RecordState, User, UserKind};
use tokio::sync::mpsc;
use vocabulary::Fault;

use crate::client::{Client, timestamp, told};
use crate::commands::directory::Intent;
use crate::commands::{directory, records};
use crate::convert;
use crate::ingest::{Summary, ingest};

/// Makes the tenant with its application, directory, records and what the CRM tracked. Needs no consent.
///
/// # Errors
/// What the suite answers.
pub async fn company(client: &Client, company: &Company) -> Result<Summary, Fault> {
    tenant(client, company).await?;
    let synced = directory::sync(client, company.users.iter().map(user).collect(), Intent { full: true, ..Intent::default() }).await?;
    records::upsert(client, company.records.iter().map(record).collect()).await?;
    crm(client, company, &synced.revision).await
}

/// Sends what the CRM tracked, from a revision on.
///
/// # Errors
/// What the suite answers.
pub async fn crm(client: &Client, company: &Company, revision: &str) -> Result<Summary, Fault> {
    sent(client, Source::Crm(CrmSource {}), revision, company.crm.clone()).await
}

/// Sends every mailbox, from the revision of the grant on.
///
/// # Errors
/// What the suite answers: NO_CONSENT before the grant.
pub async fn mailboxes(client: &Client, company: &Company, revision: &str) -> Result<Summary, Fault> {
    let mut all = Summary::default();
    for mailbox in &company.mailboxes {
        let one = sent(client, Source::Mailbox(mailbox.address.clone()), revision, mailbox.interactions.clone()).await?;
        all.join(one);
    }
    Ok(all)
}

async fn sent(client: &Client, source: Source, revision: &str, interactions: Vec<Interaction>) -> Result<Summary, Fault> {
    let (sender, receiver) = mpsc::channel(1_000);
    let sending = tokio::spawn(async move {
        for interaction in interactions {
            if sender.send(convert::interaction(interaction)).await.is_err() {
                return;
            }
        }
    });
    let summary = ingest(client, source, revision.to_owned(), receiver, |_| {}).await;
    sending.abort();
    summary
}

async fn tenant(client: &Client, company: &Company) -> Result<(), Fault> {
    let tenant =
        consent::Tenant { display_name: company.tenant.name.clone(), domains: company.tenant.domains.clone(), ..Default::default() };
    let request = consent::CreateTenantRequest { tenant_id: client.tenant.clone(), tenant: Some(tenant), request_id: String::new() };
    told(TenantServiceClient::new(client.link.clone()).create_tenant(request).await)?;
    let application = consent::Application {
        application_id: "crm".to_owned(),
        display_name: "CRM".to_owned(),
        relationship_analytics: true,
        connection_graph: true,
        mailbox_source: true,
        ..Default::default()
    };
    let request =
        consent::RegisterApplicationRequest { tenant_id: client.tenant.clone(), application: Some(application), request_id: String::new() };
    told(ApplicationServiceClient::new(client.link.clone()).register_application(request).await).map(drop)
}

fn user(user: &User) -> consent::User {
    let kind = match user.kind {
        UserKind::Person => consent::UserKind::Person,
        UserKind::Shared => consent::UserKind::Shared,
        UserKind::Room => consent::UserKind::Room,
        UserKind::List => consent::UserKind::List,
    };
    consent::User {
        external_id: user.external_id.clone(),
        addresses: user.addresses.clone(),
        display_name: user.display_name.clone(),
        kind: kind.into(),
        roles: user.roles.clone(),
        department: user.department.clone(),
        ..Default::default()
    }
}

/// A record as it is sent.
pub fn record(record: &Record) -> analytics::Record {
    let state = match record.state {
        RecordState::Open => analytics::RecordState::Open,
        RecordState::Won => analytics::RecordState::Won,
        RecordState::Lost => analytics::RecordState::Lost,
    };
    let stakeholders = record.stakeholders.iter().map(|stakeholder| analytics::Stakeholder {
        contact_id: stakeholder.contact_id.clone().unwrap_or_default(),
        address: stakeholder.address.clone().unwrap_or_default(),
        role: stakeholder.role.clone(),
    });
    analytics::Record {
        r#ref: Some(convert::record_ref(record.reference.clone())),
        name: record.name.clone(),
        owner: record.owner.clone(),
        team: record.team.clone(),
        addresses: record.addresses.clone(),
        account_id: record.account_id.clone().unwrap_or_default(),
        primary_contact_id: record.primary_contact_id.clone().unwrap_or_default(),
        stakeholders: stakeholders.collect(),
        state: state.into(),
        revenue_minor: record.revenue_minor,
        currency: record.currency.clone(),
        close_time: record.close_time.map(timestamp),
        create_time: Some(timestamp(record.create_time)),
        job_title: record.job_title.clone(),
        ..Default::default()
    }
}
