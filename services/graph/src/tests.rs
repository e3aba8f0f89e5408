//! The service over links in process, with small hand-written peers in place of the other areas.

mod answers;
mod counting;
mod peers;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use consent_client::{Holder, Subscriber};
use contracts::analytics::v1 as records;
use contracts::common::v1::{RecordKind, RecordRef};
use contracts::graph::v1 as pb;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use runtime::{Authenticator, Config, Context, Link, fault_of};
use tempfile::TempDir;
use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Origin, Participant, Role, Version};
use vocabulary::{Fault, ManualClock, PersonId, Timestamp, UserId};

use peers::{Consent, Feed, Records, Reports};

const TENANT: &str = "contoso";
const ADA: &str = "ada@contoso.example";
const BEN: &str = "ben@contoso.example";
const CLEO: &str = "cleo@customer.example";
const DAN: &str = "dan@customer.example";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_780_000_000)
}

/// The id of an address, as the feed of these tests mints it.
fn person(address: &str) -> PersonId {
    PersonId(address.bytes().fold(7, |id: u64, byte| id.wrapping_mul(31).wrapping_add(byte.into())))
}

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
        thread: None,
        parent: None,
        stub: false,
        duration_seconds: 0,
        version: Version::default(),
        cancelled: false,
        regarding: None,
    }
}

/// A mail each way, every so many days for a hundred days.
fn rhythm(origin: Origin, ours: &str, theirs: &str, every: usize) -> Vec<(Origin, Entry)> {
    let days = (1..100).step_by(every);
    days.flat_map(|days| [(origin, mail(ours, theirs, days)), (origin, mail(theirs, ours, days))]).collect()
}

/// A contact of the CRM.
fn contact(id: &str, addresses: &[&str]) -> records::GetRecordResponse {
    record(RecordKind::Contact, id, addresses, addresses)
}

fn record(kind: RecordKind, id: &str, addresses: &[&str], people: &[&str]) -> records::GetRecordResponse {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let record = records::Record { r#ref: Some(named(kind, id)), addresses: texts(addresses), ..Default::default() };
    records::GetRecordResponse { record: Some(record), people: texts(people), revision: String::new() }
}

fn named(kind: RecordKind, id: &str) -> RecordRef {
    RecordRef { kind: kind.into(), record_id: id.into() }
}

fn about(address: &str) -> pb::ListIntroducersRequest {
    asking(Target::Address(address.into()))
}

fn asking(target: Target) -> pb::ListIntroducersRequest {
    pb::ListIntroducersRequest { tenant_id: TENANT.into(), target: Some(target), ..Default::default() }
}

/// A running service, with what it stands on.
struct Service {
    client: GraphServiceClient<Link>,
    clock: Arc<ManualClock>,
    reports: Reports,
    _folder: TempDir,
}

impl Service {
    async fn start(consent: Consent, feed: Feed, records: Records) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(now()));
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.access.report_ms = 10;
        let reports = Reports::default();
        let context = Context::new(Arc::new(config), clock.clone()).with_link("ingestion", feed.link());
        let context = context.with_link("analytics", records.link()).with_link("consent", reports.link());
        let subscriber = Subscriber::start(consent.link(), Holder::Graph, clock.clone());
        subscriber.ready(Duration::from_secs(10)).await.unwrap();
        let area = crate::open(&context, subscriber).await.unwrap();
        Self { client: GraphServiceClient::new(area.link(&Authenticator::nothing())), clock, reports, _folder: folder }
    }

    async fn ask(&self, request: pb::ListIntroducersRequest) -> Result<pb::ListIntroducersResponse, Fault> {
        self.ask_as(tonic::Request::new(request)).await
    }

    async fn ask_as(&self, request: tonic::Request<pb::ListIntroducersRequest>) -> Result<pb::ListIntroducersResponse, Fault> {
        let answer = self.client.clone().list_introducers(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    /// The addresses of those who are answered.
    async fn listed(&self, request: pb::ListIntroducersRequest) -> Vec<String> {
        self.ask(request).await.unwrap().introducers.into_iter().map(|introducer| introducer.address).collect()
    }
}
