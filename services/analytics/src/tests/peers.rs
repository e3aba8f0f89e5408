//! The other areas, as far as analytics speaks with them: consent says what may be read, ingestion serves blocks and ids.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

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
use runtime::{Link, answer};
use sealing::Key;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::entry::{Entry, Origin};
use vocabulary::{TenantId, UserId};

use super::{TENANT, person};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Every position and incarnation that these peers name.
pub const CONSENT: (u64, u64) = (3, 7);
pub const LOG: (u64, u64) = (5, 1000);

fn key(what: u8) -> Vec<u8> {
    vec![what; 32]
}

/// Says who may be read.
#[derive(Clone, Default)]
pub struct Consent {
    users: Vec<consent::EnforcedUser>,
}

impl Consent {
    /// Everybody in the directory, with open gates; user numbers count from 1.
    pub fn open(addresses: &[&str]) -> Self {
        let users = addresses.iter().zip(1..).map(|(address, id)| consent::EnforcedUser {
            user_id: id,
            user: Some(consent::User {
                external_id: format!("u{id}"),
                addresses: vec![(*address).to_owned()],
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
        Self { users: users.collect() }
    }

    /// The same, with one mailbox held back.
    pub fn but_held(mut self, user: u64) -> Self {
        let user = &mut self.users[user as usize - 1];
        user.state = consent::MailboxState::Held.into();
        user.log_key.clear();
        user.view_key.clear();
        self
    }

    pub fn link(self) -> Link {
        Link::in_process(Routes::new(EnforcementServiceServer::new(self)))
    }

    fn snapshot(&self) -> consent::EnforceResponse {
        let tenant = consent::EnforcedTenant {
            tenant_id: TENANT.into(),
            settings: Some(consent::Tenant { tenant_id: TENANT.into(), domains: vec!["contoso.example".into()], ..Default::default() }),
            names_key: key(201),
            facts_key: key(202),
            lookup_key: key(203),
            users: self.users.clone(),
            position: CONSENT.1,
            ..Default::default()
        };
        let (incarnation, position) = CONSENT;
        let tenants = vec![tenant];
        told(Told::Snapshot(consent::EnforceSnapshot { incarnation, position, tenants, last: true, log_incarnation: incarnation }))
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
        let (incarnation, position) = CONSENT;
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

/// Serves one block for each entry, and mints an id for everybody.
#[derive(Clone, Default)]
pub struct Feed {
    entries: Vec<(Origin, Entry)>,
}

impl Feed {
    pub fn of(entries: impl IntoIterator<Item = (Origin, Entry)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    pub fn link(self) -> Link {
        Link::in_process(Routes::new(FeedServiceServer::new(self)))
    }

    fn block(position: u64, origin: Origin, entry: &Entry) -> ingestion::Block {
        let (user, generation, of) = match origin {
            Origin::Crm => (UserId(0), 0, 202),
            Origin::Mailbox { user, generation } => (user, generation, user.0 as u8),
        };
        let tenant = TenantId::parse(TENANT).unwrap();
        let place = |_| feed::block::log_place(&tenant, user, generation, position);
        let sealed = feed::block::pack(&Key::from_bytes([of; 32]), vec![feed::entry::to_message(entry)], place).unwrap();
        let [sealed] = <[Vec<u8>; 1]>::try_from(sealed).unwrap();
        ingestion::Block { position, tenant_id: TENANT.into(), user_id: user.0, generation, consent_position: CONSENT.1, sealed }
    }
}

#[tonic::async_trait]
impl FeedService for Feed {
    type FollowStream = Answers<ingestion::FollowResponse>;

    async fn follow(&self, request: Request<ingestion::FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let after = request.into_inner().after_position;
        let (incarnation, head_position) = LOG;
        let blocks = (1..).zip(&self.entries).filter(|(position, _)| *position > after);
        let blocks = blocks.map(|(position, (origin, entry))| Self::block(position, *origin, entry)).collect();
        let all = ingestion::FollowResponse { incarnation, blocks, position: head_position, head_position };
        answer(Ok(Box::pin(stream::iter([Ok(all)]).chain(stream::pending()))))
    }

    async fn resolve_people(
        &self,
        request: Request<ingestion::ResolvePeopleRequest>,
    ) -> Result<Response<ingestion::ResolvePeopleResponse>, Status> {
        let addresses = request.into_inner().addresses;
        let person_ids = addresses.iter().map(|address| person(address).0).collect();
        answer(Ok(ingestion::ResolvePeopleResponse { person_ids, addresses: Vec::new() }))
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
