//! A holder driven by hand: it says only what a test lets it say.

use std::collections::BTreeMap;

use contracts::consent::v1 as pb;
use pb::enforce_request::Message as Say;
use pb::enforce_response::Message as Told;
use pb::enforcement_service_client::EnforcementServiceClient;
use runtime::fault_of;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;
use vocabulary::Fault;

use crate::suite::Suite;

pub struct Hand {
    says: mpsc::UnboundedSender<pb::EnforceRequest>,
    hears: Streaming<pb::EnforceResponse>,
    renewals: u64,
}

/// A snapshot, its parts put together.
#[derive(Debug)]
pub struct Snapshot {
    pub position: u64,
    pub log_incarnation: u64,
    pub incarnation: u64,
    pub tenants: Vec<pb::EnforcedTenant>,
}

impl Snapshot {
    /// The users of the only tenant, by the first part of their first address.
    pub fn users(&self) -> BTreeMap<String, pb::EnforcedUser> {
        by_name(&self.tenants)
    }
}

pub fn by_name(tenants: &[pb::EnforcedTenant]) -> BTreeMap<String, pb::EnforcedUser> {
    let users = tenants.iter().flat_map(|tenant| &tenant.users);
    let name = |user: &pb::EnforcedUser| user.user.as_ref().unwrap().addresses[0].split('@').next().unwrap().to_owned();
    users.map(|user| (name(user), user.clone())).collect()
}

impl Hand {
    /// Says hello and nothing more.
    pub async fn hello(suite: &Suite, holder: pb::Holder, instance: u64, incarnation: u64) -> Self {
        Self::of_process(suite, holder, instance, incarnation, 0).await
    }

    /// The same, in a process of that number.
    pub async fn of_process(suite: &Suite, holder: pb::Holder, instance: u64, incarnation: u64, process: u64) -> Self {
        let (says, said) = mpsc::unbounded_channel();
        let hello = pb::EnforceHello { holder: holder.into(), instance, incarnation, process };
        says.send(pb::EnforceRequest { message: Some(Say::Hello(hello)) }).unwrap();
        let mut client = EnforcementServiceClient::new(suite.link.clone());
        let hears = client.enforce(UnboundedReceiverStream::new(said)).await.unwrap().into_inner();
        Self { says, hears, renewals: 0 }
    }

    /// Joins, takes the snapshot, acknowledges it and wins a lease.
    pub async fn lease(suite: &Suite, holder: pb::Holder) -> (Self, Snapshot) {
        let mut hand = Self::hello(suite, holder, holder as u64, 0).await;
        let snapshot = hand.snapshot().await;
        hand.acknowledge(snapshot.position);
        hand.renew().await;
        (hand, snapshot)
    }

    pub fn say(&self, message: Say) {
        self.says.send(pb::EnforceRequest { message: Some(message) }).unwrap();
    }

    pub fn acknowledge(&self, position: u64) {
        self.say(Say::Acknowledge(pb::EnforceAcknowledge { position }));
    }

    pub fn ask(&mut self) {
        self.renewals += 1;
        self.say(Say::Renew(pb::EnforceRenew { number: self.renewals }));
    }

    pub async fn renew(&mut self) -> pb::EnforceRenewed {
        self.ask();
        match self.hear().await {
            Ok(Told::Renewed(renewed)) => renewed,
            other => panic!("{other:?} instead of a renewal"),
        }
    }

    pub async fn snapshot(&mut self) -> Snapshot {
        let mut tenants = Vec::new();
        loop {
            match self.hear().await {
                Ok(Told::Snapshot(part)) => {
                    let pb::EnforceSnapshot { position, log_incarnation, incarnation, .. } = part;
                    tenants.extend(part.tenants);
                    if part.last {
                        return Snapshot { position, log_incarnation, incarnation, tenants };
                    }
                }
                other => panic!("{other:?} instead of a snapshot"),
            }
        }
    }

    pub async fn change(&mut self) -> pb::EnforceChange {
        match self.hear().await {
            Ok(Told::Change(change)) => change,
            other => panic!("{other:?} instead of a change"),
        }
    }

    pub async fn hear(&mut self) -> Result<Told, Fault> {
        match self.hears.message().await {
            Ok(Some(message)) => Ok(message.message.unwrap()),
            Ok(None) => Err(Fault::internal("the stream ended")),
            Err(status) => Err(fault_of(&status)),
        }
    }
}
