//! A record goes and comes back: who may be asked about goes and comes with it.

use contracts::graph::v1::list_introducers_request::Target;
use rapport::commands::records::upsert;
use rapport::demo::load;
use vocabulary::Reason;

use crate::fixtures::{delete, grant, introducers, kept, lead, overview, small_company};
use crate::harness::{Processes, Running};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_hides_its_people_until_it_comes_back() {
    let running = Running::start(Processes::One).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let named = || lead(&company.stories.lead.lead_id);
    let record = kept(&client, named()).await.unwrap();
    let address = || Target::Address(record.addresses[0].clone());
    let known = introducers(&client, address(), &read.revision).await.unwrap();
    let shown = overview(&client, named(), &read.revision).await.unwrap();
    assert!(!known.is_empty());

    let gone = delete(&client, named()).await.unwrap();
    assert!(introducers(&client, address(), &gone).await.unwrap().is_empty(), "on no record, so nobody");
    assert_eq!(introducers(&client, Target::Record(named()), &gone).await.unwrap_err().reason, Reason::RecordNotFound);
    assert_eq!(overview(&client, named(), &gone).await.unwrap_err().reason, Reason::RecordNotFound);
    let running = Running::start_in(Processes::One, running.stop().await).await;
    let client = running.client(&company.tenant.id);
    assert_eq!(overview(&client, named(), &gone).await.unwrap_err().reason, Reason::RecordNotFound);

    // What was folded stayed, so the record finds its interactions where it left them.
    let back = upsert(&client, vec![record.clone()]).await.unwrap().revision;
    assert_eq!(introducers(&client, address(), &back).await.unwrap(), known);
    let again = overview(&client, named(), &back).await.unwrap();
    let figures = |overview: contracts::gateway::v1::GetOverviewResponse| overview.relationship.map(|found| (found.kpis, found.health));
    assert_eq!(figures(again), figures(shown));
    running.stop().await;
}
