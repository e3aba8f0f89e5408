//! ListAccess: what was read by whom is counted once, shown to whom it concerns, and goes with whoever is erased.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use pb::access_entry::Subject;
use pb::access_report_service_client::AccessReportServiceClient;
use pb::counted_read::Subject as Counted;
use pb::erasure_service_client::ErasureServiceClient;
use pb::list_access_request::About;
use runtime::Config;
use runtime::caller::CALLER_METADATA;
use tonic::Request;
use vocabulary::{Clock, Fault, Kind, ManualClock, Reason, SystemClock, Timestamp};

use crate::suite::{Suite, TENANT, create_tenant, told, users};

const ADA: &str = "ada@contoso.example";
const BOB: &str = "bob@contoso.example";
const AUDITOR: &str = "auditor@elsewhere.example";
const GET_USER: &str = "rapport.consent.v1.DirectoryService/GetUser";
const LIST_ACCESS: &str = "rapport.consent.v1.ConsentService/ListAccess";
const INTRODUCERS: &str = "rapport.graph.v1.GraphService/ListIntroducers";

fn as_caller<T>(message: T, user: &str, roles: &[&str]) -> Request<T> {
    let caller = serde_json::json!({ "user": user, "roles": roles, "tenant": TENANT }).to_string();
    let mut request = Request::new(message);
    request.metadata_mut().insert(CALLER_METADATA, caller.parse().unwrap());
    request
}

/// A clock that stands still, far from midnight.
fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_seconds(1_780_056_000)))
}

/// A suite that reports to itself at once.
async fn start(clock: Arc<dyn Clock>) -> Suite {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    config.access.report_ms = 10;
    let suite = Suite::configured(dir, clock, config).await.unwrap_or_else(|_| panic!("it does not start"));
    suite.fill().await;
    suite
}

fn all() -> pb::ListAccessRequest {
    pb::ListAccessRequest { tenant_id: TENANT.into(), ..Default::default() }
}

fn about(address: &str) -> pb::ListAccessRequest {
    pb::ListAccessRequest { about: Some(About::Address(address.into())), ..all() }
}

/// One page as an administrator sees it.
async fn page(suite: &Suite, request: pb::ListAccessRequest) -> pb::ListAccessResponse {
    told(suite.consents().list_access(request).await).unwrap()
}

/// What is listed, without what listing itself adds: caller and its kind, method, subject, count.
async fn listed(suite: &Suite, request: pb::ListAccessRequest) -> BTreeMap<(String, String, String), i64> {
    let mut listed = BTreeMap::new();
    let mut request = request;
    loop {
        let page = page(suite, request.clone()).await;
        for entry in page.entries.iter().filter(|entry| entry.method != LIST_ACCESS) {
            let caller = entry.caller.as_ref().unwrap();
            let caller = if caller.address.is_empty() { caller.kind().as_str_name().to_owned() } else { caller.address.clone() };
            let subject = match entry.subject.as_ref().unwrap() {
                Subject::User(address) => address.clone(),
                Subject::Person(hash) => format!("person of {} digits", hash.len()),
                Subject::Record(record) => format!("{} {}", record.kind().as_str_name(), record.record_id),
                Subject::Everybody(_) => "everybody".to_owned(),
            };
            let before = listed.insert((caller, entry.method.rsplit_once('/').unwrap().1.to_owned(), subject), entry.count);
            assert_eq!(before, None, "one day, and each once");
        }
        if page.next_page_token.is_empty() {
            return listed;
        }
        request.page_token = page.next_page_token;
    }
}

/// What is listed once it is this; what is counted arrives within moments.
async fn soon(suite: &Suite, request: pb::ListAccessRequest, expected: &[(&str, &str, &str, i64)]) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(caller, method, subject, count)| (((*caller).into(), (*method).into(), (*subject).into()), *count)).collect();
    let mut last = BTreeMap::new();
    let reached = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            last = listed(suite, request.clone()).await;
            if last == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let reached = reached.await;
    assert!(reached.is_ok(), "{last:?}\n{expected:?}");
}

async fn get_user(suite: &Suite, whom: &str, by: &str, roles: &[&str]) -> Result<pb::GetUserResponse, Fault> {
    let request = pb::GetUserRequest { tenant_id: TENANT.into(), user: whom.into() };
    told(suite.directory().get_user(as_caller(request, by, roles)).await)
}

