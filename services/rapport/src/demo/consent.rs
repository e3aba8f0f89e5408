//! The first two acts: what there is before consent, and what the grant opens.

use std::io::Write;

use contracts::common::v1::{Purpose, RecordKind, Source as Origin};
use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::ingestion::v1::batch_source::Source;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use contracts::ingestion::v1::{BatchSource, GetFilterReportRequest, IngestBatchRequest};
use tokio::time::Instant;
use vocabulary::{Fault, Reason};

use super::load;
use super::search::search;
use super::stage::{Stage, milliseconds, reference, relationship};
use crate::client::told;
use crate::convert;
use crate::output::{counted, thousands};

/// CRM alone: the basic tier counts, the closed gate is named, and no mailbox is stored.
pub async fn before(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("Before consent: the CRM alone")?;
    let tracked = load::company(&stage.client, &stage.company).await?;
    stage.revision.clone_from(&tracked.revision);
    let (users, records) = (stage.company.mailboxes.len(), stage.company.records.len());
    stage.tell(&format!(
        "   {users} mailboxes in the directory, {} in the CRM, {} tracked there by hand.",
        counted(records as i64, "record"),
        thousands(tracked.accepted)
    ))?;

    let Some(mailbox) = stage.company.mailboxes.first().cloned() else { return Err(Fault::internal("a company without mailboxes")) };
    let request = IngestBatchRequest {
        tenant_id: stage.client.tenant.clone(),
        source: Some(BatchSource { source: Some(Source::Mailbox(mailbox.address.clone())) }),
        interactions: mailbox.interactions.into_iter().take(100).map(convert::interaction).collect(),
        ..Default::default()
    };
    let refused = told(IngestionServiceClient::new(stage.client.link.clone()).ingest_batch(request).await);
    let fault = refused.err().filter(|fault| fault.reason == Reason::NoConsent);
    let fault = fault.ok_or_else(|| Fault::internal("a mailbox was taken without consent"))?;
    let asked = pb::CheckConsentRequest {
        tenant_id: stage.client.tenant.clone(),
        user: mailbox.address,
        purpose: Purpose::RelationshipAnalytics.into(),
        source: Origin::Mailbox.into(),
        ..Default::default()
    };
    let checked = told(ConsentServiceClient::new(stage.client.link.clone()).check_consent(asked).await)?;
    let gate = checked.closed_gate().as_str_name().trim_start_matches("GATE_").to_owned();
    stage.tell(&format!("   A connector sends a mailbox: refused, {} (gate {gate}). {}.", fault.reason.as_str(), fault.message))?;

    let unsent = unsent_message_ids(stage);
    let found = search(&stage.data, &unsent)?;
    stage.tell(&format!(
        "   Searched every byte on disk for {} of mails the CRM does not track: {} found.",
        counted(unsent.len() as i64, "Message-ID"),
        found.hits
    ))?;
    if found.hits > 0 {
        return Err(Fault::internal("something of a mailbox was stored without consent"));
    }

    let warm = stage.company.stories.warm.clone();
    let overview = stage.overview(reference(RecordKind::Opportunity, &warm.opportunity_id), None).await?;
    let kpis = relationship(&overview)?.kpis.clone().unwrap_or_default();
    stage.tell(&format!(
        "   The largest deal shows what was tracked: {} sent, {} received, {} held.",
        counted(kpis.emails_sent, "mail"),
        thousands(kpis.emails_received),
        counted(kpis.meetings_sent + kpis.meetings_received, "meeting")
    ))?;
    stage.fact("consent", "closed_gate", gate);
    stage.fact("consent", "tracked_in_crm", tracked.accepted);
    stage.fact("consent", "found_of_mailboxes_before_consent", found.hits);
    stage.fact("consent", "emails_of_largest_deal_before_consent", kpis.emails_sent + kpis.emails_received);
    Ok(())
}

/// The grant, then every mailbox.
pub async fn grant(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("The directory administrator consents")?;
    let mut consent = ConsentServiceClient::new(stage.client.link.clone());
    let mut request = pb::GrantConsentRequest {
        tenant_id: stage.client.tenant.clone(),
        consent_type: pb::ConsentType::IdentifiableInsights.into(),
        legal_basis: "works agreement of 2026-01-15".to_owned(),
        text_version: "1".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let would = told(consent.grant_consent(request.clone()).await)?;
    request.validate_only = false;
    let granted = told(consent.grant_consent(request).await)?;
    stage.tell(&format!(
        "   Asked first: it would open {} mailboxes. Granted: it opens {}.",
        would.mailboxes_opened, granted.mailboxes_opened
    ))?;

    let begun = Instant::now();
    let read = load::mailboxes(&stage.client, &stage.company, &granted.revision).await?;
    let took = milliseconds(begun);
    stage.revision.clone_from(&read.revision);
    let ignored: i64 = read.ignored.values().sum();
    stage.tell(&format!(
        "   A year of mail and meetings: {} read = {} accepted + {} duplicate + {} ignored + {} malformed, in {took} ms.",
        thousands(read.read),
        thousands(read.accepted),
        thousands(read.duplicate),
        thousands(ignored),
        thousands(read.malformed)
    ))?;
    let request = GetFilterReportRequest { tenant_id: stage.client.tenant.clone() };
    let report = told(IngestionServiceClient::new(stage.client.link.clone()).get_filter_report(request).await)?;
    let rules: Vec<String> = report
        .ignored
        .iter()
        .filter(|rule| rule.count > 0)
        .map(|rule| {
            let name = rule.reason().as_str_name().trim_start_matches("IGNORED_REASON_").to_lowercase().replace('_', " ");
            format!("{} {name}", thousands(rule.count))
        })
        .collect();
    stage.tell(&format!("   Ignored by published rules: {}.", rules.join(", ")))?;
    stage.fact("consent", "mailboxes_would_open", would.mailboxes_opened);
    stage.fact("consent", "mailboxes_opened", granted.mailboxes_opened);
    stage.fact("consent", "read", read.read);
    stage.fact("consent", "accepted", read.accepted);
    stage.fact("consent", "duplicate", read.duplicate);
    stage.fact("consent", "malformed", read.malformed);
    stage.fact("consent", "ignored", serde_json::json!(read.ignored));
    stage.fact("consent", "import_ms", took);
    Ok(())
}

/// Message-IDs that only mailboxes hold.
fn unsent_message_ids(stage: &Stage<'_, impl Write>) -> Vec<String> {
    let ids = |interactions: &[ingestion_domain::Interaction]| -> Vec<String> {
        let id = |interaction: &ingestion_domain::Interaction| match &interaction.detail {
            Some(ingestion_domain::Detail::Email(email)) => email.message_id.clone(),
            _ => None,
        };
        interactions.iter().filter_map(id).map(|id| id.trim_matches(['<', '>']).to_owned()).collect()
    };
    let tracked: std::collections::HashSet<String> = ids(&stage.company.crm).into_iter().collect();
    let mut held: Vec<String> = stage.company.mailboxes.iter().flat_map(|mailbox| ids(&mailbox.interactions)).collect();
    held.retain(|id| !tracked.contains(id));
    held.sort_unstable();
    held.dedup();
    held
}
