//! Withdrawals against services that do not listen: paused when they are asked, awake again when it is too late.

use std::sync::Arc;
use std::time::Duration;

use contracts::gateway::v1::OverviewPart;
use contracts::graph::v1::list_introducers_request::Target;
use rapport::demo::load;

use crate::fixtures::{grant, introducers, lead, mails, opportunity, overview, revoke, small_company};
use crate::harness::{Running, SHORT_LEASE_MS, Signal};

/// Far longer than leases and reconnecting take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A paused service acknowledges nothing: the withdrawal waits until its lease is over. When it wakes, its clock has run on.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_binds_services_that_were_paused_when_it_was_answered() {
    let running = Running::in_five_processes(Arc::new(tempfile::tempdir().unwrap()), SHORT_LEASE_MS);
    let company = small_company();
    let client = running.client(&company.tenant.id);
    let tracked = load::company(&client, &company).await.unwrap();
    let deal = || opportunity(&company.stories.warm.opportunity_id);
    let knows = || Target::Record(lead(&company.stories.lead.lead_id));
    let basic = mails(&overview(&client, deal(), &tracked.revision).await.unwrap());
    let tracked_ties = introducers(&client, knows(), &tracked.revision).await.unwrap();
    assert!(!tracked_ties.is_empty(), "the CRM tracked nothing of the lead");
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    assert!(mails(&overview(&client, deal(), &read.revision).await.unwrap()) > basic);

    running.signal("analytics", Signal::Stop);
    running.signal("graph", Signal::Stop);
    let revoked = revoke(&client).await.unwrap();
    assert_eq!(revoked.mailboxes_closed as usize, company.mailboxes.len());
    running.signal("analytics", Signal::Continue);
    running.signal("graph", Signal::Continue);

    // From now on every answer is either the basic tier or none; and the basic tier comes back by itself.
    let back = async {
        loop {
            if let Ok(known) = introducers(&client, knows(), "").await {
                assert_eq!(known, tracked_ties, "a tie from a mailbox after the withdrawal");
            }
            let Ok(now) = overview(&client, deal(), "").await else { continue };
            let missing = |part| now.unavailable.iter().any(|unavailable| unavailable.part() == part);
            if !missing(OverviewPart::Relationship) {
                let kpis = now.relationship.unwrap().kpis.unwrap();
                assert_eq!(kpis.emails_sent + kpis.emails_received, basic);
            }
            if now.unavailable.is_empty() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, back).await.expect("the basic tier did not come back");
    running.stop().await;
}
