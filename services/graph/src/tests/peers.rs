//! The other areas, as far as graph speaks with them: consent says what may be read, ingestion serves blocks and ids, analytics records.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use contracts::analytics::v1 as records;
use contracts::analytics::v1::record_service_server::{RecordService, RecordServiceServer};
use contracts::consent::v1 as consent;
use contracts::consent::v1::access_report_service_server::{AccessReportService, AccessReportServiceServer};
use contracts::consent::v1::counted_read::Subject;
use contracts::consent::v1::enforce_request::Message as Said;
use contracts::consent::v1::enforce_response::Message as Told;
use contracts::consent::v1::enforcement_service_server::{EnforcementService, EnforcementServiceServer};
use contracts::ingestion::v1 as ingestion;
use contracts::ingestion::v1::feed_service_server::{FeedService, FeedServiceServer};
use futures::{Stream, StreamExt as _, stream};
use parking_lot::Mutex;
use runtime::{Deadline, Link, answer};
use sealing::Key;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::entry::{Entry, Origin};
use vocabulary::{Fault, Reason, TenantId, UserId};

use super::{TENANT, person};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Which start of consent this is.
const START: u64 = 2;

/// Every log that these peers name: its incarnation and its last position.
pub const CONSENT: (u64, u64) = (3, 7);
pub const LOG: (u64, u64) = (5, 1000);
pub const RECORDS: (u64, u64) = (9, 11);

fn key(what: u8) -> Vec<u8> {
    vec![what; 32]
}

/// Says who may be read.
#[derive(Clone, Default)]
pub struct Consent {
    pub users: Vec<consent::EnforcedUser>,
    pub unrecorded_visible: bool,
}

impl Consent {
    /// Everybody in the directory, with open gates; user numbers count from 1.
    pub fn open(addresses: &[&str]) -> Self {
        let users = addresses.iter().zip(1..).map(|(address, id)| consent::EnforcedUser {
            user_id: id,
            user: Some(consent::User {
                external_id: format!("u{id}"),
                addresses: vec![(*address).to_owned()],
                display_name: format!("User {id}"),
                kind: consent::UserKind::Person.into(),
                ..Default::default()
            }),
            named_in_analytics: true,
            named_in_graph: true,
            generation: 1,
            state: consent::MailboxState::Open.into(),
            log_key: key(id as u8),
            view_key: key(100 + id as u8),
            intervals: vec![consent::OpenInterval { from_position: 1, to_position: 0, scope_micros: 0 }],
            scope_micros: 0,
        });
        Self { users: users.collect(), unrecorded_visible: true }
    }

    /// The same, with one user changed.
    pub fn but(mut self, user: u64, change: impl FnOnce(&mut consent::EnforcedUser)) -> Self {
        change(&mut self.users[user as usize - 1]);
        self
    }

    /// The same, with people on no record hidden.
    pub fn unrecorded_hidden(self) -> Self {
        Self { unrecorded_visible: false, ..self }
    }

    pub fn link(self) -> Link {
        Link::in_process(Routes::new(EnforcementServiceServer::new(self)))
    }

    fn snapshot(&self) -> consent::EnforceResponse {
        let unrecorded = if self.unrecorded_visible { consent::UnrecordedPeople::Visible } else { consent::UnrecordedPeople::Hidden };
        let tenant = consent::EnforcedTenant {
            tenant_id: TENANT.into(),
            settings: Some(consent::Tenant {
                tenant_id: TENANT.into(),
                domains: vec!["contoso.example".into()],
                unrecorded_people: unrecorded.into(),
                ..Default::default()
            }),
            names_key: key(201),
            facts_key: key(202),
            lookup_key: key(203),
            users: self.users.clone(),
            position: CONSENT.1,
            ..Default::default()
        };
        let (log_incarnation, position) = CONSENT;
        let snapshot = consent::EnforceSnapshot { incarnation: START, log_incarnation, position, tenants: vec![tenant], last: true };
        told(Told::Snapshot(snapshot))
    }
}