/// A read as another service reports it.
fn read(suite: &Suite, caller: &str, subject: Counted, count: u64) -> pb::CountedRead {
    let now = suite.context.clock.now();
    pb::CountedRead {
        tenant_id: TENANT.into(),
        caller_kind: pb::CallerKind::User.into(),
        caller: caller.into(),
        method: INTRODUCERS.into(),
        subject: Some(subject),
        day: now.day().0,
        count,
        last_micros: now.micros(),
    }
}

fn opportunity(id: &str) -> Counted {
    Counted::Record(common::RecordRef { kind: common::RecordKind::Opportunity.into(), record_id: id.into() })
}

async fn report(suite: &Suite, reporter_id: u64, sequence: u64, reads: Vec<pb::CountedRead>) -> Result<(), Fault> {
    let request = pb::ReportAccessRequest { reporter_id, sequence, reads, uncounted: Vec::new() };
    told(AccessReportServiceClient::new(suite.link.clone()).report_access(request).await).map(drop)
}

#[tokio::test]
async fn what_consent_answers_about_a_person_is_counted_for_each_caller() {
    let suite = start(noon()).await;
    let administrator: &[&str] = &["DIRECTORY_ADMINISTRATOR"];
    for _ in 0..2 {
        get_user(&suite, "bob.alias@contoso.example", ADA, administrator).await.unwrap();
    }
    get_user(&suite, BOB, AUDITOR, administrator).await.unwrap();
    get_user(&suite, BOB, BOB, &["SELLER"]).await.unwrap();
    // What is refused or not found is not answered.
    get_user(&suite, ADA, BOB, &["SELLER"]).await.unwrap_err();
    get_user(&suite, "nobody@contoso.example", ADA, administrator).await.unwrap_err();
    let check = pb::CheckConsentRequest { tenant_id: TENANT.into(), user: BOB.into(), ..Default::default() };
    told(suite.consents().check_consent(check).await).unwrap();
    let list = pb::ListUsersRequest { tenant_id: TENANT.into(), ..Default::default() };
    told(suite.directory().list_users(as_caller(list, ADA, administrator)).await).unwrap();
    let groups = pb::ListGroupsRequest { tenant_id: TENANT.into(), ..Default::default() };
    told(suite.directory().list_groups(as_caller(groups, ADA, administrator)).await).unwrap();
    let of_bob = [
        (ADA, "GetUser", BOB, 2),
        (AUDITOR, "GetUser", BOB, 1),
        (BOB, "GetUser", BOB, 1),
        ("CALLER_KIND_OPERATOR", "CheckConsent", BOB, 1),
        (ADA, "ListUsers", "everybody", 1),
        (ADA, "ListGroups", "everybody", 1),
    ];
    soon(&suite, about(BOB), &of_bob).await;
    soon(&suite, all(), &of_bob).await;
    soon(&suite, about(ADA), &of_bob[4..]).await;
    soon(&suite, pb::ListAccessRequest { caller: ADA.into(), ..about(BOB) }, &[of_bob[0], of_bob[4], of_bob[5]]).await;
    soon(&suite, pb::ListAccessRequest { caller: AUDITOR.into(), ..all() }, &of_bob[1..2]).await;
    soon(&suite, pb::ListAccessRequest { caller: "stranger@elsewhere.example".into(), ..all() }, &[]).await;
    // Who lists is counted too.
    let listings = page(&suite, about(BOB)).await.entries.into_iter().filter(|entry| entry.method == LIST_ACCESS).map(|entry| entry.count);
    assert!(listings.sum::<i64>() > 0);
}

#[tokio::test]
async fn people_see_who_asked_about_them_and_about_nobody_else() {
    let suite = start(noon()).await;
    get_user(&suite, BOB, ADA, &["DIRECTORY_ADMINISTRATOR"]).await.unwrap();
    get_user(&suite, ADA, ADA, &["DIRECTORY_ADMINISTRATOR"]).await.unwrap();
    soon(&suite, all(), &[(ADA, "GetUser", BOB, 1), (ADA, "GetUser", ADA, 1)]).await;
    let ask = async |request, user| told(suite.consents().list_access(as_caller(request, user, &["SELLER"])).await);
    let own = ask(about("bob.alias@contoso.example"), BOB).await.unwrap().entries;
    let own: Vec<_> = own.iter().filter(|entry| entry.method == GET_USER).collect();
    let [entry] = own.as_slice() else { panic!("{own:?}") };
    assert_eq!(entry.caller.as_ref().map(|caller| caller.address.as_str()), Some(ADA));
    assert_eq!((entry.subject.clone(), entry.count), (Some(Subject::User(BOB.into())), 1));
    let day = suite.context.clock.now().day().start().seconds();
    assert_eq!(entry.day_time.map(|time| time.seconds), Some(day));
    assert!(entry.last_time.is_some_and(|time| time.seconds >= day));
    let record = common::RecordRef { kind: common::RecordKind::Lead.into(), record_id: "l-1".into() };
    let about_record = pb::ListAccessRequest { about: Some(About::Record(record)), ..all() };
    for (request, user) in [(about(ADA), BOB), (all(), BOB), (about_record, BOB), (about(AUDITOR), AUDITOR), (about(BOB), AUDITOR)] {
        let refused = ask(request, user).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::PermissionDenied, Reason::RoleMissing));
    }
}

