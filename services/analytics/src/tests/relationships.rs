//! AnalyticsService: what a permit lets a question see, as of when, and the grid.

use contracts::analytics::v1 as pb;
use contracts::common::v1::RecordKind;
use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Origin, Participant, Role, Thread, Version};
use vocabulary::revision::Part;
use vocabulary::{Kind, Reason, Revision, Timestamp, UserId};

use super::peers::{CONSENT, Consent, Feed, LOG};
use super::{ADA, BEN, CLEO, DAN, Service, TENANT, contact, named, now, person, record};

fn mailbox(user: u64) -> Origin {
    Origin::Mailbox { user: UserId(user), generation: 1 }
}

/// A mail from one to the other, sent that many days ago.
fn mail(from: &str, to: &str, days: i64) -> Entry {
    let (author, recipient) = (person(from), person(to));
    Entry {
        identity: Identity(u128::from(author.0) << 64 | u128::from(recipient.0 ^ days as u64)),
        kind: InteractionKind::Email,
        time: now().plus_days(-days),
        author,
        participants: vec![Participant { person: recipient, role: Role::To, answer: Answer::None }],
        others: 1,
        thread: (to != ADA || from == CLEO).then_some(Thread(1)),
        parent: None,
        stub: false,
        duration_seconds: 0,
        version: Version::default(),
        cancelled: false,
        regarding: None,
    }
}

/// In one thread Cleo writes every 3 days and Ada answers; Ben wrote to Cleo once, Cleo to Ada once as the CRM tracked it, and Dan
/// waits for Ada.
fn feed() -> Feed {
    let both = |days| [(mailbox(1), mail(ADA, CLEO, days)), (mailbox(1), mail(CLEO, ADA, days + 1))];
    let others = [(mailbox(2), mail(BEN, CLEO, 10)), (Origin::Crm, mail(CLEO, ADA, 20)), (mailbox(1), mail(DAN, ADA, 3))];
    Feed::of((12..300).step_by(3).flat_map(both).chain(others))
}

async fn service() -> Service {
    with(Consent::open(&[ADA, BEN])).await
}

async fn with(consent: Consent) -> Service {
    let service = Service::start(consent, feed()).await;
    let deal = |id: &str, contact: &str, revenue_minor| pb::Record {
        owner: ADA.into(),
        primary_contact_id: contact.into(),
        revenue_minor,
        ..record(RecordKind::Opportunity, id)
    };
    let records = vec![
        contact("c1", &[CLEO]),
        contact("c2", &[DAN]),
        pb::Record { contact_ids: vec!["c1".into(), "c2".into()], ..record(RecordKind::Account, "a1") },
        deal("o1", "c1", 100),
        deal("o2", "c2", 50),
        deal("o3", "none", 200),
        pb::Record { state: pb::RecordState::Lost.into(), ..deal("o4", "none", 900) },
    ];
    let results = service.upsert(records).await.results;
    assert!(results.iter().all(|result| result.code() == pb::UpsertCode::Created), "{results:?}");
    service
}

fn about(kind: RecordKind, id: &str) -> pb::GetRelationshipRequest {
    pb::GetRelationshipRequest { tenant_id: TENANT.into(), r#ref: Some(named(kind, id)), ..Default::default() }
}

fn instant(time: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: time.seconds(), nanos: 0 })
}

async fn mails(service: &Service, request: pb::GetRelationshipRequest) -> (i64, i64) {
    let kpis = service.ask(request).await.unwrap().relationship.unwrap().kpis.unwrap();
    (kpis.emails_sent, kpis.emails_received)
}

#[tokio::test]
async fn mailboxes_and_the_crm_count_together() {
    let service = service().await;
    assert_eq!(mails(&service, about(RecordKind::Contact, "c1")).await, (97, 97));
    assert_eq!(mails(&service, about(RecordKind::Account, "a1")).await, (97, 98));
    assert_eq!(mails(&service, about(RecordKind::Opportunity, "o1")).await, (96, 97), "Ben is not on the team");
    let shorter = pb::GetRelationshipRequest { window_days: 11, ..about(RecordKind::Contact, "c1") };
    assert_eq!(mails(&service, shorter).await, (1, 0));
}