fn told(message: Told) -> consent::EnforceResponse {
    consent::EnforceResponse { message: Some(message) }
}

#[tonic::async_trait]
impl EnforcementService for Consent {
    type EnforceStream = Answers<consent::EnforceResponse>;

    async fn enforce(&self, request: Request<Streaming<consent::EnforceRequest>>) -> Result<Response<Self::EnforceStream>, Status> {
        let this = self.clone();
        let (incarnation, position) = (START, CONSENT.1);
        let said = request.into_inner().filter_map(move |request| {
            let answered = request.map(|request| match request.message? {
                Said::Hello(_) => Some(this.snapshot()),
                Said::Renew(consent::EnforceRenew { number }) => {
                    let lease = Some(prost_types::Duration { seconds: 3600, nanos: 0 });
                    Some(told(Told::Renewed(consent::EnforceRenewed { number, incarnation, position, lease })))
                }
                Said::Acknowledge(_) => None,
            });
            std::future::ready(answered.transpose())
        });
        answer(Ok(Box::pin(said)))
    }
}

/// Serves one block for each entry, and the ids of everybody it was told of.
#[derive(Clone, Default)]
pub struct Feed {
    entries: Vec<(Origin, Entry)>,
    known: Vec<String>,
}

impl Feed {
    pub fn of(entries: impl IntoIterator<Item = (Origin, Entry)>, known: &[&str]) -> Self {
        Self { entries: entries.into_iter().collect(), known: known.iter().map(|text| (*text).to_owned()).collect() }
    }

    pub fn link(self) -> Link {
        Link::in_process(Routes::new(FeedServiceServer::new(self)))
    }

    fn block(&self, position: u64, origin: Origin, entry: &Entry) -> ingestion::Block {
        let (user, generation, of) = match origin {
            Origin::Crm => (UserId(0), 0, 202),
            Origin::Mailbox { user, generation } => (user, generation, user.0 as u8),
        };
        let tenant = TenantId::parse(TENANT).unwrap();
        let place = |_| feed::block::log_place(&tenant, user, generation, position);
        let sealed = feed::block::pack(&Key::from_bytes([of; 32]), vec![feed::entry::to_message(entry)], place).unwrap();
        let [sealed] = <[Vec<u8>; 1]>::try_from(sealed).unwrap();
        let consent_position = CONSENT.1;
        ingestion::Block { position, tenant_id: TENANT.into(), user_id: user.0, generation, consent_position, sealed }
    }
}

#[tonic::async_trait]
impl FeedService for Feed {
    type FollowStream = Answers<ingestion::FollowResponse>;

    async fn follow(&self, request: Request<ingestion::FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let after = request.into_inner().after_position;
        let (incarnation, head_position) = LOG;
        let blocks = (1..).zip(&self.entries).filter(|(position, _)| *position > after);
        let blocks = blocks.map(|(position, (origin, entry))| self.block(position, *origin, entry)).collect();
        let all = ingestion::FollowResponse { incarnation, blocks, position: head_position, head_position };
        answer(Ok(Box::pin(stream::iter([Ok(all)]).chain(stream::pending()))))
    }

    async fn resolve_people(
        &self,
        request: Request<ingestion::ResolvePeopleRequest>,
    ) -> Result<Response<ingestion::ResolvePeopleResponse>, Status> {
        let ingestion::ResolvePeopleRequest { addresses, mint, .. } = request.into_inner();
        let id = |address: &String| if mint || self.known.contains(address) { person(address).0 } else { 0 };
        answer(Ok(ingestion::ResolvePeopleResponse { person_ids: addresses.iter().map(id).collect(), addresses: Vec::new() }))
    }
}

/// Knows records, and remembers what was asked of it.
#[derive(Clone, Default)]
pub struct Records {
    known: Vec<records::GetRecordResponse>,
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

/// One question to the record service: the revision it demanded, and whether it named a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub revision: String,
    pub deadline: bool,
}

impl Records {
    pub fn of(known: impl IntoIterator<Item = records::GetRecordResponse>) -> Self {
        Self { known: known.into_iter().collect(), asked: Arc::default() }
    }

