//! `rapport consent`: grants, withdraws and shows consent.

use std::io::Write;

use contracts::common::v1::Purpose as Wanted;
use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use vocabulary::Fault;

use crate::cli::{Consent, Purpose};
use crate::client::{Client, from_timestamp, told};
use crate::output::{counted, said, table};

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Consent, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Consent::Grant { legal_basis, text_version, purpose, expires, validate_only, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let expire_time = expires.as_deref().map(str::parse).transpose();
            let request = pb::GrantConsentRequest {
                tenant_id: tenant,
                consent_type: pb::ConsentType::IdentifiableInsights.into(),
                legal_basis,
                text_version,
                request_id: String::new(),
                validate_only,
                purposes: purpose.iter().map(wanted).collect(),
                expire_time: expire_time.map_err(|_| Fault::invalid_field("--expires", "must be as 2026-05-04T00:00:00Z"))?,
            };
            let granted = told(ConsentServiceClient::new(link).grant_consent(request).await)?;
            let verb = if validate_only { "would open" } else { "opens" };
            said(writeln!(out, "the grant {verb} {}", counted(granted.mailboxes_opened, "mailbox")))
        }
        Consent::Revoke { validate_only, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let mut consents = ConsentServiceClient::new(link);
            let asked = pb::RevokeConsentRequest { tenant_id: tenant, validate_only: true, ..Default::default() };
            let would = told(consents.revoke_consent(asked.clone()).await)?.mailboxes_closed;
            if validate_only {
                return said(writeln!(out, "the withdrawal would destroy the keys of {}", counted(would, "mailbox")));
            }
            let request = pb::RevokeConsentRequest { validate_only: false, expected_destroyed: would, ..asked };
            let revoked = told(consents.revoke_consent(request).await)?;
            let closed = counted(revoked.mailboxes_closed, "mailbox");
            let since = revoked.enforced_time.as_ref().map(from_timestamp).unwrap_or_default();
            said(writeln!(out, "withdrawn: the keys of {closed} are destroyed, in force everywhere since {since}"))
        }
        Consent::Recover(command) => super::keyring::recover(command, out).await,
        Consent::OptOut(personal) => {
            let Client { link, tenant } = Client::of(&personal.target).await?;
            let request = pb::OptOutUserRequest {
                tenant_id: tenant,
                purposes: purposes(&personal.purposes),
                user: personal.user,
                ..Default::default()
            };
            let done = told(ConsentServiceClient::new(link).opt_out_user(request).await)?;
            let keys = if done.mailbox_closed { "mailbox keys are destroyed" } else { "there was no open mailbox" };
            let since = done.enforced_time.as_ref().map(from_timestamp).unwrap_or_default();
            said(writeln!(out, "opted out: {keys}, in force everywhere since {since}"))
        }
        Consent::OptIn(personal) => {
            let Client { link, tenant } = Client::of(&personal.target).await?;
            let request = pb::OptInUserRequest {
                tenant_id: tenant,
                purposes: purposes(&personal.purposes),
                user: personal.user,
                request_id: String::new(),
            };
            let done = told(ConsentServiceClient::new(link).opt_in_user(request).await)?;
            let mailbox = if done.mailbox_open { "the mailbox may be read" } else { "another gate keeps the mailbox closed" };
            said(writeln!(out, "opted in: {mailbox}"))
        }
        Consent::OptOutGroup { grouped, future_only, validate_only, expect_destroyed: expected_destroyed } => {
            let Client { link, tenant: tenant_id } = Client::of(&grouped.target).await?;
            let mode = if future_only { pb::OptOutMode::FutureOnly } else { pb::OptOutMode::EraseHistory }.into();
            let (group_id, purposes, request_id) = (grouped.group, purposes(&grouped.purposes), String::new());
            let request = pb::OptOutGroupRequest { tenant_id, group_id, purposes, mode, request_id, validate_only, expected_destroyed };
            let done = told(ConsentServiceClient::new(link).opt_out_group(request).await)?;
            let (closed, users) = (counted(done.mailboxes_closed, "mailbox"), counted(done.users, "user"));
            if validate_only {
                return said(writeln!(out, "the opt-out would touch {users} and destroy the keys of {closed}"));
            }
            let since = done.enforced_time.as_ref().map(from_timestamp).unwrap_or_default();
            said(writeln!(out, "opted out: {users}, the keys of {closed} are destroyed, in force everywhere since {since}"))
        }
        Consent::OptInGroup(grouped) => {
            let Client { link, tenant: tenant_id } = Client::of(&grouped.target).await?;
            let (group_id, purposes, request_id) = (grouped.group, purposes(&grouped.purposes), String::new());
            let request = pb::OptInGroupRequest { tenant_id, group_id, purposes, request_id };
            let done = told(ConsentServiceClient::new(link).opt_in_group(request).await)?;
            said(writeln!(out, "opted in: {} collected from again, from now on", counted(done.mailboxes_opened, "mailbox")))
        }
        Consent::Explain { user, application, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::CheckConsentRequest { tenant_id: tenant, user, application_id: application, ..Default::default() };
            let check = told(ConsentServiceClient::new(link).check_consent(request).await)?;
            explain(&check, out)
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
    for cover in &consent.covers {
        let end = cover.expire_time.as_ref().map(from_timestamp).map(|end| format!(" until {end}")).unwrap_or_default();
        let over = if cover.expired { ", over" } else { "" };
        said(writeln!(out, "covers {}{end}{over}", purpose_name(cover.purpose())))?;
    }
    let mut rows = vec![["gate", "purpose", "state", ">users kept out"].map(str::to_owned).to_vec()];
    for gate in &consent.gates {
        let state = match (&gate.deadline_time, gate.open) {
            (Some(deadline), _) => format!("open until {} unless consent comes", from_timestamp(deadline)),
            (None, true) => "open".to_owned(),
            (None, false) => "closed".to_owned(),
        };
        rows.push(vec![gate_name(gate.gate()), purpose_name(gate.purpose()), state, gate.users_kept_out.to_string()]);
    }
    table(out, 2, &rows)
}

