//! Who is answered, to whom, page by page.

use contracts::common::v1::{Direction, InteractionKind};
use contracts::consent::v1::{MailboxState, UserKind};
use vocabulary::Revision;
use vocabulary::revision::Part;

use super::*;

/// Ada knows Cleo well by her mailbox, Ben by what the CRM tracks.
fn known() -> (Consent, Feed, Records) {
    let entries = [rhythm(mailbox(1), ADA, CLEO, 7), rhythm(Origin::Crm, BEN, CLEO, 30), rhythm(mailbox(1), ADA, BEN, 7)].concat();
    let consent = Consent::open(&[ADA, BEN]).but(2, closed);
    (consent, Feed::of(entries, &[CLEO, DAN]), Records::of([contact("c-1", &[CLEO])]))
}

fn closed(user: &mut contracts::consent::v1::EnforcedUser) {
    user.state = MailboxState::None.into();
    user.generation = 0;
    user.log_key.clear();
    user.view_key.clear();
}

#[tokio::test]
async fn introducers_come_with_name_strength_reasons_and_evidence() {
    let (consent, feed, records) = known();
    let service = Service::start(consent, feed, records).await;
    let answer = service.ask(about(CLEO)).await.unwrap();
    let [ada, ben] = answer.introducers.as_slice() else { panic!("{answer:?}") };
    assert_eq!((ada.display_name.as_str(), ada.address.as_str(), ada.tier()), ("User 1", ADA, pb::TieTier::Enhanced));
    assert_eq!((ada.strength, ada.label()), (Some(80), pb::StrengthLabel::Strong));
    assert_eq!((ada.last_interaction_kind(), ada.last_interaction_direction()), (InteractionKind::Email, Direction::Received));
    assert_eq!(ada.last_interaction_time, Some(crate::convert::timestamp(now().plus_days(-1))));
    let evidence = ada.evidence.unwrap();
    assert_eq!((evidence.sent, evidence.received, evidence.active_days, evidence.one_to_one_share), (15, 15, 15, 1.0));
    assert_eq!(ada.reasons[0], "15 mails each way");
    assert_eq!(
        (ben.address.as_str(), ben.tier(), ben.strength, ben.label()),
        (BEN, pb::TieTier::Basic, None, pb::StrengthLabel::Unspecified)
    );
    assert_eq!((ben.evidence.unwrap().sent, ben.evidence.unwrap().half_life_days), (4, 0));
    assert!(ada.contact_address.is_empty() && answer.next_page_token.is_empty());
    let revision = Revision::parse(&answer.revision).unwrap();
    let expected = Revision::of(Part::Consent, peers::CONSENT.0, peers::CONSENT.1).with(Part::Log, peers::LOG.0, peers::LOG.1);
    assert_eq!(revision, expected);
}

