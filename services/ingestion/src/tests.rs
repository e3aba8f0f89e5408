//! The service on a real store in a temporary directory, with a peer that plays the consent service over its contract.

mod closing;
mod durability;
mod following;
mod ingesting;
mod naming;
mod peer;

use std::sync::Arc;
use std::time::Duration;

use consent_client::{Holder, Subscriber};
use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use runtime::{Config, Context, Link, fault_of};
use vocabulary::{Fault, ManualClock, TenantId, Timestamp};

use crate::batch::BatchSource;
use crate::service::Ingestion;
use peer::Peer;

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;
const TENANT: &str = "contoso";

/// A service with its peer, its data and its clients.
struct Suite {
    dir: tempfile::TempDir,
    peer: Peer,
    clock: Arc<ManualClock>,
    context: Context,
    ingestion: Arc<Ingestion>,
    link: Link,
}

impl Suite {
    /// A tenant with this many users of open mailboxes, `user-1@contoso.example` and so on.
    async fn with_users(count: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let peer = Peer::with_users(count);
        Self::on(dir, peer).await
    }

    /// The service on this data, under this peer. Leases run by a clock that stands still.
    async fn on(dir: tempfile::TempDir, peer: Peer) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
        let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        let context = Context::new(Arc::new(config), clock.clone());
        let consent = Subscriber::start(peer.link(), Holder::Ingestion, clock.clone());
        consent.ready(Duration::from_secs(20)).await.unwrap();
        let ingestion = Arc::new(Ingestion::open(&context, consent).await.unwrap());
        let link = crate::open::area(&context, &ingestion).link(&context.authenticator);
        Self { dir, peer, clock, context, ingestion, link }
    }

    /// Ends the service and starts it again on the same data.
    async fn restarted(self) -> Self {
        let (dir, peer) = self.ended();
        Self::on(dir, peer).await
    }

    fn ended(self) -> (tempfile::TempDir, Peer) {
        self.context.stopping.cancel();
        (self.dir, self.peer)
    }

    fn client(&self) -> IngestionServiceClient<Link> {
        IngestionServiceClient::new(self.link.clone())
    }

    fn feed(&self) -> FeedServiceClient<Link> {
        FeedServiceClient::new(self.link.clone())
    }

    async fn ingest(&self, source: pb::batch_source::Source, interactions: Vec<pb::Interaction>) -> Result<pb::BatchOutcome, Fault> {
        let request = pb::IngestBatchRequest { tenant_id: TENANT.into(), source: of(source), interactions, ..Default::default() };
        let answer = self.client().ingest_batch(request).await.map_err(|status| fault_of(&status))?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    async fn mailbox(&self, mailbox: &str) -> Result<pb::GetMailboxResponse, Fault> {
        let request = pb::GetMailboxRequest { tenant_id: TENANT.into(), mailbox: mailbox.into(), ..Default::default() };
        self.client().get_mailbox(request).await.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    /// Waits until memory and disk are in line with what the peer decided.
    async fn aligned(&self, condition: impl Fn(&Ingestion) -> bool) {
        let mut aligned = self.ingestion.aligned.subscribe();
        tokio::time::timeout(Duration::from_secs(20), aligned.wait_for(|_| condition(&self.ingestion))).await.unwrap().unwrap();
    }

    /// How many blocks the log has on disk.
    fn blocks(&self) -> usize {
        self.ingestion.store.scan::<crate::tables::Log>(()).map(Result::unwrap).count()
    }
}

fn of(source: pb::batch_source::Source) -> Option<pb::BatchSource> {
    Some(pb::BatchSource { source: Some(source) })
}

fn journal() -> pb::batch_source::Source {
    pb::batch_source::Source::Journal(pb::JournalSource {})
}

fn crm() -> pb::batch_source::Source {
    pb::batch_source::Source::Crm(pb::CrmSource {})
}

fn mailbox_of(user: u64) -> pb::batch_source::Source {
    pb::batch_source::Source::Mailbox(user_address(user))
}

fn user_address(user: u64) -> String {
    format!("user-{user}@contoso.example")
}

fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

/// A mail from a customer to these users, an hour old for each of its number.
fn mail(number: u64, to: impl IntoIterator<Item = u64>) -> pb::Interaction {
    let email = pb::Email {
        message_id: format!("<message-{number}@mail.customer.example>"),
        from: "carol@customer.example".into(),
        to: to.into_iter().map(user_address).collect(),
        date: Some(prost_types::Timestamp { seconds: NOW - 3_600 * (number as i64 + 1), nanos: 0 }),
        ..Default::default()
    };
    pb::Interaction { detail: Some(pb::interaction::Detail::Email(email)), ..Default::default() }
}

/// A version of a meeting with user 1.
fn meeting(sequence: u32) -> pb::Interaction {
    let at = |hours: i64| Some(prost_types::Timestamp { seconds: NOW - 3_600 * hours, nanos: 0 });
    let meeting = pb::Meeting {
        uid: "meeting-1@calendar.customer.example".into(),
        start_time: at(3),
        end_time: at(2),
        organizer: "carol@customer.example".into(),
        attendees: vec![pb::Attendee { address: user_address(1), ..Default::default() }],
        sequence,
        ..Default::default()
    };
    pb::Interaction { detail: Some(pb::interaction::Detail::Meeting(meeting)), ..Default::default() }
}

/// A batch from every journal's point of view, ready for the committer.
async fn prepared(suite: &Suite, source: BatchSource, interactions: Vec<pb::Interaction>) -> crate::service::Prepared {
    suite.ingestion.prepare(tenant(), source, interactions).await.unwrap()
}

/// Keeps the committer busy until the sender is dropped, so that what comes meanwhile falls into one group.
async fn held_committer(suite: &Suite) -> std::sync::mpsc::Sender<()> {
    suite.aligned(|ingestion| ingestion.tenants.get(&tenant()).is_ok_and(|tenant| tenant.is_open())).await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let store = suite.ingestion.store.clone();
    tokio::spawn(async move {
        let wait = move |_: &mut store::Changes<'_>| {
            let _ = begun.send(());
            let _ = released.recv();
            Ok::<_, Fault>(())
        };
        store.commit(wait).await
    });
    begins.await.unwrap();
    release
}
