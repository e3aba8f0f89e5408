//! A subscriber against a consent that the test plays by hand, over the real stream.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the whole file is a test")]

use std::sync::Arc;
use std::time::Duration;

use consent_client::{Closed, Holder, MailboxKeyState, MailboxState, Subscriber};
use contracts::consent::v1 as pb;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use pb::enforce_request::Message as Said;
use pb::enforce_response::Message as Told;
use pb::enforcement_service_server::{EnforcementService, EnforcementServiceServer};
use runtime::Link;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::{Address, Kind, ManualClock, Reason, TenantId, Timestamp, UserId};

const PATIENCE: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(2);

/// Hands each stream to the test.
struct Peer(mpsc::UnboundedSender<Session>);

/// The other end of one stream.
struct Session {
    said: Streaming<pb::EnforceRequest>,
    tell: mpsc::UnboundedSender<Result<pb::EnforceResponse, Status>>,
}

#[tonic::async_trait]
impl EnforcementService for Peer {
    type EnforceStream = BoxStream<'static, Result<pb::EnforceResponse, Status>>;

    async fn enforce(&self, request: Request<Streaming<pb::EnforceRequest>>) -> Result<Response<Self::EnforceStream>, Status> {
        let (tell, told) = mpsc::unbounded_channel();
        let session = Session { said: request.into_inner(), tell };
        self.0.send(session).map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(UnboundedReceiverStream::new(told).boxed()))
    }
}

impl Session {
    async fn said(&mut self) -> Option<Said> {
        timeout(PATIENCE, self.said.try_next()).await.unwrap().ok().flatten()?.message
    }

    /// What is said next, renewals left out.
    async fn said_but_renewals(&mut self) -> Said {
        loop {
            match self.said().await.unwrap() {
                Said::Renew(_) => {}
                other => return other,
            }
        }
    }

    async fn renewal(&mut self) -> u64 {
        match self.said().await {
            Some(Said::Renew(renew)) => renew.number,
            other => panic!("a renewal, not {other:?}"),
        }
    }

    fn tell(&self, told: Told) {
        self.tell.send(Ok(pb::EnforceResponse { message: Some(told) })).unwrap();
    }

    fn renew(&self, number: u64, incarnation: u64, position: u64) {
        let lease = Some(LEASE.try_into().unwrap());
        self.tell(Told::Renewed(pb::EnforceRenewed { number, incarnation, position, lease }));
    }

    fn snapshot(&self, incarnation: u64, position: u64, users: Vec<pb::EnforcedUser>) {
        let tenants = vec![enforced_tenant(position, Some(pb::Tenant::default()), users)];
        self.tell(Told::Snapshot(pb::EnforceSnapshot { incarnation, position, tenants, last: true, log_incarnation: 1 }));
    }

    fn change(&self, position: u64, users: Vec<pb::EnforcedUser>) {
        let tenants = vec![enforced_tenant(position, None, users)];
        self.tell(Told::Change(pb::EnforceChange { position, narrowing: true, tenants }));
    }
}

/// A subscriber with its peer: the clock, and the streams it opens.
struct Setting {
    subscriber: Subscriber,
    clock: Arc<ManualClock>,
    sessions: mpsc::UnboundedReceiver<Session>,
}

