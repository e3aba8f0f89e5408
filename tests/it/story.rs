//! The main job, from nothing to a withdrawal and back, the same in one process and in five.

use contracts::graph::v1::list_introducers_request::Target;
use rapport::demo::{load, search};
use vocabulary::Reason;

use crate::fixtures::{
    every_overview, grant, introducers, lead, mails, opportunity, opt_in, opt_out, overview, revoke, secrets, small_company,
};
use crate::harness::{Processes, Running};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_holds_in_one_process() {
    story(Processes::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_holds_in_five_processes() {
    story(Processes::Five).await;
}

async fn story(processes: Processes) {
    let running = Running::start(processes).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    let tracked = load::company(&client, &company).await.unwrap();
    let (warm, known) = (company.stories.warm.clone(), company.stories.lead.clone());
    let deal = || opportunity(&warm.opportunity_id);
    let knows = || Target::Record(lead(&known.lead_id));

    // Before consent: the CRM alone, and not one byte of a mailbox.
    let refused = load::mailboxes(&client, &company, "").await.unwrap_err();
    assert_eq!(refused.reason, Reason::NoConsent);
    let basic = overview(&client, deal(), &tracked.revision).await.unwrap();
    assert!(mails(&basic) > 0, "the CRM tracked nothing of the largest deal");
    assert!(!basic.consent.as_ref().unwrap().granted);

    // The grant opens every mailbox; what they tell is there with the revision of the write.
    let granted = grant(&client).await.unwrap();
    assert_eq!(granted.mailboxes_opened as usize, company.mailboxes.len());
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    assert_eq!(read.read, read.accepted + read.duplicate + read.ignored.values().sum::<i64>() + read.malformed);
    let full = every_overview(&client, &company, &read.revision).await;
    let enhanced = overview(&client, deal(), &read.revision).await.unwrap();
    assert!(mails(&enhanced) > mails(&basic));
    let health = enhanced.relationship.as_ref().unwrap().health.clone().unwrap();
    assert_eq!(health.base + health.factors.iter().map(|factor| factor.points).sum::<i32>(), health.score.unwrap());

    // A second import counts nothing twice.
    let again = load::mailboxes(&client, &company, "").await.unwrap();
    assert_eq!((again.accepted, again.copies), (0, 0));
    assert_eq!(every_overview(&client, &company, &again.revision).await, full);

    // Nothing lies in clear.
    let secrets = secrets(&company);
    assert_eq!(search::search(&running.data(), &secrets).unwrap().hits, 0);

    // Somebody opts out: the next read, demanding nothing, no longer names them.
    let strongest = introducers(&client, knows(), "").await.unwrap()[0].address.clone();
    assert_eq!(strongest, company.stories.opt_out_user);
    opt_out(&client, &strongest).await.unwrap();
    let rest = introducers(&client, knows(), "").await.unwrap();
    assert!(!rest.is_empty() && rest.iter().all(|introducer| introducer.address != strongest));

    // The tenant withdraws: the next read shows the CRM alone.
    let revoked = revoke(&client).await.unwrap();
    assert_eq!(revoked.mailboxes_closed as usize, company.mailboxes.len() - 1);
    let after = overview(&client, deal(), "").await.unwrap();
    assert_eq!(mails(&after), mails(&basic));
    assert!(introducers(&client, knows(), "").await.unwrap().iter().all(|introducer| introducer.strength.is_none()));
    assert_eq!(load::mailboxes(&client, &company, "").await.unwrap_err().reason, Reason::NoConsent);
    assert_eq!(search::search(&running.data(), &secrets).unwrap().hits, 0);

    // Granted again: nothing of the past comes back by itself; read again, everything does.
    opt_in(&client, &strongest).await.unwrap();
    let regranted = grant(&client).await.unwrap();
    assert_eq!(mails(&overview(&client, deal(), &regranted.revision).await.unwrap()), mails(&basic));
    let reread = load::mailboxes(&client, &company, &regranted.revision).await.unwrap();
    assert_eq!(reread.accepted, read.accepted);
    assert_eq!(every_overview(&client, &company, &reread.revision).await, full);

    // A restart changes nothing.
    let running = Running::start_in(processes, running.stop().await).await;
    let client = running.client(&company.tenant.id);
    assert_eq!(every_overview(&client, &company, &reread.revision).await, full);
    running.stop().await;
}
