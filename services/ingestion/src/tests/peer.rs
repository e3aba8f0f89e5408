//! The consent service's end of `Enforce`, written by hand: it grants what a test tells it to.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use contracts::consent::v1 as pb;
use contracts::consent::v1::enforcement_service_server::{EnforcementService, EnforcementServiceServer};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use pb::enforce_request::Message as Said;
use pb::enforce_response::Message as Told;
use runtime::{Area, Link};
use tokio::sync::{mpsc, watch};
use tonic::{Request, Response, Status, Streaming};

use super::{TENANT, user_address};

/// Renewals are frequent, and no test waits for a lease to end.
const LEASE_SECONDS: i64 = 5;

#[derive(Clone)]
pub struct Peer {
    world: Arc<Mutex<World>>,
    acknowledged: watch::Sender<u64>,
}

struct World {
    position: u64,
    users: BTreeMap<u64, pb::EnforcedUser>,
    streams: Vec<mpsc::UnboundedSender<Result<pb::EnforceResponse, Status>>>,
}

impl Peer {
    pub fn with_users(count: u64) -> Self {
        let users = (1..=count).map(|id| (id, user(id))).collect();
        let world = World { position: 1, users, streams: Vec::new() };
        Self { world: Arc::new(Mutex::new(world)), acknowledged: watch::Sender::new(0) }
    }

    pub fn link(&self) -> Link {
        Area::new("consent", contracts::DESCRIPTORS)
            .internal(EnforcementServiceServer::new(self.clone()))
            .link(&runtime::Authenticator::nothing())
    }

    /// Decides about a user, and waits until it is in force.
    pub async fn decide(&self, id: u64, decision: impl FnOnce(&mut pb::EnforcedUser)) {
        let position = {
            let mut world = self.world.lock();
            world.position += 1;
            let position = world.position;
            let user = world.users.get_mut(&id).unwrap();
            decision(user);
            let tenants = vec![pb::EnforcedTenant { users: vec![user.clone()], ..tenant(position) }];
            let change = told(Told::Change(pb::EnforceChange { position, narrowing: true, tenants }));
            world.streams.retain(|stream| stream.send(Ok(change.clone())).is_ok());
            position
        };
        self.acknowledged.subscribe().wait_for(|acknowledged| *acknowledged >= position).await.unwrap();
    }

    /// Destroys the keys of a mailbox.
    pub async fn destroy(&self, id: u64) {
        self.decide(id, |user| close(user, pb::MailboxState::Destroyed)).await;
    }

    /// Takes the mailbox away without destroying its keys.
    pub async fn hold(&self, id: u64) {
        self.decide(id, |user| close(user, pb::MailboxState::Held)).await;
    }

    /// Gives the mailbox back under the keys it has.
    pub async fn release(&self, id: u64) {
        self.decide(id, |user| open(user, user.generation)).await;
    }

    /// Opens the mailbox with new keys.
    pub async fn grant(&self, id: u64) {
        self.decide(id, |user| open(user, user.generation + 1)).await;
    }

    /// A peer that has destroyed a mailbox while nobody listened.
    pub fn without(self, id: u64) -> Self {
        {
            let mut world = self.world.lock();
            world.position += 1;
            close(world.users.get_mut(&id).unwrap(), pb::MailboxState::Destroyed);
        }
        self
    }

    fn hello(&self, stream: mpsc::UnboundedSender<Result<pb::EnforceResponse, Status>>) {
        let mut world = self.world.lock();
        let settings = pb::Tenant { tenant_id: TENANT.into(), domains: vec!["contoso.example".into()], ..Default::default() };
        let whole = pb::EnforcedTenant {
            settings: Some(settings),
            names_key: vec![1; 32],
            facts_key: vec![2; 32],
            lookup_key: vec![3; 32],
            users: world.users.values().cloned().collect(),
            ..tenant(world.position)
        };
        let snapshot =
            pb::EnforceSnapshot { incarnation: 1, position: world.position, tenants: vec![whole], last: true, log_incarnation: 1 };
        let _gone = stream.send(Ok(told(Told::Snapshot(snapshot))));
        world.streams.push(stream);
    }
}

fn told(message: Told) -> pb::EnforceResponse {
    pb::EnforceResponse { message: Some(message) }
}

fn tenant(position: u64) -> pb::EnforcedTenant {
    pb::EnforcedTenant { tenant_id: TENANT.into(), position, ..Default::default() }
}

fn user(id: u64) -> pb::EnforcedUser {
    let entry = pb::User {
        external_id: format!("directory-{id}"),
        addresses: vec![user_address(id), format!("alias-{id}@contoso.example")],
        kind: pb::UserKind::Person.into(),
        ..Default::default()
    };
    let mut user = pb::EnforcedUser { user_id: id, user: Some(entry), ..Default::default() };
    open(&mut user, 1);
    user
}

fn open(user: &mut pb::EnforcedUser, generation: u32) {
    user.generation = generation;
    user.state = pb::MailboxState::Open.into();
    user.log_key = vec![user.user_id as u8 ^ (generation as u8) << 5; 32];
    user.intervals = vec![pb::OpenInterval { from_position: 1, to_position: 0, scope_micros: 0 }];
}

fn close(user: &mut pb::EnforcedUser, state: pb::MailboxState) {
    user.state = state.into();
    user.log_key = Vec::new();
}

#[tonic::async_trait]
impl EnforcementService for Peer {
    type EnforceStream = Pin<Box<dyn Stream<Item = Result<pb::EnforceResponse, Status>> + Send>>;

    async fn enforce(&self, request: Request<Streaming<pb::EnforceRequest>>) -> Result<Response<Self::EnforceStream>, Status> {
        let (out, mut waiting) = mpsc::unbounded_channel();
        let (peer, mut said) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Some(Ok(request)) = said.next().await {
                match request.message {
                    Some(Said::Hello(_)) => peer.hello(out.clone()),
                    Some(Said::Renew(pb::EnforceRenew { number })) => {
                        let lease = Some(prost_types::Duration { seconds: LEASE_SECONDS, nanos: 0 });
                        let position = peer.world.lock().position;
                        let renewed = pb::EnforceRenewed { number, incarnation: 1, position, lease };
                        let _gone = out.send(Ok(told(Told::Renewed(renewed))));
                    }
                    Some(Said::Acknowledge(pb::EnforceAcknowledge { position })) => {
                        peer.acknowledged.send_modify(|acknowledged| *acknowledged = position.max(*acknowledged));
                    }
                    None => {}
                }
            }
        });
        Ok(Response::new(Box::pin(futures::stream::poll_fn(move |context| waiting.poll_recv(context)))))
    }
}
