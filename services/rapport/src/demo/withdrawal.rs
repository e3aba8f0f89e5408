//! The last acts: the tenant withdraws, every byte is searched, the basic tier goes on; then what to try.

use std::io::Write;

use contracts::common::v1::RecordKind;
use contracts::consent::v1::RevokeConsentRequest;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use tokio::time::Instant;
use vocabulary::Fault;

use super::search::search;
use super::stage::{Stage, milliseconds, reference, relationship};
use crate::client::told;
use crate::output::{counted, thousands};

/// The tenant withdraws.
pub async fn withdraw(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("The tenant withdraws its consent")?;
    let mut consents = ConsentServiceClient::new(stage.client.link.clone());
    // Whoever destroys many mailboxes names their number.
    let asked = RevokeConsentRequest { tenant_id: stage.client.tenant.clone(), validate_only: true, ..Default::default() };
    let expected_destroyed = told(consents.revoke_consent(asked.clone()).await)?.mailboxes_closed;
    let request = RevokeConsentRequest { validate_only: false, expected_destroyed, ..asked };
    let begun = Instant::now();
    let done = told(consents.revoke_consent(request).await)?;
    let took = milliseconds(begun);
    stage.revision.clone_from(&done.revision);
    stage.tell(&format!("   Answered in {took} ms: the keys of {} mailboxes are destroyed.", done.mailboxes_closed))?;

    let addresses = stage.addresses();
    let found = search(&stage.data, &addresses)?;
    stage.tell(&format!("   Searched every byte on disk for {} addresses: {} found.", thousands(addresses.len() as i64), found.hits))?;
    if found.hits > 0 {
        return Err(Fault::internal("an address lies in clear on disk"));
    }
    let warm = stage.company.stories.warm.clone();
    let overview = stage.overview(reference(RecordKind::Opportunity, &warm.opportunity_id), None).await?;
    let kpis = relationship(&overview)?.kpis.clone().unwrap_or_default();
    stage.tell(&format!(
        "   The basic tier goes on: the largest deal again shows what was tracked, {} sent, {} received, {} held.",
        counted(kpis.emails_sent, "mail"),
        thousands(kpis.emails_received),
        counted(kpis.meetings_sent + kpis.meetings_received, "meeting")
    ))?;
    stage.fact("withdrawal", "mailboxes_closed", done.mailboxes_closed);
    stage.fact("withdrawal", "enforced_ms", took);
    stage.fact("withdrawal", "addresses_searched", addresses.len());
    stage.fact("withdrawal", "addresses_found", found.hits);
    stage.fact("withdrawal", "emails_of_largest_deal", kpis.emails_sent + kpis.emails_received);
    Ok(())
}

/// What to try next.
pub fn to_try(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("To try, against `rapport demo` while it serves")?;
    let tenant = stage.client.tenant.clone();
    let deal = stage.company.stories.warm.opportunity_id.clone();
    let overview = format!("{{\"tenant_id\":\"{tenant}\",\"ref\":{{\"kind\":\"RECORD_KIND_OPPORTUNITY\",\"record_id\":\"{deal}\"}}}}");
    let consent = format!("{{\"tenant_id\":\"{tenant}\"}}");
    for line in [
        "grpcurl -plaintext 127.0.0.1:7600 list".to_owned(),
        "grpcurl -plaintext 127.0.0.1:7600 describe rapport.gateway.v1.OverviewService".to_owned(),
        format!("grpcurl -plaintext -d '{overview}' 127.0.0.1:7600 rapport.gateway.v1.OverviewService/GetOverview"),
        format!("grpcurl -plaintext -d '{consent}' 127.0.0.1:7600 rapport.consent.v1.ConsentService/GetConsent"),
    ] {
        stage.tell(&format!("   {line}"))?;
    }
    Ok(())
}
