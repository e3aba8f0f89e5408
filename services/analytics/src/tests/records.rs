//! RecordService: what is taken in, refused, kept, found and paged through.

use std::path::Path;

use contracts::analytics::v1 as pb;
use contracts::common::v1::RecordKind;
use runtime::fault_of;
use vocabulary::revision::Part;
use vocabulary::{Kind, Reason, Revision};

use super::peers::{Consent, Feed};
use super::{ADA, CLEO, DAN, Service, TENANT, contact, named, record};
use pb::UpsertCode::{Created, Refused, Unchanged, Updated};

async fn service() -> Service {
    Service::start(Consent::open(&[ADA]), Feed::default()).await
}

fn codes(answer: &pb::UpsertRecordsResponse) -> Vec<pb::UpsertCode> {
    answer.results.iter().map(pb::UpsertResult::code).collect()
}

fn account(contacts: usize) -> pb::Record {
    pb::Record { contact_ids: (0..contacts).map(|n| format!("contact-{n:0100}")).collect(), ..record(RecordKind::Account, "a1") }
}

#[tokio::test]
async fn records_are_created_changed_and_left_alone() {
    let service = service().await;
    let first = service.upsert(vec![contact("c1", &[CLEO]), contact("c2", &[DAN])]).await;
    assert_eq!(codes(&first), [Created, Created]);
    let second = service.upsert(vec![contact("c1", &["CLEO@Customer.example"]), contact("c2", &[DAN, CLEO])]).await;
    assert_eq!(codes(&second), [Unchanged, Updated]);
    assert_eq!(second.results[0].etag, first.results[0].etag);
    assert_ne!(second.results[1].etag, first.results[1].etag);
    assert!(second.results[1].etag.starts_with('"') && second.results[1].etag.ends_with('"'));
    let twice = service.upsert(vec![contact("c3", &[]), contact("c3", &[]), contact("c3", &[CLEO]), contact("c3", &[CLEO])]).await;
    assert_eq!(codes(&twice), [Created, Unchanged, Updated, Unchanged]);
    let held = service.get(RecordKind::Contact, "c3").await.unwrap().record.unwrap();
    assert!(twice.results.iter().all(|result| result.etag == held.etag), "{twice:?}");
    let idle = service.upsert(vec![contact("c3", &[CLEO])]).await;
    assert_eq!(idle.revision, twice.revision);
}

#[tokio::test]
async fn a_record_that_is_wrong_is_refused_and_the_others_are_taken() {
    let service = service().await;
    let wrong: Vec<(&str, pb::Record)> = vec![
        ("ref", pb::Record::default()),
        ("ref.kind", record(RecordKind::Unspecified, "x")),
        ("ref.record_id", record(RecordKind::Contact, "")),
        ("ref.record_id", record(RecordKind::Contact, &"x".repeat(129))),
        ("addresses[1]", contact("x", &[CLEO, "nobody"])),
        ("addresses", contact("x", &vec![CLEO; 65])),
        ("addresses", pb::Record { addresses: vec![CLEO.into()], ..record(RecordKind::Account, "x") }),
        ("owner", pb::Record { owner: "ada".into(), ..contact("x", &[]) }),
        ("team", pb::Record { team: vec![ADA.into()], ..contact("x", &[]) }),
        ("currency", pb::Record { currency: "euro".into(), ..record(RecordKind::Opportunity, "x") }),
        ("state", pb::Record { state: pb::RecordState::Won.into(), ..contact("x", &[]) }),
        ("contact_ids", account(501)),
        ("stakeholders[0]", pb::Record { stakeholders: vec![pb::Stakeholder::default()], ..record(RecordKind::Lead, "x") }),
        ("close_time", pb::Record { close_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }), ..contact("x", &[]) }),
    ];
    let (fields, mut records): (Vec<&str>, Vec<pb::Record>) = wrong.into_iter().unzip();
    records.push(contact("good", &[CLEO]));
    let answer = service.upsert(records).await;
    let refused: Vec<&str> = answer.results.iter().filter(|result| result.code() == Refused).map(|result| result.field.as_str()).collect();
    assert_eq!(refused, fields);
    assert_eq!(answer.results.last().map(pb::UpsertResult::code), Some(Created));
    assert!(service.get(RecordKind::Contact, "good").await.is_ok());
    assert_eq!(service.get(RecordKind::Contact, "x").await.unwrap_err().reason, Reason::RecordNotFound);
}

