//! Withdrawals against services that do not listen: paused when they are asked, awake again when it is too late.

use std::sync::Arc;

use contracts::gateway::v1::OverviewPart;
use contracts::graph::v1::list_introducers_request::Target;
use rapport::demo::load;

use crate::fixtures::{grant, introducers, lead, mails, opportunity, overview, revoke, small_company};
use crate::harness::{Running, SHORT_LEASE_MS, Signal};

/// A paused service acknowledges nothing: the withdrawal waits until its lease is over. When it wakes, its clock has run on.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_binds_services_that_were_paused_when_it_was_answered() {
    let running = Running::in_five_processes(Arc::new(tempfile::tempdir().unwrap()), SHORT_LEASE_MS);
    let company = small_company();
    let client = running.client(&company.tenant.id);
    let tracked = load::company(&client, &company).await.unwrap();
    let deal = || opportunity(&company.stories.warm.opportunity_id);
    let basic = mails(&overview(&client, deal(), &tracked.revision).await.unwrap());
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
    let mut answered = false;
    while !answered {
        let now = overview(&client, deal(), "").await;
        if let Ok(now) = now
            && !now.unavailable.iter().any(|part| part.part() == OverviewPart::Relationship)
        {
            let kpis = now.relationship.unwrap().kpis.unwrap();
            assert_eq!(kpis.emails_sent + kpis.emails_received, basic);
            assert!(now.introducers.iter().all(|introducer| introducer.strength.is_none()));
            answered = now.unavailable.is_empty();
        }
        if let Ok(known) = introducers(&client, Target::Record(lead(&company.stories.lead.lead_id)), "").await {
            assert!(known.iter().all(|introducer| introducer.strength.is_none()), "a tie from a mailbox after the withdrawal");
        }
    }
    running.stop().await;
}