#[tokio::test]
async fn a_mailbox_that_may_not_be_read_does_not_exist() {
    let service = with(Consent::open(&[ADA, BEN]).but_held(1)).await;
    assert_eq!(mails(&service, about(RecordKind::Contact, "c1")).await, (1, 1), "Ben's mail and what the CRM tracked");
    let relationship = service.ask(about(RecordKind::Contact, "c1")).await.unwrap().relationship.unwrap();
    let completeness = relationship.completeness.unwrap();
    assert_eq!((completeness.complete, completeness.mailboxes, completeness.mailboxes_readable), (false, 2, 1));
    assert_eq!(completeness.gaps, ["1 of 2 mailboxes that could tell of this record may not be read."]);
}

#[tokio::test]
async fn before_a_mailbox_has_delivered_anything_an_answer_is_in_progress_and_partial() {
    let standing = async |consent: Consent, entries: Vec<(Origin, Entry)>| {
        let service = Service::start(consent, Feed::of(entries)).await;
        service.upsert(vec![contact("c1", &[CLEO])]).await;
        let relationship = service.ask(about(RecordKind::Contact, "c1")).await.unwrap().relationship.unwrap();
        let (health, completeness) = (relationship.health.unwrap(), relationship.completeness.unwrap());
        assert!(health.score.is_none() && !completeness.complete);
        (health.state(), completeness.gaps)
    };
    let both = || Consent::open(&[ADA, BEN]);
    let none = "Nothing has come yet from any mailbox that may be read (2 in all).".to_owned();
    assert_eq!(standing(both(), Vec::new()).await, (pb::HealthState::ComputationInProgress, vec![none.clone()]));
    let tracked = vec![(Origin::Crm, mail(CLEO, ADA, 20))];
    assert_eq!(standing(both(), tracked).await, (pb::HealthState::NotEnoughInfo, vec![none]));
    let one = "Nothing has come yet from 1 of 2 mailboxes that may be read.".to_owned();
    let elsewhere = vec![(mailbox(1), mail(ADA, DAN, 20))];
    assert_eq!(standing(both(), elsewhere).await, (pb::HealthState::NoClosedActivities, vec![one]));
    let basic = standing(both().but_held(1).but_held(2), Vec::new()).await;
    assert_eq!((basic.0, basic.1.len()), (pb::HealthState::NoClosedActivities, 1));
}

