//! A small generated company, and the questions that tests ask of it.

use contracts::analytics::v1 as analytics;
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use contracts::common::v1::{RecordKind, RecordRef};
use contracts::consent::v1 as consent;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::gateway::v1 as gateway;
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use contracts::graph::v1 as graph;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use prost::Message;
use rapport::client::{Client, timestamp, told};
use rapport::convert;
use rapport::demo::load;
use synthetic::{Company, Spec};
use vocabulary::{Clock, Fault, SystemClock};

/// A company that ends now, so that its year lies in the data window.
pub fn small_company() -> Company {
    let end = SystemClock.now().day().start();
    Company::generate(Spec { end, users: 16, accounts: 16, contacts: 56, opportunities: 8, leads: 4, interactions: 3_000, ..Spec::demo() })
}

/// Everything about a record, as of the company's last instant.
pub async fn overview(client: &Client, record: RecordRef, revision: &str) -> Result<gateway::GetOverviewResponse, Fault> {
    let request = gateway::GetOverviewRequest {
        tenant_id: client.tenant.clone(),
        r#ref: Some(record),
        as_of: Some(timestamp(SystemClock.now().day().start())),
        revision: revision.to_owned(),
        ..Default::default()
    };
    told(OverviewServiceClient::new(client.link.clone()).get_overview(request).await)
}

/// The colleagues who know a person or the people of a record.
pub async fn introducers(client: &Client, target: Target, revision: &str) -> Result<Vec<graph::Introducer>, Fault> {
    let request = graph::ListIntroducersRequest {
        tenant_id: client.tenant.clone(),
        target: Some(target),
        as_of: Some(timestamp(SystemClock.now().day().start())),
        page_size: 100,
        revision: revision.to_owned(),
        ..Default::default()
    };
    Ok(told(GraphServiceClient::new(client.link.clone()).list_introducers(request).await)?.introducers)
}

/// Every overview of the company, encoded without its revision.
pub async fn every_overview(client: &Client, company: &Company, revision: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for record in &company.records {
        let mut overview = overview(client, convert::record_ref(record.reference.clone()), revision).await.unwrap();
        assert!(overview.unavailable.is_empty(), "a part was missing: {:?}", overview.unavailable);
        overview.revision.clear();
        // The consent part names positions.
        overview.consent = None;
        all.push((record.id().to_owned(), overview.encode_to_vec()));
    }
    all
}

