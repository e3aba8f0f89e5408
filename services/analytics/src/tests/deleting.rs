//! DeleteRecord: what goes, what stays, what is refused, and what is answered to who asks again.

use contracts::analytics::v1 as pb;
use contracts::common::v1::RecordKind;
use runtime::fault_of;
use store::{Options, Store};
use vocabulary::revision::Part;
use vocabulary::{Kind, Reason, Revision};

use super::peers::{Consent, Feed};
use super::{ADA, CLEO, DAN, Service, TENANT, contact, named, record};
use crate::tables::{Deletions, Parts};

async fn service() -> Service {
    Service::start(Consent::open(&[ADA]), Feed::default()).await
}

fn deletion(kind: RecordKind, id: &str) -> pb::DeleteRecordRequest {
    pb::DeleteRecordRequest { tenant_id: TENANT.into(), r#ref: Some(named(kind, id)), ..Default::default() }
}

fn position(revision: &str) -> u64 {
    Revision::parse(revision).unwrap().point(Part::Records).unwrap().position
}

/// The ids of the records that name an address.
async fn naming(service: &Service, address: &str) -> Vec<String> {
    let request = pb::ListRecordsRequest { tenant_id: TENANT.into(), address: address.into(), ..Default::default() };
    service.list(request).await.unwrap().records.into_iter().map(|record| record.r#ref.unwrap().record_id).collect()
}

#[tokio::test]
async fn a_deleted_record_is_gone_and_what_refers_to_it_reads_as_if_it_were_not_there() {
    let service = service().await;
    let account = pb::Record { primary_contact_id: "c1".into(), ..record(RecordKind::Account, "a1") };
    let deal = pb::Record { account_id: "a1".into(), primary_contact_id: "c2".into(), ..record(RecordKind::Opportunity, "o1") };
    let upserted = service.upsert(vec![account, deal, contact("c1", &[CLEO]), contact("c2", &[DAN, CLEO])]).await;
    let people = async |kind, id| service.get(kind, id).await.unwrap().people;
    assert_eq!(people(RecordKind::Opportunity, "o1").await, [DAN, CLEO]);
    let before = service.get(RecordKind::Account, "a1").await.unwrap();

    let deleted = service.delete(deletion(RecordKind::Contact, "c2")).await.unwrap();
    assert_eq!(position(&deleted.revision), position(&upserted.revision) + 1);
    assert_eq!(service.get(RecordKind::Contact, "c2").await.unwrap_err().reason, Reason::RecordNotFound);
    assert_eq!((naming(&service, DAN).await, naming(&service, CLEO).await), (vec![], vec!["c1".to_owned()]));
    assert_eq!(people(RecordKind::Opportunity, "o1").await, [CLEO], "by its account alone");
    let kept = service.get(RecordKind::Opportunity, "o1").await.unwrap().record.unwrap();
    assert_eq!(kept.primary_contact_id, "c2", "the reference stays");
    assert_eq!(service.get(RecordKind::Account, "a1").await.unwrap().record, before.record);

    // The last record that names an address takes it along; a record of the same name is a new one.
    service.delete(deletion(RecordKind::Contact, "c1")).await.unwrap();
    assert!(naming(&service, CLEO).await.is_empty() && people(RecordKind::Account, "a1").await.is_empty());
    let again = service.upsert(vec![contact("c1", &[CLEO])]).await;
    assert_eq!(again.results[0].code(), pb::UpsertCode::Created);
    assert_ne!(again.results[0].etag, upserted.results[2].etag);
    assert_eq!(people(RecordKind::Account, "a1").await, [CLEO]);
}

#[tokio::test]
async fn what_cannot_be_deleted_says_why_and_stays() {
    let service = service().await;
    let etag = service.upsert(vec![contact("c1", &[CLEO])]).await.results[0].etag.clone();
    let stale = service.upsert(vec![contact("c1", &[DAN])]).await.results[0].etag.clone();
    let (etag, stale) = (stale, etag);
    let one = || deletion(RecordKind::Contact, "c1");
    let invalid = |field| (Kind::InvalidArgument, Reason::InvalidFields, Some(field));
    for (what, request, expected) in [
        ("another id", deletion(RecordKind::Contact, "c2"), (Kind::NotFound, Reason::RecordNotFound, None)),
        ("another kind", deletion(RecordKind::Account, "c1"), (Kind::NotFound, Reason::RecordNotFound, None)),
        ("a stale etag", pb::DeleteRecordRequest { etag: stale.clone(), ..one() }, (Kind::Aborted, Reason::StaleEtag, None)),
        (
            "a stale etag, only asked",
            pb::DeleteRecordRequest { etag: stale, validate_only: true, ..one() },
            (Kind::Aborted, Reason::StaleEtag, None),
        ),
        ("no etag of ours", pb::DeleteRecordRequest { etag: "1".into(), ..one() }, invalid("etag")),
        ("a wrong request id", pb::DeleteRecordRequest { request_id: "a b".into(), ..one() }, invalid("request_id")),
        ("no record", pb::DeleteRecordRequest { r#ref: None, ..one() }, invalid("ref")),
        ("no kind", deletion(RecordKind::Unspecified, "c1"), invalid("ref.kind")),
        ("no tenant", pb::DeleteRecordRequest { tenant_id: String::new(), ..one() }, invalid("tenant_id")),
        (
            "an unknown tenant",
            pb::DeleteRecordRequest { tenant_id: "fabrikam".into(), ..one() },
            (Kind::NotFound, Reason::TenantNotFound, None),
        ),
    ] {
        let fault = service.delete(request).await.unwrap_err();
        let field = fault.violations.first().map(|violation| violation.field.as_str());
        assert_eq!((fault.kind, fault.reason, field), expected, "{what}");
    }
    let mut as_seller = tonic::Request::new(one());
    as_seller.metadata_mut().insert("rapport-caller", r#"{"roles":["SELLER"]}"#.parse().unwrap());
    let fault = fault_of(&service.records.clone().delete_record(as_seller).await.unwrap_err());
    assert_eq!(fault.reason, Reason::RoleMissing);
    let asked = service.delete(pb::DeleteRecordRequest { validate_only: true, request_id: "d-1".into(), ..one() }).await.unwrap();
    let held = service.get(RecordKind::Contact, "c1").await.unwrap();
    assert_eq!((&held.record.unwrap().etag, position(&asked.revision)), (&etag, position(&held.revision)));
    let deleted = service.delete(pb::DeleteRecordRequest { etag, request_id: "d-1".into(), ..one() }).await.unwrap();
    assert_eq!(position(&deleted.revision), position(&asked.revision) + 1, "a request that only asks uses up no id");
}

#[tokio::test]
async fn a_repeated_deletion_answers_the_same_and_deletes_nothing_more() {
    let service = service().await;
    service.upsert(vec![contact("c1", &[CLEO]), contact("c2", &[])]).await;
    let request = pb::DeleteRecordRequest { request_id: "d-1".into(), ..deletion(RecordKind::Contact, "c1") };
    let deleted = service.delete(request.clone()).await.unwrap();
    assert_eq!(service.delete(request.clone()).await.unwrap(), deleted);
    assert_eq!(service.delete(deletion(RecordKind::Contact, "c1")).await.unwrap_err().reason, Reason::RecordNotFound);
    service.upsert(vec![contact("c1", &[CLEO])]).await;
    let other = pb::DeleteRecordRequest { request_id: "d-1".into(), ..deletion(RecordKind::Contact, "c2") };
    let service = service.restarted().await;
    assert_eq!(service.delete(request).await.unwrap(), deleted);
    let fault = service.delete(other).await.unwrap_err();
    assert_eq!((fault.kind, fault.reason), (Kind::InvalidArgument, Reason::RequestIdReused));
    assert_eq!(naming(&service, CLEO).await, ["c1"]);
    assert!(service.get(RecordKind::Contact, "c2").await.is_ok());
}

#[tokio::test]
async fn nothing_of_a_deleted_record_is_left_in_the_store() {
    let service = service().await;
    let many = pb::Record { contact_ids: (0..500).map(|n| format!("contact-{n:0100}")).collect(), ..record(RecordKind::Account, "a1") };
    service.upsert(vec![many, contact("c1", &[CLEO])]).await;
    service.delete(deletion(RecordKind::Account, "a1")).await.unwrap();
    service.delete(pb::DeleteRecordRequest { request_id: "d-1".into(), ..deletion(RecordKind::Contact, "c1") }).await.unwrap();
    let service = service.restarted().await;
    assert_eq!(service.get(RecordKind::Account, "a1").await.unwrap_err().reason, Reason::RecordNotFound);
    let folder = service.stopped();
    let options = Options { cache_bytes: 1 << 20, fresh_incarnation: 1 };
    let store = Store::open(&folder.path().join("analytics/records"), options).await.unwrap();
    assert_eq!((store.scan::<Parts>(()).count(), store.scan::<Deletions>(()).count()), (0, 1));
}
