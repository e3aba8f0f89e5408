//! Who asked about whom is counted: the target and everybody who is shown, once an answer.

use runtime::caller::CALLER_METADATA;

use super::*;

fn by(caller: &str, request: pb::ListIntroducersRequest) -> tonic::Request<pb::ListIntroducersRequest> {
    let mut request = tonic::Request::new(request);
    request.metadata_mut().insert(CALLER_METADATA, caller.parse().unwrap());
    request
}

#[tokio::test]
async fn an_answer_counts_for_its_target_and_for_whoever_is_shown() {
    let entries = [rhythm(mailbox(1), ADA, CLEO, 7), rhythm(mailbox(2), BEN, CLEO, 30), rhythm(mailbox(1), ADA, BEN, 7)].concat();
    let consent = Consent::open(&[ADA, BEN]);
    let service = Service::start(consent, Feed::of(entries, &[CLEO, DAN]), Records::of([contact("c-1", &[CLEO])])).await;
    let eve = r#"{"user":"eve@contoso.example","roles":["SELLER"]}"#;
    for _ in 0..2 {
        assert_eq!(service.ask_as(by(eve, about(CLEO))).await.unwrap().introducers.len(), 2);
    }
    // Only who is on the page was shown.
    let one = pb::ListIntroducersRequest { page_size: 1, ..asking(Target::Record(named(RecordKind::Contact, "c-1"))) };
    assert_eq!(service.ask_as(by(eve, one)).await.unwrap().introducers[0].address, ADA);
    // Nobody knows Dan, and he was asked about all the same; about one of ours it is told who it is.
    assert!(service.ask_as(by(eve, about(DAN))).await.unwrap().introducers.is_empty());
    service.ask_as(by(r#"{"roles":["MANAGER"]}"#, about(BEN))).await.unwrap();
    // What is refused is not counted.
    service.ask_as(by(eve, asking(Target::Record(named(RecordKind::Contact, "c-2"))))).await.unwrap_err();
    service.ask_as(by(eve, pb::ListIntroducersRequest { page_size: -1, ..about(CLEO) })).await.unwrap_err();
    let (eve, list) = ("eve@contoso.example", "ListIntroducers");
    let expected = [
        ([eve, list, "user 1"], 3),
        ([eve, list, "user 2"], 2),
        ([eve, list, "record c-1"], 1),
        // Cleo and Dan are two hashes of one text here.
        ([eve, list, "person of 16 bytes"], 3),
        (["CALLER_KIND_SERVICE", list, "user 2"], 1),
        (["CALLER_KIND_SERVICE", list, "user 1"], 1),
    ];
    service.reports.soon(&expected).await;
}
