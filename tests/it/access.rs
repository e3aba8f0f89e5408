//! Who asked about whom: counted where it is answered, in five processes, told to consent, and shown to the person it concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use contracts::analytics::v1 as analytics;
use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use contracts::common::v1::RecordRef;
use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::graph::v1 as graph;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use pb::access_entry::Subject;
use pb::list_access_request::About;
use rapport::client::{Client, told};
use rapport::demo::load;
use runtime::AccessTable;
use serde_json::json;
use tempfile::TempDir;
use tonic::Request;
use vocabulary::{Fault, Reason};

use crate::erasing::erase_user;
use crate::fixtures::{grant, introducers, lead, overview, small_company};
use crate::harness::Running;

/// How often each method was answered.
type Methods = BTreeMap<String, i64>;

/// Five processes whose callers need a token; whom a token stands for is its own text.
struct Asked {
    running: Running,
    tenant: String,
    tokens: String,
}

impl Asked {
    fn start(directory: Arc<TempDir>, tenant: &str, tokens: String, report_ms: u64) -> Self {
        let file = directory.path().join("tokens");
        std::fs::write(&file, &tokens).unwrap();
        let settings = [
            "authentication.kind=tokens".to_owned(),
            format!("authentication.file={}", file.display()),
            format!("access.report_ms={report_ms}"),
            // A killed consent waits until every lease is over that it may have granted.
            "lease_ms=5000".to_owned(),
        ];
        Self { running: Running::in_five_processes_with(directory, &settings), tenant: tenant.to_owned(), tokens }
    }

    fn by(&self, who: &str) -> Client {
        Client { link: self.running.gateway.clone().bearing(&token(who)).unwrap(), tenant: self.tenant.clone() }
    }

