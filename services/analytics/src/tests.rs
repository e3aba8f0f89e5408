//! The service over links in process, with small hand-written peers in place of consent and ingestion, and real stores.

mod counting;
mod deleting;
mod peers;
mod records;
mod relationships;
mod restored;

use std::sync::Arc;
use std::time::Duration;

use consent_client::{Holder, Subscriber};
use contracts::analytics::v1 as pb;
use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use contracts::common::v1::{RecordKind, RecordRef};
use runtime::{Config, Context, Link, fault_of};
use tempfile::TempDir;
use vocabulary::{Fault, ManualClock, PersonId, Timestamp};

use peers::{Consent, Feed, Reports};

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

fn named(kind: RecordKind, id: &str) -> RecordRef {
    RecordRef { kind: kind.into(), record_id: id.into() }
}

fn record(kind: RecordKind, id: &str) -> pb::Record {
    pb::Record { r#ref: Some(named(kind, id)), name: format!("The {id}"), ..Default::default() }
}

fn contact(id: &str, addresses: &[&str]) -> pb::Record {
    pb::Record { addresses: addresses.iter().map(|text| (*text).to_owned()).collect(), ..record(RecordKind::Contact, id) }
}

/// A running service, with what it stands on.
struct Service {
    records: RecordServiceClient<Link>,
    analytics: AnalyticsServiceClient<Link>,
    context: Context,
    consent: Consent,
    feed: Feed,
    reports: Reports,
    folder: TempDir,
}

impl Service {
    async fn start(consent: Consent, feed: Feed) -> Self {
        Self::on(tempfile::tempdir().unwrap(), consent, feed).await
    }

    async fn on(folder: TempDir, consent: Consent, feed: Feed) -> Self {
        let clock = Arc::new(ManualClock::at(now()));
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.access.report_ms = 10;
        let reports = Reports::default();
        let context = Context::new(Arc::new(config), clock.clone()).with_link("ingestion", feed.clone().link());
        let context = context.with_link("consent", reports.link());
        let subscriber = Subscriber::start(consent.clone().link(), Holder::Analytics, clock);
        subscriber.ready(Duration::from_secs(10)).await.unwrap();
        let area = crate::open(&context, subscriber).await.unwrap();
        let nobody = runtime::Authenticator::nothing();
        let (records, analytics) = (RecordServiceClient::new(area.link(&nobody)), AnalyticsServiceClient::new(area.link(&nobody)));
        Self { records, analytics, context, consent, feed, reports, folder }
    }

    /// Ends it and starts it again on the same stores.
    async fn restarted(self) -> Self {
        let (consent, feed) = (self.consent.clone(), self.feed.clone());
        Self::on(self.stopped(), consent, feed).await
    }

    /// Ends it; its stores are left.
    fn stopped(self) -> TempDir {
        self.context.stopping.cancel();
        self.folder
    }

    /// Sends messages on one stream; what is answered before it ends, and how it ends.
    async fn send(&self, messages: Vec<pb::UpsertRecordsRequest>) -> (Vec<pb::UpsertRecordsResponse>, Result<(), Fault>) {
        let mut answers = match self.records.clone().upsert_records(tokio_stream::iter(messages)).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => return (Vec::new(), Err(fault_of(&status))),
        };
        let mut held = Vec::new();
        loop {
            match answers.message().await {
                Ok(Some(answer)) => held.push(answer),
                Ok(None) => return (held, Ok(())),
                Err(status) => return (held, Err(fault_of(&status))),
            }
        }
    }

    async fn upsert(&self, records: Vec<pb::Record>) -> pb::UpsertRecordsResponse {
        let message = pb::UpsertRecordsRequest { tenant_id: TENANT.into(), records, sequence: 1 };
        let (mut answers, ended) = self.send(vec![message]).await;
        ended.unwrap();
        answers.remove(0)
    }

    async fn delete(&self, request: pb::DeleteRecordRequest) -> Result<pb::DeleteRecordResponse, Fault> {
        self.records.clone().delete_record(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    async fn get(&self, kind: RecordKind, id: &str) -> Result<pb::GetRecordResponse, Fault> {
        let request = pb::GetRecordRequest { tenant_id: TENANT.into(), r#ref: Some(named(kind, id)), ..Default::default() };
        self.records.clone().get_record(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    async fn list(&self, request: pb::ListRecordsRequest) -> Result<pb::ListRecordsResponse, Fault> {
        self.records.clone().list_records(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    async fn ask(&self, request: pb::GetRelationshipRequest) -> Result<pb::GetRelationshipResponse, Fault> {
        self.analytics.clone().get_relationship(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    async fn grid(&self, request: pb::ListRelationshipsRequest) -> Result<pb::ListRelationshipsResponse, Fault> {
        self.analytics.clone().list_relationships(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }
}