impl Setting {
    fn new() -> Self {
        let (sender, sessions) = mpsc::unbounded_channel();
        let link = Link::in_process(Routes::new(EnforcementServiceServer::new(Peer(sender))));
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_700_000_000)));
        Self { subscriber: Subscriber::start(link, Holder::Analytics, clock.clone()), clock, sessions }
    }

    /// The next stream, and the incarnation that its hello names.
    async fn session(&mut self) -> (Session, u64) {
        let mut session = timeout(PATIENCE, self.sessions.recv()).await.unwrap().unwrap();
        match session.said().await {
            Some(Said::Hello(hello)) => {
                assert_eq!(hello.holder(), pb::Holder::Analytics);
                (session, hello.incarnation)
            }
            other => panic!("hello, not {other:?}"),
        }
    }

    /// A stream that told of one open mailbox at position 5 of incarnation 3, and granted a first lease.
    async fn live(&mut self) -> Session {
        let (mut session, _) = self.session().await;
        session.snapshot(3, 5, vec![open_user()]);
        assert!(matches!(session.said().await, Some(Said::Acknowledge(pb::EnforceAcknowledge { position: 5 }))));
        assert_eq!(session.renewal().await, 1);
        session.renew(1, 3, 5);
        self.subscriber.ready(PATIENCE).await.unwrap();
        session
    }

    fn reason(&self) -> Option<(Kind, Reason)> {
        self.subscriber.permit(&tenant()).err().map(|fault| (fault.kind, fault.reason))
    }
}

const UNKNOWN: Option<(Kind, Reason)> = Some((Kind::Unavailable, Reason::ConsentUnknown));

fn tenant() -> TenantId {
    TenantId::parse("contoso").unwrap()
}

fn enforced_tenant(position: u64, settings: Option<pb::Tenant>, users: Vec<pb::EnforcedUser>) -> pb::EnforcedTenant {
    let (names_key, facts_key, lookup_key) = (vec![1; 32], vec![2; 32], vec![3; 32]);
    pb::EnforcedTenant { tenant_id: "contoso".into(), settings, names_key, facts_key, lookup_key, users, position, ..Default::default() }
}

fn open_user() -> pb::EnforcedUser {
    let entry = pb::User { addresses: vec!["ada@contoso.example".into()], kind: pb::UserKind::Person.into(), ..pb::User::default() };
    pb::EnforcedUser {
        user_id: 7,
        user: Some(entry),
        named_in_analytics: true,
        generation: 1,
        state: pb::MailboxState::Open.into(),
        log_key: vec![4; 32],
        view_key: vec![5; 32],
        intervals: vec![pb::OpenInterval { from_position: 5, to_position: 0, scope_micros: 0 }],
        ..pb::EnforcedUser::default()
    }
}

fn withdrawn_user() -> pb::EnforcedUser {
    let state = pb::MailboxState::Destroyed.into();
    pb::EnforcedUser { state, log_key: Vec::new(), view_key: Vec::new(), named_in_analytics: false, ..open_user() }
}

#[tokio::test]
async fn a_permit_shows_the_snapshot_while_the_lease_is_alive_and_not_an_instant_longer() {
    let mut setting = Setting::new();
    assert_eq!(setting.reason(), UNKNOWN);
    assert_eq!(setting.subscriber.ready(Duration::ZERO).await.unwrap_err().reason, Reason::ConsentUnknown);
    let _session = setting.live().await;

    let permit = setting.subscriber.permit(&tenant()).unwrap();
    assert_eq!(permit.position(), 5);
    assert!(matches!(permit.block_key(UserId(7), 1, 5), MailboxKeyState::Open(user) if user.log_key.is_some() && user.view_key.is_some()));
    assert!(permit.is_inside(&Address::parse("ada@contoso.example").unwrap()));
    assert_eq!(setting.subscriber.tenants().unwrap(), [tenant()]);
    let stranger = setting.subscriber.permit(&TenantId::parse("fabrikam").unwrap()).unwrap_err();
    assert_eq!((stranger.kind, stranger.reason), (Kind::NotFound, Reason::TenantNotFound));

    setting.clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(setting.reason(), None);
    setting.clock.advance(Duration::from_millis(1));
    assert_eq!(setting.reason(), UNKNOWN);
    assert!(setting.subscriber.tenants().unwrap_err().retry_after.is_some());
}