#[tokio::test]
async fn a_stream_is_answered_message_by_message_until_one_fails_as_a_whole() {
    let service = service().await;
    let message = |tenant: &str, sequence, records| pb::UpsertRecordsRequest { tenant_id: tenant.into(), records, sequence };
    let one = |id: &str| vec![contact(id, &[])];
    for (what, last, field) in [
        ("another tenant", message("fabrikam", 9, one("c9")), "tenant_id"),
        ("too many", message("", 9, vec![contact("c9", &[]); 1001]), "records"),
    ] {
        let messages = vec![
            message(TENANT, 1, one("c1")),
            message("", 2, one("c2")),
            message(TENANT, 3, one("c3")),
            last,
            message("", 10, one("c10")),
        ];
        let (answers, ended) = service.send(messages).await;
        assert_eq!(answers.iter().map(|answer| answer.sequence).collect::<Vec<_>>(), [1, 2, 3], "{what}");
        assert_eq!(ended.unwrap_err().violations[0].field, field, "{what}");
        assert!(service.get(RecordKind::Contact, "c10").await.is_err(), "{what}");
    }
    let (answers, ended) = service.send(vec![message("", 1, one("c1"))]).await;
    assert!(answers.is_empty() && ended.unwrap_err().kind == Kind::InvalidArgument);
    let (_, unknown) = service.send(vec![message("fabrikam", 1, one("c1"))]).await;
    assert_eq!(unknown.unwrap_err().reason, Reason::TenantNotFound);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let service = service().await;
    let lead = pb::Record {
        owner: ADA.into(),
        addresses: vec![CLEO.into()],
        stakeholders: vec![
            pb::Stakeholder { contact_id: "c1".into(), address: String::new(), role: "sponsor".into() },
            pb::Stakeholder { contact_id: String::new(), address: DAN.into(), role: String::new() },
        ],
        state: pb::RecordState::Won.into(),
        revenue_minor: 123_456,
        currency: "EUR".into(),
        close_time: Some(prost_types::Timestamp { seconds: 5, nanos: 0 }),
        create_time: Some(prost_types::Timestamp { seconds: 4, nanos: 0 }),
        job_title: "Head of Post".into(),
        ..record(RecordKind::Lead, "l1")
    };
    let written = service.upsert(vec![lead.clone(), account(500), contact("c1", &[])]).await;
    service.upsert(vec![account(2)]).await;
    let before = service.get(RecordKind::Lead, "l1").await.unwrap();
    let service = service.restarted().await;
    assert_eq!(service.get(RecordKind::Lead, "l1").await.unwrap(), before);
    let kept = before.record.unwrap();
    assert_eq!(pb::Record { etag: String::new(), ..kept.clone() }, lead);
    assert_eq!(kept.etag, written.results[0].etag);
    assert_eq!(service.get(RecordKind::Account, "a1").await.unwrap().record.unwrap().contact_ids, account(2).contact_ids);
    assert_eq!(codes(&service.upsert(vec![lead]).await), [Unchanged]);
}

#[tokio::test]
async fn nothing_of_a_record_stands_on_disk_in_clear() {
    let service = service().await;
    service
        .upsert(vec![contact("marker-id", &["marker@marker.example"]), pb::Record { name: "marker-name".into(), ..contact("c", &[]) }])
        .await;
    let found = files(service.folder.path()).into_iter().flatten().collect::<Vec<u8>>();
    assert!(!found.windows(6).any(|window| window.eq_ignore_ascii_case(b"marker")));
}

/// The bytes of every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![std::fs::read(&path).unwrap()] }).collect()
}

#[tokio::test]
async fn a_record_is_shown_with_the_people_on_its_side() {
    let service = service().await;
    let insider = "eve@contoso.example";
    let deal = pb::Record {
        account_id: "a1".into(),
        primary_contact_id: "c1".into(),
        stakeholders: vec![pb::Stakeholder { address: insider.into(), ..Default::default() }],
        ..record(RecordKind::Opportunity, "o1")
    };
    let account = pb::Record { primary_contact_id: "c2".into(), ..record(RecordKind::Account, "a1") };
    service.upsert(vec![deal, account, contact("c1", &[CLEO]), contact("c2", &[DAN, ADA])]).await;
    let people = async |kind, id| service.get(kind, id).await.unwrap().people;
    assert_eq!(people(RecordKind::Opportunity, "o1").await, [CLEO, DAN], "people inside are on no side");
    assert_eq!(people(RecordKind::Account, "a1").await, [DAN]);
}