    pub fn link(self) -> Link {
        Link::in_process(Routes::new(RecordServiceServer::new(self)))
    }

    fn revision() -> String {
        vocabulary::Revision::of(vocabulary::revision::Part::Records, RECORDS.0, RECORDS.1).to_string()
    }
}

#[tonic::async_trait]
impl RecordService for Records {
    type UpsertRecordsStream = Answers<records::UpsertRecordsResponse>;

    async fn upsert_records(
        &self,
        _: Request<Streaming<records::UpsertRecordsRequest>>,
    ) -> Result<Response<Self::UpsertRecordsStream>, Status> {
        answer(Err(Fault::internal("graph never writes records")))
    }

    async fn get_record(&self, request: Request<records::GetRecordRequest>) -> Result<Response<records::GetRecordResponse>, Status> {
        let deadline = Deadline::of(&request).is_some();
        let request = request.into_inner();
        self.asked.lock().push(Asked { revision: request.revision, deadline });
        let held = self.known.iter().find(|held| held.record.as_ref().unwrap().r#ref == request.r#ref).cloned();
        let held = held.map(|held| records::GetRecordResponse { revision: Self::revision(), ..held });
        answer(held.ok_or_else(|| Fault::not_found(Reason::RecordNotFound, "no such record")))
    }

    async fn list_records(&self, request: Request<records::ListRecordsRequest>) -> Result<Response<records::ListRecordsResponse>, Status> {
        let deadline = Deadline::of(&request).is_some();
        let request = request.into_inner();
        self.asked.lock().push(Asked { revision: request.revision, deadline });
        let naming = self.known.iter().filter(|held| held.people.contains(&request.address));
        let records = naming.filter_map(|held| held.record.clone()).collect();
        answer(Ok(records::ListRecordsResponse { records, next_page_token: String::new(), revision: Self::revision() }))
    }

    async fn delete_record(&self, _: Request<records::DeleteRecordRequest>) -> Result<Response<records::DeleteRecordResponse>, Status> {
        answer(Err(Fault::internal("graph never deletes records")))
    }
}

/// Takes reports of reads, and adds them up: caller, method and subject, as texts.
#[derive(Clone, Default)]
pub struct Reports(Arc<Mutex<BTreeMap<[String; 3], u64>>>);

impl Reports {
    pub fn link(&self) -> Link {
        Link::in_process(Routes::new(AccessReportServiceServer::new(self.clone())))
    }

    /// What was reported once it is this.
    pub async fn soon(&self, expected: &[([&str; 3], u64)]) {
        let expected: BTreeMap<_, _> = expected.iter().map(|(read, count)| (read.map(str::to_owned), *count)).collect();
        let reached = async {
            while *self.0.lock() != expected {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let reached = tokio::time::timeout(std::time::Duration::from_secs(5), reached).await;
        assert!(reached.is_ok(), "{:?}\n{expected:?}", self.0.lock());
    }
}

#[tonic::async_trait]
impl AccessReportService for Reports {
    async fn report_access(
        &self,
        request: Request<consent::ReportAccessRequest>,
    ) -> Result<Response<consent::ReportAccessResponse>, Status> {
        let mut held = self.0.lock();
        for read in request.into_inner().reads {
            assert_eq!((read.tenant_id.as_str(), read.day), (TENANT, super::now().day().0));
            let caller = if read.caller.is_empty() { read.caller_kind().as_str_name().to_owned() } else { read.caller };
            let subject = match read.subject.unwrap() {
                Subject::UserId(user) => format!("user {user}"),
                Subject::Person(hash) => format!("person of {} bytes", hash.len()),
                Subject::Record(record) => format!("record {}", record.record_id),
                Subject::Everybody(_) => "everybody".to_owned(),
            };
            let method = read.method.rsplit_once('/').unwrap().1.to_owned();
            *held.entry([caller, method, subject]).or_default() += read.count;
        }
        answer(Ok(consent::ReportAccessResponse {}))
    }
}
