//! A security group is left out and taken in again: who is in it goes everywhere and comes back with what is new only, until they
//! themselves say otherwise. Across all areas, in one process and in five.

use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use rapport::client::{Client, told};
use rapport::demo::load;
use synthetic::Company;

use crate::fixtures::{grant, introducers, lead, opt_in, small_company};
use crate::harness::{Processes, Running};

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_new_comes_back_with_a_group_in_one_process() {
    story(Processes::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_new_comes_back_with_a_group_in_five_processes() {
    story(Processes::Five).await;
}

async fn story(processes: Processes) {
    let running = Running::start(processes).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let known = || Target::Record(lead(&company.stories.lead.lead_id));
    let before = introducers(&client, known(), &read.revision).await.unwrap();
    let (kept, erased) = (before[0].address.clone(), before[1].address.clone());

    // What was collected of the one stays, what was collected of the other goes.
    group(&client, "board", &kept).await;
    group(&client, "works council", &erased).await;
    leave_out(&client, "board", pb::OptOutMode::FutureOnly).await;
    let out = leave_out(&client, "works council", pb::OptOutMode::EraseHistory).await;
    let listed = introducers(&client, known(), &out).await.unwrap();
    assert_eq!(listed.first().map(|held| &held.address), Some(&kept), "what was kept is read");
    assert!(listed.iter().all(|held| held.address != erased), "what was erased is not");
    for address in [&kept, &erased] {
        let refused = load::mailboxes(&client, &only(&company, address), &out).await.unwrap_err();
        assert_eq!(refused.reason, vocabulary::Reason::NoConsent);
    }

    // Taken in again, what lies before that is kept out by a rule that says so.
    let mut revision = String::new();
    for id in ["board", "works council"] {
        let (tenant_id, group_id) = (client.tenant.clone(), id.to_owned());
        let request = pb::OptInGroupRequest { tenant_id, group_id, ..Default::default() };
        revision = told(ConsentServiceClient::new(client.link.clone()).opt_in_group(request).await).unwrap().revision;
    }
    for address in [&kept, &erased] {
        let again = load::mailboxes(&client, &only(&company, address), &revision).await.unwrap();
        let before_scope = again.ignored.get("BEFORE_SCOPE").copied().unwrap_or_default();
        assert!(before_scope > 0 && again.accepted == 0 && again.copies == 0, "{again:?}");
    }
    let listed = introducers(&client, known(), &revision).await.unwrap();
    assert_eq!(listed.first().map(|held| (&held.address, held.strength)), Some((&kept, before[0].strength)));
    assert!(listed.iter().all(|held| held.address != erased));

    // Their own word brings everything back.
    let back = opt_in(&client, &erased).await.unwrap();
    let anew = load::mailboxes(&client, &only(&company, &erased), &back.revision).await.unwrap();
    assert!(anew.accepted + anew.duplicate > 0 && anew.copies > 0, "{anew:?}");
    assert_eq!(introducers(&client, known(), &anew.revision).await.unwrap(), before);
    running.stop().await;
}

/// The company with one mailbox.
fn only(company: &Company, address: &str) -> Company {
    let mut company = company.clone();
    company.mailboxes.retain(|mailbox| mailbox.address == address);
    assert_eq!(company.mailboxes.len(), 1, "an introducer has a mailbox");
    company
}

async fn group(client: &Client, id: &str, member: &str) {
    let mut directory = DirectoryServiceClient::new(client.link.clone());
    let request = pb::GetUserRequest { tenant_id: client.tenant.clone(), user: member.to_owned() };
    let member = told(directory.get_user(request).await).unwrap().user.unwrap().external_id;
    let group = pb::Group { external_id: id.to_owned(), member_ids: vec![member], ..Default::default() };
    let message = pb::SyncGroupsRequest { tenant_id: client.tenant.clone(), groups: vec![group], ..Default::default() };
    assert_eq!(told(directory.sync_groups(tokio_stream::once(message)).await).unwrap().added, 1);
}

async fn leave_out(client: &Client, id: &str, mode: pb::OptOutMode) -> String {
    let (tenant_id, group_id) = (client.tenant.clone(), id.to_owned());
    let request = pb::OptOutGroupRequest { tenant_id, group_id, mode: mode.into(), ..Default::default() };
    told(ConsentServiceClient::new(client.link.clone()).opt_out_group(request).await).unwrap().revision
}
