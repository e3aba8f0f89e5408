//! `rapport consent`: grants, withdraws and shows consent.

use std::io::Write;

use contracts::common::v1::Purpose as Wanted;
use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use vocabulary::Fault;

use crate::cli::{Consent, Personal, Purpose};
use crate::client::{Client, from_timestamp, told};
use crate::output::{counted, said, table};

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Consent, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Consent::Grant { legal_basis, text_version, validate_only, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::GrantConsentRequest {
                tenant_id: tenant,
                consent_type: pb::ConsentType::IdentifiableInsights.into(),
                legal_basis,
                text_version,
                request_id: String::new(),
                validate_only,
            };
            let granted = told(ConsentServiceClient::new(link).grant_consent(request).await)?;
            let verb = if validate_only { "would open" } else { "opens" };
            said(writeln!(out, "the grant {verb} {}", counted(granted.mailboxes_opened, "mailbox")))
        }
        Consent::Revoke { validate_only, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::RevokeConsentRequest { tenant_id: tenant, validate_only, ..Default::default() };
            let revoked = told(ConsentServiceClient::new(link).revoke_consent(request).await)?;
            let closed = counted(revoked.mailboxes_closed, "mailbox");
            if validate_only {
                return said(writeln!(out, "the withdrawal would destroy the keys of {closed}"));
            }
            let since = revoked.enforced_time.as_ref().map(from_timestamp).unwrap_or_default();
            said(writeln!(out, "withdrawn: the keys of {closed} are destroyed, in force everywhere since {since}"))
        }
        Consent::OptOut(personal) => {
            let Client { link, tenant } = Client::of(&personal.target).await?;
            let request =
                pb::OptOutUserRequest { tenant_id: tenant, purposes: purposes(&personal), user: personal.user, ..Default::default() };
            let done = told(ConsentServiceClient::new(link).opt_out_user(request).await)?;
            let keys = if done.mailbox_closed { "mailbox keys are destroyed" } else { "there was no open mailbox" };
            let since = done.enforced_time.as_ref().map(from_timestamp).unwrap_or_default();
            said(writeln!(out, "opted out: {keys}, in force everywhere since {since}"))
        }
        Consent::OptIn(personal) => {
            let Client { link, tenant } = Client::of(&personal.target).await?;
            let request =
                pb::OptInUserRequest { tenant_id: tenant, purposes: purposes(&personal), user: personal.user, request_id: String::new() };
            let done = told(ConsentServiceClient::new(link).opt_in_user(request).await)?;
            let mailbox = if done.mailbox_open { "the mailbox may be read" } else { "another gate keeps the mailbox closed" };
            said(writeln!(out, "opted in: {mailbox}"))
        }
        Consent::Show(target) => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::GetConsentRequest { tenant_id: tenant, revision: String::new() };
            let consent = told(ConsentServiceClient::new(link).get_consent(request).await)?.consent.unwrap_or_default();
            show(&consent, out)
        }
    }
}

/// Prints a tenant's consent, gate by gate.
///
/// # Errors
/// When nothing can be printed.
pub fn show(consent: &pb::Consent, out: &mut impl Write) -> Result<(), Fault> {
    let granted = if consent.granted { "granted" } else { "not granted" };
    said(writeln!(out, "consent {granted}; {} of {} mailboxes may be read", consent.mailboxes_open, consent.mailboxes))?;
    let mut rows = vec![["gate", "purpose", "state", ">users kept out"].map(str::to_owned).to_vec()];
    for gate in &consent.gates {
        let state = if gate.open { "open" } else { "closed" };
        let gate_name = gate.gate().as_str_name().trim_start_matches("GATE_").to_lowercase().replace('_', " ");
        let purpose = gate.purpose().as_str_name().trim_start_matches("PURPOSE_").to_lowercase().replace('_', " ");
        rows.push(vec![gate_name, purpose, state.to_owned(), gate.users_kept_out.to_string()]);
    }
    table(out, 2, &rows)
}

fn purposes(personal: &Personal) -> Vec<i32> {
    let wanted = |purpose: &Purpose| match purpose {
        Purpose::RelationshipAnalytics => Wanted::RelationshipAnalytics.into(),
        Purpose::ConnectionGraph => Wanted::ConnectionGraph.into(),
    };
    personal.purposes.iter().map(wanted).collect()
}
