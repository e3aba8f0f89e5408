//! Ingestion's end of the feed, written by hand: it serves sealed blocks, and names whoever is asked for.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::feed_service_server::{FeedService, FeedServiceServer};
use feed::{block, entry};
use futures::{Stream, stream};
use parking_lot::Mutex;
use runtime::{Link, answer};
use sealing::Key;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use vocabulary::entry::{Entry, Identity, InteractionKind, Version};
use vocabulary::{Fault, Kind, PersonId, Reason, Revision, TenantId, Timestamp, UserId, revision::Part};

use crate::consent::log_key;
use crate::process::PATIENCE;

/// Few, so that a log takes several messages.
const BLOCKS_A_MESSAGE: usize = 3;

/// As many as anybody appends.
pub const ALL_BLOCKS: usize = usize::MAX;

#[derive(Clone)]
pub struct Log {
    kept: Arc<Mutex<Kept>>,
    /// Rises with whatever changes.
    changes: watch::Sender<u64>,
}

struct Kept {
    incarnation: u64,
    lines: Vec<Line>,
    blocks: Vec<pb::Block>,
    following: Service,
    naming: Service,
    /// Tenants whose people are not named.
    nameless: HashSet<String>,
    asked: Vec<String>,
    blocks_a_message: usize,
    /// Where followers began.
    followed: Vec<u64>,
}

/// How a part of the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Up,
    Down,
    /// It takes calls and does not answer them.
    Hanging,
    /// It answers calls, and then tells nothing.
    Silent,
}

/// A block in plain words.
#[derive(Clone, Debug)]
pub struct Line {
    pub tenant: String,
    pub user: u64,
    pub generation: u32,
    pub sealed: u64,
    pub numbers: Vec<u64>,
}

impl Default for Log {
    fn default() -> Self {
        let kept = Kept {
            incarnation: 7,
            lines: Vec::new(),
            blocks: Vec::new(),
            following: Service::Up,
            naming: Service::Up,
            nameless: HashSet::new(),
            asked: Vec::new(),
            blocks_a_message: BLOCKS_A_MESSAGE,
            followed: Vec::new(),
        };
        Self { kept: Arc::new(Mutex::new(kept)), changes: watch::Sender::new(0) }
    }
}

impl Log {
    pub fn link(&self) -> Link {
        Link::in_process(Routes::new(FeedServiceServer::new(self.clone())))
    }

    /// Appends one block; answers its position.
    pub fn append(&self, line: Line) -> u64 {
        let mut kept = self.kept.lock();
        let Line { tenant, user, generation, sealed: consent_position, numbers } = &line;
        let position = kept.blocks.len() as u64 + 1;
        let key = Key::from_bytes(log_key(tenant, *user, *generation));
        let place = block::log_place(&TenantId::parse(tenant).unwrap(), UserId(*user), *generation, position);
        let entries = numbers.iter().map(|number| entry::to_message(&mail(*number))).collect();
        let [sealed] = <[Vec<u8>; 1]>::try_from(block::pack(&key, entries, |_| place.clone()).unwrap()).unwrap();
        let (tenant_id, user_id) = (tenant.clone(), *user);
        let block = pb::Block { position, tenant_id, user_id, generation: *generation, consent_position: *consent_position, sealed };
        kept.blocks.push(block);
        kept.lines.push(line);
        drop(kept);
        self.changes.send_modify(|change| *change += 1);
        position
    }

    /// What was appended to the present log.
    pub fn lines(&self) -> Vec<Line> {
        self.kept.lock().lines.clone()
    }

    /// The end of the log, as an answer of ingestion would name it.
    pub fn revision(&self) -> Revision {
        let kept = self.kept.lock();
        Revision::of(Part::Log, kept.incarnation, kept.blocks.len() as u64)
    }

    /// Begins another log, without blocks.
    pub fn replace(&self) {
        self.change(|kept| {
            kept.incarnation += 1;
            kept.lines.clear();
            kept.blocks.clear();
        });
    }

    pub fn following(&self, following: Service) {
        self.change(|kept| kept.following = following);
    }

    pub fn naming(&self, naming: Service) {
        self.change(|kept| kept.naming = naming);
    }

    /// Refuses to name the people of a tenant.
    pub fn nameless(&self, tenant: &str) {
        self.kept.lock().nameless.insert(tenant.to_owned());
    }