    async fn list(&self, who: &str, about: Option<&str>, caller: &str) -> Result<Vec<pb::AccessEntry>, Fault> {
        let mut request = pb::ListAccessRequest {
            tenant_id: self.tenant.clone(),
            about: about.map(|address| About::Address(address.to_owned())),
            caller: caller.to_owned(),
            ..Default::default()
        };
        let mut entries = Vec::new();
        loop {
            let page = told(ConsentServiceClient::new(self.by(who).link).list_access(request.clone()).await)?;
            entries.extend(page.entries);
            if page.next_page_token.is_empty() {
                return Ok(entries);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// What a person sees of a caller's reads about themselves.
    async fn own(&self, person: &str, caller: &str) -> Methods {
        let entries = self.list(person, Some(person), caller).await.unwrap();
        assert!(entries.iter().all(|entry| entry.subject == Some(Subject::User(person.to_owned()))), "{entries:?}");
        by_method(&entries)
    }

    /// The same once it is this.
    async fn soon(&self, person: &str, caller: &str, expected: &Methods) {
        let reached = tokio::time::timeout(Duration::from_secs(20), async {
            while self.own(person, caller).await != *expected {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if reached.await.is_err() {
            assert_eq!(self.own(person, caller).await, *expected, "{person}");
        }
    }
}

fn token(who: &str) -> String {
    format!("token-of-{who}")
}

fn by_method(entries: &[pb::AccessEntry]) -> Methods {
    let mut methods = Methods::new();
    for entry in entries {
        *methods.entry(entry.method.rsplit_once('/').unwrap().1.to_owned()).or_default() += entry.count;
    }
    methods
}

async fn relationship(client: &Client, record: RecordRef) -> analytics::Relationship {
    let request = analytics::GetRelationshipRequest { tenant_id: client.tenant.clone(), r#ref: Some(record), ..Default::default() };
    told(AnalyticsServiceClient::new(client.link.clone()).get_relationship(request).await).unwrap().relationship.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_exactly_who_asked_about_them_through_kills_restarts_and_until_they_are_erased() {
    let company = small_company();
    let tenant = company.tenant.id.clone();
    let seller = company.mailboxes[0].address.clone();
    let people = company.users.iter().filter_map(|user| user.addresses.first());
    let line = |who: &str, roles: &[&str]| json!({"token": token(who), "tenant": tenant, "user": who, "roles": roles}).to_string();
    let mut lines = vec![
        json!({"token": token("operator"), "roles": ["OPERATOR"]}).to_string(),
        json!({"token": token("connector"), "tenant": tenant, "roles": ["SERVICE"]}).to_string(),
        line("boss@x.example", &["DIRECTORY_ADMINISTRATOR"]),
    ];
    lines.extend(people.map(|address| line(address, if *address == seller { &["SELLER"] } else { &[] })));
    let suite = Asked::start(Arc::new(tempfile::tempdir().unwrap()), &tenant, lines.join("\n"), 50);
    load::company(&suite.by("operator"), &company).await.unwrap();
    let granted = grant(&suite.by("boss@x.example")).await.unwrap();
    let read = load::mailboxes(&suite.by("connector"), &company, &granted.revision).await.unwrap();

    // The seller asks: twice for introducers, once for an overview, once for the relationship alone.
    let (asking, wanted) = (suite.by(&seller), lead(&company.stories.lead.lead_id));
    let shown = introducers(&asking, Target::Record(wanted.clone()), &read.revision).await.unwrap();
    // Whoever calls a question a part of another one is not believed.
    let again = graph::ListIntroducersRequest {
        tenant_id: tenant.clone(),
        target: Some(Target::Record(wanted.clone())),
        page_size: 100,
        revision: read.revision.clone(),
        ..Default::default()
    };
    let mut again = Request::new(again);
    again.metadata_mut().insert("rapport-part", "1".parse().unwrap());
    let again = told(GraphServiceClient::new(asking.link.clone()).list_introducers(again).await).unwrap().introducers;
    let whole = overview(&asking, wanted.clone(), &read.revision).await.unwrap();
    assert!(whole.unavailable.is_empty() && !whole.introducers.is_empty());
    let owner = relationship(&asking, wanted.clone()).await.record.unwrap().owner;

    let expected = |person: &str, more: i64| {
        let among = |introducers: &[graph::Introducer]| i64::from(introducers.iter().any(|one| one.address == person));
        let listed = among(&shown) * (1 + more) + among(&again) + among(&whole.introducers);
        let counts = [("ListIntroducers", listed), ("GetRelationship", if person == owner { 2 } else { 0 })];
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(method, count)| (method.to_owned(), count)).collect::<Methods>()
    };
    let person = whole.introducers.iter().map(|one| one.address.clone()).find(|address| *address != seller && *address != owner).unwrap();
    let addresses: Vec<_> = company.users.iter().filter_map(|user| user.addresses.first()).collect();
    let unconcerned = addresses.iter().find(|address| expected(address, 0).is_empty()).unwrap().as_str();
    assert_eq!(expected(&person, 0)["ListIntroducers"], 3);
    assert!(company.mailboxes.iter().any(|mailbox| mailbox.address == owner) && expected(&owner, 0)["GetRelationship"] == 2);
    for address in [person.as_str(), &owner, unconcerned] {
        suite.soon(address, &seller, &expected(address, 0)).await;
    }
    // Nobody sees what concerns somebody else, and an administrator sees all.
    assert_eq!(suite.list(unconcerned, Some(&person), "").await.unwrap_err().reason, Reason::RoleMissing);
    assert_eq!(suite.list(&seller, None, &seller).await.unwrap_err().reason, Reason::RoleMissing);
    let all = suite.list("boss@x.example", None, &seller).await.unwrap();
    let methods: BTreeSet<_> = all.iter().map(|entry| entry.method.as_str()).collect();
    let table = AccessTable::read(contracts::DESCRIPTORS).unwrap();
    assert!(methods.iter().all(|method| table.of(&format!("/{method}")).is_some()), "{methods:?}");
    // What graph asked of analytics for its own answer is not a second read of the seller's.
    let of_seller = ["rapport.analytics.v1.AnalyticsService/GetRelationship", "rapport.graph.v1.GraphService/ListIntroducers"];
    assert_eq!(methods.into_iter().filter(|method| !method.ends_with("/ListAccess")).collect::<Vec<_>>(), of_seller);
    let record = all.iter().filter(|entry| entry.subject == Some(Subject::Record(wanted.clone())));
    let record = by_method(&record.cloned().collect::<Vec<_>>());
    assert_eq!(record, [("GetRelationship".to_owned(), 2), ("ListIntroducers".to_owned(), 3)].into());

    // What was reported is durable; it is not reported again.
    let Asked { running, tokens, .. } = suite;
    let suite = Asked::start(running.kill(), &tenant, tokens, 60_000);
    assert_eq!(suite.own(&person, &seller).await, expected(&person, 0));
    // What was not yet reported is, when processes end as they should.
    assert_eq!(introducers(&suite.by(&seller), Target::Record(wanted.clone()), &read.revision).await.unwrap(), shown);
    assert_eq!(suite.own(&person, &seller).await, expected(&person, 0));
    let Asked { running, tokens, .. } = suite;
    let suite = Asked::start(running.stop().await, &tenant, tokens, 50);
    assert_eq!(suite.own(&person, &seller).await, expected(&person, 1));
    assert_eq!(suite.own(unconcerned, &seller).await, Methods::new());

    // The erased leave nothing, neither as whom was asked about nor as who asked.
    erase_user(&suite.by("boss@x.example"), &person).await.unwrap();
    let left = suite.list("boss@x.example", None, "").await.unwrap();
    let names = |entry: &pb::AccessEntry| (entry.subject.clone(), entry.caller.clone().unwrap().address);
    assert!(left.iter().map(names).all(|(subject, caller)| subject != Some(Subject::User(person.clone())) && caller != person), "{left:?}");
    erase_user(&suite.by("boss@x.example"), &seller).await.unwrap();
    let left = suite.list(&owner, Some(&owner), "").await.unwrap().into_iter().filter(|entry| entry.method == of_seller[0]);
    let left: Vec<_> = left.map(|entry| (entry.count, entry.caller.unwrap())).collect();
    let nobody = pb::AccessCaller { kind: pb::CallerKind::Erased.into(), address: String::new() };
    assert_eq!(left, [(2, nobody)], "what was read about the owner stays counted");
    suite.running.stop().await;
}