/// Prints how every gate stands for one user: a line a gate, a column a purpose.
///
/// # Errors
/// When nothing can be printed.
fn explain(check: &pb::CheckConsentResponse, out: &mut impl Write) -> Result<(), Fault> {
    let verdict = match check.closed_gate() {
        _ if check.allowed => "the mailbox may be read for both purposes".to_owned(),
        gate => format!("not for both purposes: {} says no", gate_name(gate)),
    };
    said(writeln!(out, "{verdict} (position {})", check.position))?;
    let mut rows = vec![["gate", "relationship analytics", "connection graph"].map(str::to_owned).to_vec()];
    for held in &check.gates {
        let answer = held.answer().as_str_name().trim_start_matches("GATE_ANSWER_").to_lowercase().replace('_', " ");
        let name = gate_name(held.gate());
        match rows.iter_mut().find(|row| row.first() == Some(&name)) {
            Some(row) => row.push(answer),
            None => rows.push(vec![name, answer]),
        }
    }
    table(out, 2, &rows)
}

fn gate_name(gate: pb::Gate) -> String {
    gate.as_str_name().trim_start_matches("GATE_").to_lowercase().replace('_', " ")
}

fn purpose_name(purpose: Wanted) -> String {
    purpose.as_str_name().trim_start_matches("PURPOSE_").to_lowercase().replace('_', " ")
}

fn purposes(purposes: &[Purpose]) -> Vec<i32> {
    purposes.iter().map(wanted).collect()
}

fn wanted(purpose: &Purpose) -> i32 {
    match purpose {
        Purpose::RelationshipAnalytics => Wanted::RelationshipAnalytics.into(),
        Purpose::ConnectionGraph => Wanted::ConnectionGraph.into(),
    }
}