/// The record as it is kept.
pub async fn kept(client: &Client, record: RecordRef) -> Result<analytics::Record, Fault> {
    let request = analytics::GetRecordRequest { tenant_id: client.tenant.clone(), r#ref: Some(record), ..Default::default() };
    Ok(told(RecordServiceClient::new(client.link.clone()).get_record(request).await)?.record.unwrap())
}

/// Its deletion, and the revision from which it is gone.
pub async fn delete(client: &Client, record: RecordRef) -> Result<String, Fault> {
    let request = analytics::DeleteRecordRequest { tenant_id: client.tenant.clone(), r#ref: Some(record), ..Default::default() };
    Ok(told(RecordServiceClient::new(client.link.clone()).delete_record(request).await)?.revision)
}

/// Names an opportunity.
pub fn opportunity(id: &str) -> RecordRef {
    RecordRef { kind: RecordKind::Opportunity.into(), record_id: id.to_owned() }
}

/// Names a lead.
pub fn lead(id: &str) -> RecordRef {
    RecordRef { kind: RecordKind::Lead.into(), record_id: id.to_owned() }
}

/// Every address and Message-ID of the company: what no file may hold in clear.
pub fn secrets(company: &Company) -> Vec<String> {
    let ours = company.users.iter().flat_map(|user| user.addresses.clone());
    let theirs = company.records.iter().flat_map(|record| record.addresses.clone());
    let ids = company.mailboxes.iter().flat_map(|mailbox| &mailbox.interactions).filter_map(|interaction| match &interaction.detail {
        Some(ingestion_domain::Detail::Email(email)) => email.message_id.clone(),
        _ => None,
    });
    let ids = ids.map(|id| id.trim_matches(['<', '>']).to_owned());
    let mut secrets: Vec<String> = ours.chain(theirs).chain(ids).filter(|secret| secret.len() > 5).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}

/// Mails of a record, both ways, where nothing is missing.
pub fn mails(overview: &gateway::GetOverviewResponse) -> i64 {
    assert!(overview.unavailable.is_empty(), "a part was missing: {:?}", overview.unavailable);
    let kpis = overview.relationship.as_ref().unwrap().kpis.as_ref().unwrap();
    kpis.emails_sent + kpis.emails_received
}

/// The tenant's consent.
pub async fn grant(client: &Client) -> Result<consent::GrantConsentResponse, Fault> {
    let request = consent::GrantConsentRequest {
        tenant_id: client.tenant.clone(),
        consent_type: consent::ConsentType::IdentifiableInsights.into(),
        legal_basis: "test".to_owned(),
        text_version: "1".to_owned(),
        ..Default::default()
    };
    told(ConsentServiceClient::new(client.link.clone()).grant_consent(request).await)
}

/// Its withdrawal, by the number of mailboxes that it destroys.
pub async fn revoke(client: &Client) -> Result<consent::RevokeConsentResponse, Fault> {
    let mut consents = ConsentServiceClient::new(client.link.clone());
    let asked = consent::RevokeConsentRequest { tenant_id: client.tenant.clone(), validate_only: true, ..Default::default() };
    let expected_destroyed = told(consents.revoke_consent(asked.clone()).await)?.mailboxes_closed;
    told(consents.revoke_consent(consent::RevokeConsentRequest { validate_only: false, expected_destroyed, ..asked }).await)
}

/// A user's opt-out.
pub async fn opt_out(client: &Client, user: &str) -> Result<consent::OptOutUserResponse, Fault> {
    let request = consent::OptOutUserRequest { tenant_id: client.tenant.clone(), user: user.to_owned(), ..Default::default() };
    told(ConsentServiceClient::new(client.link.clone()).opt_out_user(request).await)
}

/// A user's return.
pub async fn opt_in(client: &Client, user: &str) -> Result<consent::OptInUserResponse, Fault> {
    let request = consent::OptInUserRequest { tenant_id: client.tenant.clone(), user: user.to_owned(), ..Default::default() };
    told(ConsentServiceClient::new(client.link.clone()).opt_in_user(request).await)
}

/// A colleague who knows a lead by their own mailbox, and what everybody sees of the lead without it.
#[derive(Clone)]
pub struct Known {
    pub address: String,
    pub mailbox: synthetic::Mailbox,
    pub mails_without: i64,
    lead_id: String,
    company: Company,
}

impl Known {
    /// Loads the company, finds the colleague and opts them out.
    pub async fn of(client: &Client, company: &Company) -> Self {
        load::company(client, company).await.unwrap();
        let granted = grant(client).await.unwrap();
        let read = load::mailboxes(client, company, &granted.revision).await.unwrap();
        let lead_id = company.stories.lead.lead_id.clone();
        let listed = introducers(client, Target::Record(lead(&lead_id)), &read.revision).await.unwrap();
        let mut company = company.clone();
        for one in listed {
            let Some(mailbox) = company.mailboxes.iter().find(|mailbox| mailbox.address == one.address).cloned() else { continue };
            let with = mails(&overview(client, lead(&lead_id), &read.revision).await.unwrap());
            let out = opt_out(client, &one.address).await.unwrap();
            let mails_without = mails(&overview(client, lead(&lead_id), &out.revision).await.unwrap());
            let left = introducers(client, Target::Record(lead(&lead_id)), &out.revision).await.unwrap();
            if with > mails_without && left.iter().all(|held| held.address != one.address) {
                company.mailboxes.retain(|held| held.address == one.address);
                return Self { address: one.address, mailbox, mails_without, lead_id, company };
            }
        }
        panic!("nobody knows the lead by mail");
    }

    /// Opts the colleague in, reads the mailbox again and waits until it shows.
    pub async fn bring_back(&self, client: &Client) {
        let back = opt_in(client, &self.address).await.unwrap();
        let read = load::mailboxes(client, &self.company, &back.revision).await.unwrap();
        assert!(mails(&overview(client, self.record(), &read.revision).await.unwrap()) > self.mails_without);
        let listed = introducers(client, self.target(), &read.revision).await.unwrap();
        assert!(listed.iter().any(|held| held.address == self.address));
    }

    /// The lead.
    pub fn record(&self) -> RecordRef {
        lead(&self.lead_id)
    }

    /// Whom introductions are wanted to.
    pub fn target(&self) -> Target {
        Target::Record(self.record())
    }
}