#[tokio::test]
async fn an_answer_that_arrives_after_its_lease_revives_nothing() {
    let mut setting = Setting::new();
    let mut session = setting.live().await;
    setting.clock.advance(LEASE);
    assert_eq!(setting.reason(), UNKNOWN);
    let number = session.renewal().await;
    setting.clock.advance(LEASE);
    session.renew(number, 3, 5);
    session.change(6, Vec::new());
    setting.subscriber.reached(6, PATIENCE).await.unwrap();
    assert_eq!(setting.reason(), UNKNOWN);

    loop {
        match session.said().await {
            Some(Said::Renew(renew)) => break session.renew(renew.number, 3, 6),
            other => assert!(matches!(other, Some(Said::Acknowledge(_)))),
        }
    }
    setting.subscriber.ready(PATIENCE).await.unwrap();
    assert_eq!(setting.reason(), None);
}

#[tokio::test]
async fn a_withdrawal_is_in_force_when_its_acknowledgement_arrives() {
    let mut setting = Setting::new();
    let mut session = setting.live().await;
    let (mut closings, mut changes) = (setting.subscriber.closings(), setting.subscriber.changes());
    assert_eq!(*changes.borrow_and_update(), 5);

    session.change(6, vec![withdrawn_user()]);
    assert!(matches!(session.said_but_renewals().await, Said::Acknowledge(pb::EnforceAcknowledge { position: 6 })));
    let permit = setting.subscriber.permit(&tenant()).unwrap();
    assert!(matches!(permit.mailbox_key(UserId(7), 1), MailboxKeyState::Destroyed));
    assert!(permit.users.values().all(|user| user.log_key.is_none() && user.view_key.is_none()));

    let closed = timeout(PATIENCE, closings.recv()).await.unwrap().unwrap();
    assert_eq!(closed, Closed { tenant: tenant(), user: UserId(7), generation: 1, state: MailboxState::Destroyed, position: 6 });
    assert_eq!(*changes.wait_for(|position| *position >= 6).await.unwrap(), 6);
    setting.subscriber.reached(6, Duration::ZERO).await.unwrap();
    let early = setting.subscriber.reached(7, Duration::ZERO).await.unwrap_err();
    assert_eq!((early.kind, early.reason), (Kind::Unavailable, Reason::RevisionNotReached));
}

#[tokio::test]
async fn what_was_withdrawn_while_the_stream_was_lost_is_closed_by_the_next_snapshot() {
    let mut setting = Setting::new();
    let session = setting.live().await;
    let mut closings = setting.subscriber.closings();
    drop(session);

    let (mut session, seen) = setting.session().await;
    assert_eq!(seen, 3);
    assert_eq!(setting.reason(), None, "the lease runs on without a stream");
    session.snapshot(4, 9, vec![withdrawn_user()]);
    assert!(matches!(session.said().await, Some(Said::Acknowledge(pb::EnforceAcknowledge { position: 9 }))));
    assert!(setting.subscriber.mirror().tenants[&tenant()].users.values().all(|user| !user.is_open()));
    assert_eq!(timeout(PATIENCE, closings.recv()).await.unwrap().unwrap().position, 9);
}

#[tokio::test]
async fn an_older_consent_is_refused() {
    let mut setting = Setting::new();
    drop(setting.live().await);
    let (mut older, _) = setting.session().await;
    older.snapshot(2, 99, Vec::new());
    assert!(older.said().await.is_none(), "neither acknowledged nor renewed");
    let (_next, seen) = setting.session().await;
    assert_eq!(seen, 3);
    assert_eq!(setting.subscriber.mirror().position, 5);
}

#[tokio::test]
async fn the_stream_ends_with_the_last_clone() {
    let mut setting = Setting::new();
    let mut session = setting.live().await;
    let clone = setting.subscriber.clone();
    drop(setting.subscriber);
    session.change(6, Vec::new());
    assert!(matches!(session.said_but_renewals().await, Said::Acknowledge(_)));
    drop(clone);
    assert!(session.said().await.is_none());
}