#[tokio::test]
async fn only_those_who_see_gates_are_told_how_many_mailboxes_of_a_small_side_may_be_read() {
    let told = async |consent: Consent, roles: &str| {
        let service = Service::start(consent, Feed::default()).await;
        service.upsert(vec![contact("c1", &[DAN])]).await;
        let caller: tonic::metadata::MetadataValue<_> = format!(r#"{{"roles":[{roles}]}}"#).parse().unwrap();
        let mut request = tonic::Request::new(about(RecordKind::Contact, "c1"));
        request.metadata_mut().insert(runtime::caller::CALLER_METADATA, caller.clone());
        let one = service.analytics.clone().get_relationship(request).await.unwrap().into_inner().relationship.unwrap();
        let grid = pb::ListRelationshipsRequest { tenant_id: TENANT.into(), kind: RecordKind::Contact.into(), ..Default::default() };
        let mut request = tonic::Request::new(grid);
        request.metadata_mut().insert(runtime::caller::CALLER_METADATA, caller);
        let listed = service.analytics.clone().list_relationships(request).await.unwrap().into_inner().relationships;
        assert_eq!(listed, std::slice::from_ref(&one));
        (one.health.unwrap().state(), one.completeness.unwrap())
    };
    let four = [ADA, BEN, "eve@contoso.example", "fay@contoso.example"];
    let five = [ADA, BEN, "eve@contoso.example", "fay@contoso.example", "gus@contoso.example"];
    let counts = |completeness: &pb::Completeness| (completeness.mailboxes, completeness.mailboxes_readable);
    for roles in [r#""SELLER""#, r#""MANAGER","APPLICATION_ADMINISTRATOR","SERVICE""#] {
        let (state, open) = told(Consent::open(&four), roles).await;
        assert_eq!((state, open.complete, counts(&open)), (pb::HealthState::NoClosedActivities, false, (0, 0)), "{roles}");
        assert_eq!(open.gaps, ["Figures may be missing something: with fewer than 5 of ours on a record, what is not told."]);
        assert_eq!(told(Consent::open(&four).but_held(2), roles).await, (state, open), "{roles}");
        let (_, many) = told(Consent::open(&five).but_held(2), roles).await;
        assert_eq!(counts(&many), (5, 4), "{roles}");
    }
    for roles in [r#""OPERATOR""#, r#""SELLER","DIRECTORY_ADMINISTRATOR""#] {
        let (state, told) = told(Consent::open(&four).but_held(2), roles).await;
        assert_eq!((state, counts(&told)), (pb::HealthState::ComputationInProgress, (4, 3)), "{roles}");
        assert_eq!(told.gaps.len(), 2, "{:?}", told.gaps);
    }
}

#[tokio::test]
async fn a_score_explains_itself_and_an_account_shows_its_best_contact() {
    let service = service().await;
    let health = async |kind, id| service.ask(about(kind, id)).await.unwrap().relationship.unwrap().health.unwrap();
    let of_contact = health(RecordKind::Contact, "c1").await;
    let points: i32 = of_contact.factors.iter().map(|factor| factor.points).sum();
    assert_eq!(of_contact.score, Some(of_contact.base + points));
    let of_account = health(RecordKind::Account, "a1").await;
    assert_eq!((of_account.contact_id.as_str(), of_account.score), ("c1", of_contact.score));
    assert_eq!(of_account.factors, of_contact.factors);
    let lost = health(RecordKind::Opportunity, "o4").await;
    assert_eq!((lost.state(), lost.trend(), lost.score), (pb::HealthState::NotApplicable, pb::Trend::NotApplicable, None));
}

#[tokio::test]
async fn a_past_instant_sees_what_lay_before_it() {
    let service = service().await;
    let at = |days: i64| pb::GetRelationshipRequest { as_of: instant(now().plus_days(-days)), ..about(RecordKind::Contact, "c1") };
    assert_eq!(mails(&service, at(10)).await, (97, 97));
    assert_eq!(mails(&service, at(12)).await, (96, 97));
    let past = service.ask(at(100)).await.unwrap().relationship.unwrap();
    let partial = past.completeness.unwrap();
    assert!(!partial.complete && partial.gaps[0].starts_with("Nothing before"), "{partial:?}");
    let shorter = service.ask(pb::GetRelationshipRequest { window_days: 200, ..at(100) }).await.unwrap().relationship.unwrap();
    assert!(shorter.completeness.unwrap().complete);
    let future = service.ask(at(-1)).await.unwrap_err();
    assert_eq!((future.kind, future.violations[0].field.as_str()), (Kind::InvalidArgument, "as_of"));
}

#[tokio::test]
async fn the_same_question_has_the_same_answer_also_after_a_restart() {
    let service = service().await;
    let asked = || pb::GetRelationshipRequest { as_of: instant(now().plus_days(-2)), ..about(RecordKind::Account, "a1") };
    let before = service.ask(asked()).await.unwrap();
    assert_eq!(service.ask(asked()).await.unwrap(), before);
    let service = service.restarted().await;
    assert_eq!(service.ask(asked()).await.unwrap(), before);
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_named() {
    let service = service().await;
    let nonsense = pb::GetRelationshipRequest { tenant_id: "No Tenant".into(), window_days: 4000, ..Default::default() };
    let fields: Vec<_> = service.ask(nonsense).await.unwrap_err().violations.into_iter().map(|violation| violation.field).collect();
    assert_eq!(fields, ["tenant_id", "ref", "window_days"]);
    assert_eq!(service.ask(about(RecordKind::Contact, "c9")).await.unwrap_err().reason, Reason::RecordNotFound);
    let elsewhere = pb::GetRelationshipRequest { tenant_id: "fabrikam".into(), ..about(RecordKind::Contact, "c1") };
    assert_eq!(service.ask(elsewhere).await.unwrap_err().reason, Reason::TenantNotFound);
}

#[tokio::test]
async fn a_demanded_revision_is_waited_for_or_refused() {
    let service = service().await;
    let reached = service.ask(about(RecordKind::Contact, "c1")).await.unwrap().revision;
    let demanding = |revision: &Revision| pb::GetRelationshipRequest { revision: revision.to_string(), ..about(RecordKind::Contact, "c1") };
    let reached = Revision::parse(&reached).unwrap();
    assert_eq!(service.ask(demanding(&reached)).await.unwrap().revision, reached.to_string());
    for part in [Part::Consent, Part::Log, Part::Records] {
        assert!(reached.point(part).is_some(), "{part:?}");
    }
    let other = |part| Revision::of(part, 99, 1);
    for lost in [other(Part::Consent), other(Part::Log), other(Part::Records)] {
        assert_eq!(service.ask(demanding(&lost)).await.unwrap_err().reason, Reason::RevisionLost, "{lost}");
    }
    for late in [Revision::of(Part::Consent, CONSENT.0, CONSENT.1 + 1), Revision::of(Part::Log, LOG.0, LOG.1 + 1)] {
        let mut request = tonic::Request::new(demanding(&late));
        request.set_timeout(std::time::Duration::from_millis(300));
        let fault = runtime::fault_of(&service.analytics.clone().get_relationship(request).await.unwrap_err());
        assert_eq!((fault.kind, fault.reason), (Kind::Unavailable, Reason::RevisionNotReached), "{late}");
    }
}

#[tokio::test]
async fn the_grid_begins_with_what_needs_attention_and_its_pages_fit_together() {
    let service = service().await;
    let ask = |state: pb::RecordState, page_size, page_token: String| pb::ListRelationshipsRequest {
        tenant_id: TENANT.into(),
        kind: RecordKind::Opportunity.into(),
        state: state.into(),
        page_size,
        page_token,
        ..Default::default()
    };
    let ids = |page: &pb::ListRelationshipsResponse| -> Vec<String> {
        page.relationships.iter().map(|relationship| relationship.record.clone().unwrap().r#ref.unwrap().record_id).collect()
    };
    let whole = service.grid(ask(pb::RecordState::Open, 0, String::new())).await.unwrap();
    assert_eq!((ids(&whole), whole.total), (vec!["o2".into(), "o3".into(), "o1".into()], 3), "Dan waits; then by revenue");
    let everything = service.grid(ask(pb::RecordState::Unspecified, 0, String::new())).await.unwrap();
    assert_eq!(ids(&everything), ["o2", "o4", "o3", "o1"]);
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page = service.grid(ask(pb::RecordState::Open, 1, token)).await.unwrap();
        paged.extend(page.relationships);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole.relationships);
    let token = service.grid(ask(pb::RecordState::Open, 1, String::new())).await.unwrap().next_page_token;
    let fault = service.grid(ask(pb::RecordState::Unspecified, 1, token)).await.unwrap_err();
    assert_eq!(fault.reason, Reason::PageTokenInvalid);
    let nobodys = pb::ListRelationshipsRequest { owner: BEN.into(), ..ask(pb::RecordState::Open, 0, String::new()) };
    assert_eq!(service.grid(nobodys).await.unwrap().total, 0);
    let kindless = pb::ListRelationshipsRequest { kind: 0, ..ask(pb::RecordState::Open, 0, String::new()) };
    assert_eq!(service.grid(kindless).await.unwrap_err().violations[0].field, "kind");
}