#[tokio::test]
async fn an_earlier_instant_sees_only_what_lay_before_it() {
    let (consent, feed, records) = known();
    let service = Service::start(consent, feed, records).await;
    let at = |days: i64| pb::ListIntroducersRequest { as_of: Some(crate::convert::timestamp(now().plus_days(-days))), ..about(CLEO) };
    let answer = service.ask(at(90)).await.unwrap();
    assert_eq!(answer.as_of, at(90).as_of);
    assert_eq!(answer.introducers.iter().map(|one| one.evidence.unwrap().sent).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(service.listed(at(200)).await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_is_not_readable_is_not_answered() {
    let check = async |change: fn(&mut contracts::consent::v1::EnforcedUser), expected: &[&str]| {
        let (consent, feed, records) = known();
        let service = Service::start(consent.but(1, change), feed, records).await;
        assert_eq!(service.listed(about(CLEO)).await, expected);
    };
    check(closed, &[BEN]).await;
    check(|ada| ada.named_in_graph = false, &[BEN]).await;
    check(|ada| ada.user.as_mut().unwrap().departed = true, &[BEN]).await;
    check(|ada| ada.user.as_mut().unwrap().kind = UserKind::Shared.into(), &[BEN]).await;
}

#[tokio::test]
async fn people_on_no_record_are_unknown_unless_the_tenant_shows_them() {
    let check = async |hidden: bool, records: Records, expected: &[&str]| {
        let (consent, feed, _) = known();
        let consent = if hidden { consent.unrecorded_hidden() } else { consent };
        let service = Service::start(consent, feed, records).await;
        let answer = service.ask(about(CLEO)).await.unwrap();
        assert_eq!(answer.introducers.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), expected);
        assert!(answer.next_page_token.is_empty());
    };
    check(true, Records::default(), &[]).await;
    check(true, Records::of([contact("c-1", &[CLEO])]), &[ADA, BEN]).await;
    check(true, Records::of([contact("c-1", &[DAN])]), &[]).await;
    check(false, Records::default(), &[ADA, BEN]).await;
}

#[tokio::test]
async fn nobody_knows_whoever_is_unknown_here_or_is_not_to_be_named() {
    let (consent, feed, records) = known();
    let service = Service::start(consent, feed, records).await;
    for address in ["nobody@customer.example", "unlisted@contoso.example", DAN, BEN] {
        assert_eq!(service.listed(about(address)).await, Vec::<String>::new(), "{address}");
    }
    let (_, feed, records) = known();
    let service = Service::start(Consent::open(&[ADA, BEN]), feed, records).await;
    assert_eq!(service.listed(about(BEN)).await, [ADA], "both gates are open");
}

#[tokio::test]
async fn of_a_record_the_person_known_best_is_named() {
    let second = "cleo.home@mail.example";
    let entries = [rhythm(mailbox(1), ADA, CLEO, 30), rhythm(mailbox(1), ADA, second, 30), rhythm(mailbox(1), ADA, DAN, 20)].concat();
    let account = record(RecordKind::Account, "a-1", &[], &[CLEO, second, DAN]);
    let records =
        Records::of([account, contact("c-1", &[CLEO, second]), record(RecordKind::Lead, "l-1", &[CLEO, second], &[CLEO, second, DAN])]);
    let service = Service::start(Consent::open(&[ADA]), Feed::of(entries, &[CLEO, DAN, second]), records).await;
    let sent = async |kind, id: &str| {
        let answer = service.ask(asking(Target::Record(named(kind, id)))).await.unwrap();
        let revision = Revision::parse(&answer.revision).unwrap().point(Part::Records).unwrap();
        assert_eq!((revision.incarnation, revision.position), peers::RECORDS);
        let [ada] = answer.introducers.as_slice() else { panic!("{answer:?}") };
        (ada.contact_address.clone(), ada.evidence.unwrap().sent)
    };
    assert_eq!(sent(RecordKind::Account, "a-1").await, (DAN.into(), 5));
    assert_eq!(sent(RecordKind::Contact, "c-1").await, (CLEO.into(), 8), "two addresses of one contact are one person");
    assert_eq!(sent(RecordKind::Lead, "l-1").await, (DAN.into(), 5), "by days, two mails of one day are one");
}

#[test]
fn an_answer_is_not_computed_on_a_thread_that_serves() {
    // The only thread for blocking work is busy until it is told to stop; meanwhile the only thread that serves has turns to spare.
    const TURNS: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (consent, feed, records) = known();
        let service = Service::start(consent, feed, records).await;
        assert_eq!(service.listed(about(CLEO)).await, [ADA, BEN]);
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || stopped.recv());
        let asking = tokio::spawn(async move { service.listed(about(CLEO)).await });
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        assert!(!asking.is_finished(), "computed on the thread that serves");
        stop.send(()).unwrap();
        assert_eq!(asking.await.unwrap(), [ADA, BEN]);
        busy.await.unwrap().unwrap();
    });
}

#[tokio::test]
async fn pages_follow_each_other_at_one_instant() {
    let addresses: Vec<String> = (1..=7).map(|number| format!("user{number}@contoso.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let rhythms = addresses.iter().zip(1..).flat_map(|(address, user)| rhythm(mailbox(user), address, CLEO, [3, 9, 27][user as usize % 3]));
    let service = Service::start(Consent::open(&addresses), Feed::of(rhythms, &[CLEO]), Records::default()).await;
    let whole = service.listed(pb::ListIntroducersRequest { page_size: 100, ..about(CLEO) }).await;
    assert_eq!(whole, [3, 6, 1, 4, 7, 2, 5].map(|number| addresses[number - 1]), "equals by address");
    assert_eq!(service.listed(about(CLEO)).await, whole[..5], "five by default");

    let mut paged = Vec::new();
    let mut request = pb::ListIntroducersRequest { page_size: 3, ..about(CLEO) };
    loop {
        let page = service.ask(request.clone()).await.unwrap();
        assert_eq!(page.as_of, Some(crate::convert::timestamp(now())));
        paged.push(page.introducers.len());
        let shown = paged.iter().sum::<usize>();
        assert_eq!(
            page.introducers.iter().map(|one| &one.address).collect::<Vec<_>>(),
            whole[shown - page.introducers.len()..shown].iter().collect::<Vec<_>>()
        );
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        service.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(paged, [3, 3, 1]);
}