#[tokio::test]
async fn a_report_that_comes_again_is_counted_once() {
    let mut suite = start(Arc::new(SystemClock)).await;
    let reads = |suite: &Suite| vec![read(suite, ADA, opportunity("o-1"), 2), read(suite, ADA, Counted::Person(vec![7; 16]), 1)];
    let person = "person of 32 digits";
    for _ in 0..3 {
        report(&suite, 1, 1, reads(&suite)).await.unwrap();
    }
    let once = [(ADA, "ListIntroducers", "RECORD_KIND_OPPORTUNITY o-1", 2), (ADA, "ListIntroducers", person, 1)];
    soon(&suite, all(), &once).await;
    // It is remembered by the store, not by the process, and so are the counts.
    suite = suite.restart(Duration::from_secs(1)).await;
    report(&suite, 1, 1, reads(&suite)).await.unwrap();
    soon(&suite, all(), &once).await;
    report(&suite, 1, 2, reads(&suite)).await.unwrap();
    report(&suite, 2, 1, reads(&suite)).await.unwrap();
    soon(&suite, all(), &[(ADA, "ListIntroducers", "RECORD_KIND_OPPORTUNITY o-1", 6), (ADA, "ListIntroducers", person, 3)]).await;
}

#[tokio::test]
async fn what_makes_no_sense_in_a_report_is_passed_over_and_the_rest_is_counted() {
    let suite = start(noon()).await;
    let good = read(&suite, ADA, opportunity("o-1"), 1);
    let reads = vec![
        pb::CountedRead { tenant_id: "fabrikam".into(), ..good.clone() },
        pb::CountedRead { tenant_id: "No Tenant".into(), ..good.clone() },
        pb::CountedRead { subject: None, ..good.clone() },
        pb::CountedRead { subject: Some(Counted::Person(vec![7; 15])), ..good.clone() },
        pb::CountedRead { subject: Some(Counted::UserId(99)), ..good.clone() },
        pb::CountedRead { subject: Some(opportunity("")), ..good.clone() },
        pb::CountedRead { caller: String::new(), ..good.clone() },
        pb::CountedRead { caller_kind: pb::CallerKind::Erased.into(), ..good.clone() },
        pb::CountedRead { method: String::new(), ..good.clone() },
        pb::CountedRead { count: 0, ..good.clone() },
        pb::CountedRead { day: good.day - 90, ..good.clone() },
        pb::CountedRead { day: good.day + 2, ..good.clone() },
        pb::CountedRead { day: i32::MIN, ..good.clone() },
        good,
    ];
    report(&suite, 1, 1, reads).await.unwrap();
    soon(&suite, all(), &[(ADA, "ListIntroducers", "RECORD_KIND_OPPORTUNITY o-1", 1)]).await;
    assert_eq!(report(&suite, 1, 0, Vec::new()).await.unwrap_err().kind, Kind::InvalidArgument);
}