#[tokio::test]
async fn pages_hold_every_record_once_and_a_token_fits_no_other_question() {
    let service = service().await;
    let contacts: Vec<_> = (0..25).map(|n| contact(&format!("c{n:02}"), if n % 5 == 0 { &[CLEO] } else { &[] })).collect();
    service.upsert(contacts).await;
    service.upsert(vec![record(RecordKind::Account, "a1")]).await;
    let ask = |kind: RecordKind, address: &str, page_token: String| pb::ListRecordsRequest {
        tenant_id: TENANT.into(),
        kind: kind.into(),
        address: address.into(),
        page_size: 2,
        page_token,
        ..Default::default()
    };
    for (kind, address, count) in
        [(RecordKind::Unspecified, "", 26), (RecordKind::Contact, "", 25), (RecordKind::Contact, CLEO, 5), (RecordKind::Lead, "", 0)]
    {
        let (mut ids, mut token) = (Vec::new(), String::new());
        loop {
            let page = service.list(ask(kind, address, token)).await.unwrap();
            ids.extend(page.records.into_iter().map(|record| record.r#ref.unwrap().record_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(ids.len(), count, "{kind:?} {address}");
        let in_order = ids.iter().filter(|id| **id != "a1").is_sorted();
        assert!(in_order, "{ids:?}");
    }
    let token = service.list(ask(RecordKind::Contact, "", String::new())).await.unwrap().next_page_token;
    let flipped: String = token.chars().rev().collect();
    for (what, request) in [
        ("another kind", ask(RecordKind::Unspecified, "", token.clone())),
        ("another address", ask(RecordKind::Contact, CLEO, token)),
        ("damaged", ask(RecordKind::Contact, "", flipped)),
        ("nonsense", ask(RecordKind::Contact, "", "?".into())),
    ] {
        let fault = service.list(request).await.unwrap_err();
        assert_eq!((fault.kind, fault.reason), (Kind::InvalidArgument, Reason::PageTokenInvalid), "{what}");
    }
}

#[tokio::test]
async fn a_read_waits_for_its_own_writes_and_refuses_another_history() {
    let service = service().await;
    let revision = service.upsert(vec![contact("c1", &[])]).await.revision;
    let read = async |revision: &str| {
        let request =
            pb::GetRecordRequest { tenant_id: TENANT.into(), r#ref: Some(named(RecordKind::Contact, "c1")), revision: revision.into() };
        let mut request = tonic::Request::new(request);
        request.set_timeout(std::time::Duration::from_millis(300));
        service.records.clone().get_record(request).await.map(|answer| answer.into_inner().revision).map_err(|status| fault_of(&status))
    };
    let read_at = read(&revision).await.unwrap();
    assert_eq!(Revision::parse(&read_at).unwrap().point(Part::Records), Revision::parse(&revision).unwrap().point(Part::Records));
    let point = Revision::parse(&revision).unwrap().point(Part::Records).unwrap();
    let later = Revision::of(Part::Records, point.incarnation, point.position + 1).to_string();
    let other = Revision::of(Part::Records, point.incarnation ^ 1, 1).to_string();
    let faults = [(later, Kind::Unavailable, Reason::RevisionNotReached), (other, Kind::Aborted, Reason::RevisionLost)];
    for (revision, kind, reason) in faults {
        let fault = read(&revision).await.unwrap_err();
        assert_eq!((fault.kind, fault.reason), (kind, reason));
        assert_eq!(fault.retry_after.is_some(), kind == Kind::Unavailable);
    }
    assert_eq!(read("nonsense").await.unwrap_err().reason, Reason::RevisionInvalid);
}

#[tokio::test]
async fn callers_without_the_role_are_refused() {
    let service = service().await;
    let as_caller = |caller: &str| {
        let request =
            pb::GetRecordRequest { tenant_id: TENANT.into(), r#ref: Some(named(RecordKind::Contact, "c1")), ..Default::default() };
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("rapport-caller", caller.parse().unwrap());
        request
    };
    for caller in [r#"{"roles":["DIRECTORY_ADMINISTRATOR"]}"#, r#"{"roles":["SELLER"],"tenant":"fabrikam"}"#] {
        let fault = fault_of(&service.records.clone().get_record(as_caller(caller)).await.unwrap_err());
        assert_eq!(fault.reason, Reason::RoleMissing, "{caller}");
    }
    let fault = fault_of(&service.records.clone().get_record(as_caller(r#"{"roles":["SELLER"]}"#)).await.unwrap_err());
    assert_eq!(fault.reason, Reason::RecordNotFound);
}
