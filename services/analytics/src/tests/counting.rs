//! Who read which record, and whom of ours it named, is counted, once an answer.

use super::*;

const OPERATOR: &str = "CALLER_KIND_OPERATOR";

async fn service() -> Service {
    let service = Service::start(Consent::open(&[ADA, BEN]), Feed::default()).await;
    let deal = pb::Record { owner: ADA.into(), team: vec![BEN.into(), ADA.into()], ..record(RecordKind::Opportunity, "o1") };
    service.upsert(vec![contact("c1", &[CLEO]), deal, pb::Record { owner: BEN.into(), ..record(RecordKind::Account, "a1") }]).await;
    service.reports.soon(&[]).await;
    service
}

#[tokio::test]
async fn a_relationship_counts_for_its_record_and_whom_of_ours_it_names() {
    let service = service().await;
    let ask = |kind, id| pb::GetRelationshipRequest { tenant_id: TENANT.into(), r#ref: Some(named(kind, id)), ..Default::default() };
    for _ in 0..2 {
        service.ask(ask(RecordKind::Opportunity, "o1")).await.unwrap();
    }
    service.ask(ask(RecordKind::Contact, "c1")).await.unwrap();
    service.ask(ask(RecordKind::Contact, "c9")).await.unwrap_err();
    let method = "GetRelationship";
    let expected = [
        ([OPERATOR, method, "record o1"], 2),
        ([OPERATOR, method, "user 1"], 2),
        ([OPERATOR, method, "user 2"], 2),
        ([OPERATOR, method, "record c1"], 1),
    ];
    service.reports.soon(&expected).await;
}

#[tokio::test]
async fn a_page_of_the_grid_counts_for_what_is_on_it_and_for_the_owner_who_is_asked_about() {
    let service = service().await;
    let grid = pb::ListRelationshipsRequest { tenant_id: TENANT.into(), kind: RecordKind::Opportunity.into(), ..Default::default() };
    service.grid(grid.clone()).await.unwrap();
    service.grid(pb::ListRelationshipsRequest { owner: BEN.into(), ..grid }).await.unwrap();
    let method = "ListRelationships";
    let expected = [([OPERATOR, method, "record o1"], 1), ([OPERATOR, method, "user 1"], 1), ([OPERATOR, method, "user 2"], 2)];
    service.reports.soon(&expected).await;
}

#[tokio::test]
async fn records_count_as_they_are_shown_and_the_address_that_is_asked_about() {
    let service = service().await;
    service.get(RecordKind::Account, "a1").await.unwrap();
    service.get(RecordKind::Account, "a9").await.unwrap_err();
    let list = |address: &str| pb::ListRecordsRequest { tenant_id: TENANT.into(), address: address.into(), ..Default::default() };
    service.list(list(CLEO)).await.unwrap();
    service.list(pb::ListRecordsRequest { page_size: 1, kind: RecordKind::Opportunity.into(), ..list("") }).await.unwrap();
    service.list(list("no address")).await.unwrap_err();
    let expected = [
        ([OPERATOR, "GetRecord", "record a1"], 1),
        ([OPERATOR, "GetRecord", "user 2"], 1),
        ([OPERATOR, "ListRecords", "record c1"], 1),
        ([OPERATOR, "ListRecords", "person of 16 bytes"], 1),
        ([OPERATOR, "ListRecords", "record o1"], 1),
        ([OPERATOR, "ListRecords", "user 1"], 1),
        ([OPERATOR, "ListRecords", "user 2"], 1),
    ];
    service.reports.soon(&expected).await;
}