#[tokio::test]
async fn pages_show_everything_once_whatever_is_counted_meanwhile() {
    let suite = start(noon()).await;
    let many = |from, to| (from..to).map(|id| read(&suite, ADA, opportunity(&format!("o-{id}")), 1)).collect::<Vec<_>>();
    report(&suite, 1, 1, many(0, 60)).await.unwrap();
    let mut request = pb::ListAccessRequest { page_size: 7, caller: ADA.into(), ..all() };
    let (mut seen, mut pages) = (BTreeMap::new(), 0);
    loop {
        let page = page(&suite, request.clone()).await;
        assert!(page.entries.len() <= 7);
        for entry in page.entries {
            let Some(Subject::Record(record)) = entry.subject else { panic!("a record") };
            assert_eq!(seen.insert(record.record_id.clone(), entry.count), None, "{} twice", record.record_id);
        }
        pages += 1;
        // More of what was shown, and what was not there before.
        report(&suite, 1, 1 + pages, many(0, 60 + 3 * pages)).await.unwrap();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!((0..60).all(|id| seen.contains_key(&format!("o-{id}"))), "{seen:?}");
    assert!(pages >= 9, "{pages}");
    // A token is good for its own question only.
    let first = page(&suite, pb::ListAccessRequest { page_size: 7, ..all() }).await;
    for other in [
        pb::ListAccessRequest { page_token: first.next_page_token.clone(), caller: ADA.into(), ..all() },
        pb::ListAccessRequest { page_token: first.next_page_token.clone(), ..about(ADA) },
        pb::ListAccessRequest { page_token: "x".into(), ..all() },
    ] {
        assert_eq!(told(suite.consents().list_access(other).await).unwrap_err().reason, Reason::PageTokenInvalid);
    }
}

#[tokio::test]
async fn the_latest_day_comes_first_and_days_can_be_chosen_and_end() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_780_000_000)));
    let suite = start(clock.clone()).await;
    let day = Duration::from_secs(86_400);
    let mut instants = Vec::new();
    for sequence in 1..=3 {
        report(&suite, 1, sequence, vec![read(&suite, ADA, opportunity("o-1"), sequence)]).await.unwrap();
        instants.push(clock.now());
        clock.advance(day);
    }
    let counts = async |since: Option<Timestamp>, until: Option<Timestamp>| {
        let time = |at: Timestamp| prost_types::Timestamp { seconds: at.seconds(), nanos: 0 };
        let request = pb::ListAccessRequest { since_time: since.map(time), until_time: until.map(time), caller: ADA.into(), ..all() };
        page(&suite, request).await.entries.into_iter().map(|entry| entry.count).collect::<Vec<_>>()
    };
    assert_eq!(counts(None, None).await, [3, 2, 1]);
    assert_eq!(counts(Some(instants[1]), None).await, [3, 2]);
    assert_eq!(counts(None, Some(instants[1].day().start())).await, [2, 1]);
    assert_eq!(counts(Some(instants[1]), Some(instants[1])).await, [2]);
    // Ninety days are kept: today and 89 before.
    clock.advance(day * 87);
    assert_eq!(counts(None, None).await, [3, 2]);
    let earliest = page(&suite, all()).await.earliest_time.unwrap();
    assert_eq!(earliest.seconds, instants[1].day().start().seconds());
    clock.advance(day * 2);
    assert_eq!(counts(None, None).await, Vec::<i64>::new());
}

#[tokio::test]
async fn reads_that_are_only_numbered_are_told_for_the_days_that_are_asked_about() {
    let suite = start(noon()).await;
    let today = suite.context.clock.now().day();
    let of = |day, count| pb::UncountedReads { tenant_id: TENANT.into(), day, count };
    for _ in 0..2 {
        let uncounted = vec![of(today.0, 5), of(today.0 - 1, 2), of(today.0 - 90, 100)];
        let request = pb::ReportAccessRequest { reporter_id: 1, sequence: 1, reads: Vec::new(), uncounted };
        told(AccessReportServiceClient::new(suite.link.clone()).report_access(request).await).unwrap();
    }
    assert_eq!(page(&suite, all()).await.uncounted, 7);
    let since = prost_types::Timestamp { seconds: today.start().seconds(), nanos: 0 };
    assert_eq!(page(&suite, pb::ListAccessRequest { since_time: Some(since), ..about(ADA) }).await.uncounted, 5);
}

#[tokio::test]
async fn wrong_fields_are_all_named_and_no_value_is_repeated() {
    let suite = start(noon()).await;
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let record = |kind: common::RecordKind, id: &str| About::Record(common::RecordRef { kind: kind.into(), record_id: id.into() });
    let check = async |request: pb::ListAccessRequest, expected: &[&str]| {
        let fault = told(suite.consents().list_access(request).await).unwrap_err();
        let fields: Vec<_> = fault.violations.iter().map(|wrong| wrong.field.to_string()).collect();
        assert_eq!(fields, expected);
        assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
    };
    let wrong = pb::ListAccessRequest { tenant_id: "No".into(), about: Some(About::Address("secret".into())), ..all() };
    check(
        pb::ListAccessRequest { caller: "secret".into(), since_time: time(i64::MAX), ..wrong },
        &["tenant_id", "address", "caller", "since_time"],
    )
    .await;
    check(pb::ListAccessRequest { since_time: time(200_000), until_time: time(0), ..all() }, &["until_time"]).await;
    check(
        pb::ListAccessRequest { about: Some(record(common::RecordKind::Unspecified, "")), ..all() },
        &["record.kind", "record.record_id"],
    )
    .await;
    check(pb::ListAccessRequest { page_size: 1001, ..all() }, &["page_size"]).await;
}

