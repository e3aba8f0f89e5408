//! The sixth and seventh act: who knows a lead, and what a colleague's opting out changes.

use std::io::Write;

use contracts::common::v1::RecordKind;
use contracts::consent::v1::OptOutUserRequest;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::graph::v1 as pb;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use serde_json::Value;
use tokio::time::Instant;
use vocabulary::Fault;

use super::stage::{Stage, milliseconds, reference};
use crate::client::told;
use crate::commands::show::print_introducers;

/// Who knows whom for the lead.
pub async fn of_the_lead(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("Who knows the people of a lead")?;
    let lead = stage.company.stories.lead.clone();
    let (name, owner) = (stage.record(&lead.lead_id).map(|record| record.name.clone()), stage.user_name(&lead.owner));
    stage.tell(&format!("   {}, owned by {owner}:", name.unwrap_or_default()))?;
    let listed = list(stage).await?;
    stage.print(|out| print_introducers(&listed, out))?;
    let told = json(stage, &listed)?;
    stage.fact("introducers", "lead", lead.lead_id);
    stage.fact("introducers", "introducers", told);
    Ok(())
}

/// The strongest of them opts out.
pub async fn one_opts_out(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    let user = stage.company.stories.opt_out_user.clone();
    let name = stage.user_name(&user);
    stage.act(&format!("{name} opts out"))?;
    let request = OptOutUserRequest { tenant_id: stage.client.tenant.clone(), user: user.clone(), ..Default::default() };
    let begun = Instant::now();
    let done = told(ConsentServiceClient::new(stage.client.link.clone()).opt_out_user(request).await)?;
    let took = milliseconds(begun);
    stage.revision.clone_from(&done.revision);
    stage.tell(&format!("   Answered in {took} ms: keys destroyed, no service reads what they covered. The same question again:"))?;
    let listed = list(stage).await?;
    if listed.iter().any(|introducer| introducer.address == user) {
        return Err(Fault::internal("somebody who opted out is named"));
    }
    stage.print(|out| print_introducers(&listed, out))?;
    let told = json(stage, &listed)?;
    stage.fact("optout", "user", user);
    stage.fact("optout", "mailbox_closed", done.mailbox_closed);
    stage.fact("optout", "enforced_ms", took);
    stage.fact("optout", "introducers_after", told);
    Ok(())
}

async fn list(stage: &Stage<'_, impl Write>) -> Result<Vec<pb::Introducer>, Fault> {
    let request = pb::ListIntroducersRequest {
        tenant_id: stage.client.tenant.clone(),
        target: Some(Target::Record(reference(RecordKind::Lead, &stage.company.stories.lead.lead_id))),
        revision: stage.revision.clone(),
        ..Default::default()
    };
    Ok(told(GraphServiceClient::new(stage.client.link.clone()).list_introducers(request).await)?.introducers)
}

fn json(stage: &Stage<'_, impl Write>, introducers: &[pb::Introducer]) -> Result<Vec<Value>, Fault> {
    introducers.iter().map(|introducer| stage.json.write("rapport.graph.v1.Introducer", introducer)).collect()
}