    /// Who was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.kept.lock().asked.clone()
    }

    pub fn blocks_a_message(&self, blocks: usize) {
        self.kept.lock().blocks_a_message = blocks;
    }

    /// After which positions followers asked for blocks.
    pub fn followed(&self) -> Vec<u64> {
        self.kept.lock().followed.clone()
    }

    /// Waits until a follower asks for the blocks after a position.
    pub async fn until_followed(&self, position: u64) {
        let mut changes = self.changes.subscribe();
        let asked = async {
            while self.kept.lock().followed.last() != Some(&position) {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap();
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.lock());
        self.changes.send_modify(|change| *change += 1);
    }

    /// Waits until a service no longer hangs.
    async fn awake(&self, service: impl Fn(&Kept) -> Service) -> Result<(), Status> {
        let mut changes = self.changes.subscribe();
        loop {
            match service(&self.kept.lock()) {
                Service::Up | Service::Silent => return Ok(()),
                Service::Down => return Err(Status::unavailable("the feed is down")),
                Service::Hanging => {}
            }
            changes.changed().await.unwrap();
        }
    }
}

/// The id of whoever has an address.
pub fn person(address: &str) -> PersonId {
    PersonId(address.bytes().fold(7, |id: u64, byte| id.wrapping_mul(31).wrapping_add(byte.into())))
}

fn mail(number: u64) -> Entry {
    Entry {
        identity: Identity(number.into()),
        kind: InteractionKind::Email,
        time: Timestamp::from_seconds(number as i64),
        author: PersonId(1),
        participants: Vec::new(),
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

/// Where a follower is.
struct At {
    log: Log,
    changes: watch::Receiver<u64>,
    incarnation: u64,
    position: u64,
    greeted: bool,
}

impl At {
    async fn next(&mut self) -> Result<pb::FollowResponse, Status> {
        loop {
            self.changes.borrow_and_update();
            if let Some(message) = self.look()? {
                (self.position, self.greeted) = (message.position, true);
                return Ok(message);
            }
            self.changes.changed().await.unwrap();
        }
    }

    fn look(&self) -> Result<Option<pb::FollowResponse>, Status> {
        let kept = self.log.kept.lock();
        if kept.following == Service::Down || kept.incarnation != self.incarnation {
            return Err(Status::unavailable("the feed is down"));
        }
        let head_position = kept.blocks.len() as u64;
        if matches!(kept.following, Service::Hanging | Service::Silent) || (self.greeted && self.position == head_position) {
            return Ok(None);
        }
        let blocks: Vec<_> = kept.blocks.iter().skip(self.position as usize).take(kept.blocks_a_message).cloned().collect();
        let position = blocks.last().map_or(head_position, |block| block.position);
        Ok(Some(pb::FollowResponse { incarnation: self.incarnation, blocks, position, head_position }))
    }
}

#[tonic::async_trait]
impl FeedService for Log {
    type FollowStream = Pin<Box<dyn Stream<Item = Result<pb::FollowResponse, Status>> + Send>>;

    async fn follow(&self, request: Request<pb::FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        self.awake(|kept| kept.following).await?;
        let pb::FollowRequest { after_position: position, incarnation } = request.into_inner();
        let mut kept = self.kept.lock();
        let known = incarnation == kept.incarnation || (incarnation == 0 && position == 0);
        if !known || position > kept.blocks.len() as u64 {
            return answer(Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the log has no such position")));
        }
        kept.followed.push(position);
        let incarnation = kept.incarnation;
        drop(kept);
        self.changes.send_modify(|change| *change += 1);
        let changes = self.changes.subscribe();
        let at = At { log: self.clone(), changes, incarnation, position, greeted: false };
        Ok(Response::new(Box::pin(stream::unfold(Some(at), |at| async {
            let mut at = at?;
            let message = at.next().await;
            let rest = message.is_ok().then_some(at);
            Some((message, rest))
        }))))
    }

    async fn resolve_people(&self, request: Request<pb::ResolvePeopleRequest>) -> Result<Response<pb::ResolvePeopleResponse>, Status> {
        let pb::ResolvePeopleRequest { tenant_id, addresses, mint, .. } = request.into_inner();
        assert!(mint, "the directory's people exist before their mail arrives");
        self.awake(|kept| if kept.nameless.contains(&tenant_id) { Service::Down } else { kept.naming }).await?;
        self.kept.lock().asked.extend(addresses.iter().cloned());
        let person_ids = addresses.iter().map(|address| person(address).0).collect();
        Ok(Response::new(pb::ResolvePeopleResponse { person_ids, addresses: Vec::new() }))
    }
}