#[tokio::test]
async fn who_is_erased_is_neither_asked_about_nor_named_any_more() {
    let suite = start(noon()).await;
    get_user(&suite, BOB, ADA, &["DIRECTORY_ADMINISTRATOR"]).await.unwrap();
    get_user(&suite, ADA, BOB, &["DIRECTORY_ADMINISTRATOR"]).await.unwrap();
    get_user(&suite, ADA, AUDITOR, &["DIRECTORY_ADMINISTRATOR"]).await.unwrap();
    let before = [(ADA, "GetUser", BOB, 1), (BOB, "GetUser", ADA, 1), (AUDITOR, "GetUser", ADA, 1)];
    soon(&suite, all(), &before).await;
    let mut erasures = ErasureServiceClient::new(suite.link.clone());
    let user = pb::EraseUserRequest { tenant_id: TENANT.into(), user: BOB.into(), ..Default::default() };
    told(erasures.erase_user(user).await).unwrap();
    // At once, whatever is removed later.
    let erased = ("CALLER_KIND_ERASED", "GetUser", ADA, 1);
    let left: BTreeMap<_, _> = listed(&suite, all()).await;
    assert_eq!(left.len(), 2, "{left:?}");
    soon(&suite, all(), &[erased, before[2]]).await;
    let person = pb::ErasePersonRequest { tenant_id: TENANT.into(), addresses: vec![AUDITOR.into()], ..Default::default() };
    told(erasures.erase_person(person).await).unwrap();
    let callers = page(&suite, about(ADA)).await.entries;
    assert!(callers.iter().all(|entry| entry.caller.as_ref().unwrap().address != AUDITOR), "{callers:?}");
    // A report that was under way names nobody again, and adds nothing about the erased.
    report(&suite, 1, 1, vec![read(&suite, BOB, opportunity("o-1"), 1), read(&suite, AUDITOR, opportunity("o-2"), 1)]).await.unwrap();
    let late = page(&suite, all()).await.entries;
    let late: Vec<_> = late.iter().filter(|entry| entry.method == INTRODUCERS).collect();
    assert_eq!(late.len(), 2);
    assert!(late.iter().all(|entry| entry.caller.as_ref().unwrap().kind() == pb::CallerKind::Erased), "{late:?}");
    // Whoever comes back is somebody new.
    suite.sync(pb::SyncMode::Delta, users()).await.unwrap();
    let back = listed(&suite, about(BOB)).await;
    assert!(back.keys().all(|(_, method, _)| method != "GetUser"), "{back:?}");
}

#[tokio::test]
async fn an_erased_tenant_leaves_nothing_and_another_one_is_not_touched() {
    let suite = start(noon()).await;
    let other = pb::CreateTenantRequest { tenant_id: "fabrikam".into(), request_id: String::new(), ..create_tenant() };
    told(suite.tenants().create_tenant(other).await).unwrap();
    let of_other = pb::CountedRead { tenant_id: "fabrikam".into(), ..read(&suite, AUDITOR, opportunity("o-1"), 1) };
    report(&suite, 1, 1, vec![read(&suite, AUDITOR, opportunity("o-1"), 1), of_other]).await.unwrap();
    let erase = pb::EraseTenantRequest { tenant_id: TENANT.into(), confirm_tenant_id: TENANT.into(), validate_only: false };
    told(ErasureServiceClient::new(suite.link.clone()).erase_tenant(erase).await).unwrap();
    assert_eq!(told(suite.consents().list_access(all()).await).unwrap_err().reason, Reason::TenantNotFound);
    report(&suite, 1, 2, vec![read(&suite, AUDITOR, opportunity("o-1"), 1)]).await.unwrap();
    let kept = listed(&suite, pb::ListAccessRequest { tenant_id: "fabrikam".into(), ..all() }).await;
    assert_eq!(kept.into_keys().next().unwrap().0, AUDITOR);
}
