//! What is refused, and with which reason.

use vocabulary::revision::Part;
use vocabulary::{Kind, Reason, Revision};

use super::*;

async fn plain() -> Service {
    let feed = Feed::of(rhythm(mailbox(1), ADA, CLEO, 7).into_iter().chain(rhythm(mailbox(2), BEN, CLEO, 9)), &[CLEO]);
    Service::start(Consent::open(&[ADA, BEN]), feed, Records::of([contact("c-1", &[CLEO])])).await
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let service = plain().await;
    let check = async |request: pb::ListIntroducersRequest, fields: &[&str]| {
        let fault = service.ask(request).await.unwrap_err();
        assert_eq!((fault.kind, fault.reason), (Kind::InvalidArgument, Reason::InvalidFields));
        assert_eq!(fault.violations.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>(), fields);
    };
    let request = about(CLEO);
    check(pb::ListIntroducersRequest { tenant_id: "No".into(), page_size: 101, ..request.clone() }, &["tenant_id", "page_size"]).await;
    check(pb::ListIntroducersRequest { page_size: -1, ..request.clone() }, &["page_size"]).await;
    check(pb::ListIntroducersRequest { target: None, ..request.clone() }, &["target"]).await;
    check(about("cleo"), &["address"]).await;
    check(asking(Target::Record(named(RecordKind::Unspecified, ""))), &["record.kind", "record.record_id"]).await;
    check(asking(Target::Record(named(RecordKind::Lead, &"x".repeat(129)))), &["record.record_id"]).await;
    let at = |seconds, nanos| pb::ListIntroducersRequest { as_of: Some(prost_types::Timestamp { seconds, nanos }), ..request.clone() };
    check(at(now().seconds() + 1, 0), &["as_of"]).await;
    check(at(0, -1), &["as_of"]).await;
    check(at(i64::MAX, 0), &["as_of"]).await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let service = plain().await;
    let elsewhere = pb::ListIntroducersRequest { tenant_id: "fabrikam".into(), ..about(CLEO) };
    assert_eq!(service.ask(elsewhere).await.unwrap_err().reason, Reason::TenantNotFound);
    let fault = service.ask(asking(Target::Record(named(RecordKind::Contact, "c-2")))).await.unwrap_err();
    assert_eq!((fault.kind, fault.reason), (Kind::NotFound, Reason::RecordNotFound));
}

#[tokio::test]
async fn a_page_token_opens_for_its_own_question_only() {
    let service = plain().await;
    let first = pb::ListIntroducersRequest { page_size: 1, ..about(CLEO) };
    let page_token = service.ask(first.clone()).await.unwrap().next_page_token;
    let next = pb::ListIntroducersRequest { page_token: page_token.clone(), ..first };
    assert_eq!(service.listed(pb::ListIntroducersRequest { page_size: 2, ..next.clone() }).await, [BEN]);
    let as_of = Some(crate::convert::timestamp(now().plus_days(-1)));
    let mut damaged = page_token.clone();
    damaged.pop();
    let record = Some(Target::Record(named(RecordKind::Contact, "c-1")));
    for request in [
        pb::ListIntroducersRequest { page_token, target: about(DAN).target, ..next.clone() },
        pb::ListIntroducersRequest { as_of, ..next.clone() },
        pb::ListIntroducersRequest { target: record, ..next.clone() },
        pb::ListIntroducersRequest { page_token: damaged, ..next.clone() },
        pb::ListIntroducersRequest { page_token: "é".repeat(2000), ..next.clone() },
    ] {
        let fault = service.ask(request).await.unwrap_err();
        assert_eq!((fault.kind, fault.reason), (Kind::InvalidArgument, Reason::PageTokenInvalid));
    }
}

#[tokio::test]
async fn a_demanded_revision_is_reached_lost_or_waited_for_in_vain() {
    let service = plain().await;
    let check = async |revision: &str, expected: Option<(Kind, Reason)>| {
        let mut request = tonic::Request::new(pb::ListIntroducersRequest { revision: revision.into(), ..about(CLEO) });
        // Who waits in vain waits for most of the deadline.
        request.set_timeout(Duration::from_secs(if expected.is_some_and(|(kind, _)| kind == Kind::Unavailable) { 1 } else { 30 }));
        let found = service.ask_as(request).await.map_err(|fault| (fault.kind, fault.reason, fault.retry_after.is_some()));
        let retried = |(kind, reason): (Kind, Reason)| (kind, reason, kind == Kind::Unavailable);
        assert_eq!(found.map(drop).err(), expected.map(retried), "{revision}");
    };
    let lost = Some((Kind::Aborted, Reason::RevisionLost));
    let late = Some((Kind::Unavailable, Reason::RevisionNotReached));
    let (consent, log) = (peers::CONSENT, peers::LOG);
    check(&Revision::of(Part::Consent, consent.0, consent.1).with(Part::Log, log.0, log.1).to_string(), None).await;
    check(&Revision::of(Part::Log, log.0, log.1 + 1).to_string(), late).await;
    check(&Revision::of(Part::Log, log.0 + 1, 1).to_string(), lost).await;
    check(&Revision::of(Part::Consent, consent.0, consent.1 + 1).to_string(), late).await;
    check(&Revision::of(Part::Consent, consent.0 - 1, 1).to_string(), lost).await;
    check(&Revision::of(Part::Consent, consent.0 + 1, 1).to_string(), lost).await;
    check("?", Some((Kind::InvalidArgument, Reason::RevisionInvalid))).await;
}

#[tokio::test]
async fn records_are_asked_for_their_own_revision_and_with_a_deadline() {
    let records = Records::default();
    let asked = Arc::clone(&records.asked);
    let service = Service::start(Consent::open(&[ADA]).unrecorded_hidden(), Feed::default(), records).await;
    let demanded = Revision::of(Part::Log, peers::LOG.0, 1).with(Part::Records, 9, 4);
    service.ask(pb::ListIntroducersRequest { revision: demanded.to_string(), ..about(CLEO) }).await.unwrap();
    let revision = Revision::of(Part::Records, 9, 4).to_string();
    assert_eq!(*asked.lock(), [peers::Asked { revision, deadline: true }]);
}

#[tokio::test]
async fn only_sellers_and_managers_of_the_tenant_may_ask() {
    let service = plain().await;
    let check = async |caller: &str, expected: Option<Reason>| {
        let mut request = tonic::Request::new(about(CLEO));
        request.metadata_mut().insert("rapport-caller", caller.parse().unwrap());
        assert_eq!(service.ask_as(request).await.err().map(|fault| fault.reason), expected, "{caller}");
    };
    check(r#"{"user":"ada@contoso.example","roles":["SELLER"],"tenant":"contoso"}"#, None).await;
    check(r#"{"roles":["MANAGER"]}"#, None).await;
    check(r#"{"roles":["APPLICATION_ADMINISTRATOR"]}"#, Some(Reason::RoleMissing)).await;
    check(r#"{"roles":["SELLER"],"tenant":"fabrikam"}"#, Some(Reason::RoleMissing)).await;
}
