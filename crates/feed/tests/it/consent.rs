//! The consent service's end of `Enforce`, written by hand: it decides what a test tells it to, by the rules of the real one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use contracts::consent::v1 as pb;
use contracts::consent::v1::enforcement_service_server::{EnforcementService, EnforcementServiceServer};
use futures::{Stream, StreamExt as _, stream};
use parking_lot::Mutex;
use pb::enforce_request::Message as Said;
use pb::enforce_response::Message as Told;
use runtime::Link;
use tokio::sync::mpsc;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// The longest a test may take: leases end only where a test moves the clock.
const LEASE_SECONDS: i64 = 3600;

/// Which log of decisions this is.
pub const LOG_OF_DECISIONS: u64 = 3;

type Teller = mpsc::UnboundedSender<Result<pb::EnforceResponse, Status>>;

#[derive(Clone, Default)]
pub struct Consent(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    position: u64,
    tenants: BTreeMap<String, Tenant>,
    /// Those who said hello.
    streams: Vec<Teller>,
    /// Those who have not yet. A stream ends when it is neither here nor there.
    silent: Vec<Teller>,
    /// Decisions that are made but not told.
    withheld: Option<Vec<pb::EnforceResponse>>,
    down: bool,
}

#[derive(Clone, Default)]
pub struct Tenant {
    position: u64,
    users: BTreeMap<u64, Mailbox>,
}

/// A mailbox as consent sees it.
#[derive(Clone, Debug, Default)]
pub struct Mailbox {
    pub generation: u32,
    pub state: State,
    /// How often its view key was minted.
    pub keys: u8,
    pub intervals: Vec<(u64, u64)>,
    pub addresses: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    None,
    Open,
    Held,
    Destroyed,
}

impl Mailbox {
    /// What may be folded of it now: blocks of a generation, sealed at a position.
    pub fn readable(&self, generation: u32, sealed: u64) -> bool {
        let within = |&(from, to): &(u64, u64)| from <= sealed && (to == 0 || sealed < to);
        self.state == State::Open && self.generation == generation && self.intervals.iter().any(within)
    }

    fn close(&mut self, position: u64) {
        if let Some(last) = self.intervals.last_mut().filter(|(_, to)| *to == 0) {
            last.1 = position;
        }
    }
}

impl Consent {
    pub fn link(&self) -> Link {
        Link::in_process(Routes::new(EnforcementServiceServer::new(self.clone())))
    }

    /// The position of the last decision.
    pub fn position(&self) -> u64 {
        self.0.lock().position
    }

    /// What is decided of a mailbox.
    pub fn mailbox(&self, tenant: &str, user: u64) -> Mailbox {
        self.0.lock().tenants[tenant].users[&user].clone()
    }

    /// Adds a tenant without anybody.
    pub fn create(&self, tenant: &str) -> u64 {
        self.decide(tenant, true, |_, _| None)
    }

    /// Opens a mailbox with new keys: its first or its next generation.
    pub fn grant(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, position| {
            mailbox.generation += 1;
            mailbox.keys += 1;
            (mailbox.state, mailbox.intervals) = (State::Open, vec![(position, 0)]);
        })
    }

    /// Takes a mailbox away; its keys live on.
    pub fn hold(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, position| {
            mailbox.close(position);
            mailbox.state = State::Held;
        })
    }

    /// Gives a mailbox back that nobody could read meanwhile.
    pub fn release(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, _| {
            mailbox.intervals.last_mut().unwrap().1 = 0;
            mailbox.state = State::Open;
        })
    }

    /// Gives a mailbox back that another purpose could read meanwhile.
    pub fn release_from_now(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, position| {
            mailbox.intervals.push((position, 0));
            mailbox.state = State::Open;
        })
    }

    /// Destroys what this view may have of a mailbox.
    pub fn destroy(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, _| {
            mailbox.intervals.clear();
            mailbox.state = State::Destroyed;
        })
    }

    /// Opens a mailbox for this view in a generation that another purpose kept alive: with a new key of the view's.
    pub fn reopen(&self, tenant: &str, user: u64) -> u64 {
        self.change(tenant, user, |mailbox, position| {
            mailbox.keys += 1;
            (mailbox.state, mailbox.intervals) = (State::Open, vec![(position, 0)]);
        })
    }

    /// Gives a user of the directory these addresses.
    pub fn addresses(&self, tenant: &str, user: u64, addresses: &[&str]) -> u64 {
        self.change(tenant, user, |mailbox, _| mailbox.addresses = addresses.iter().map(|text| (*text).to_owned()).collect())
    }

    /// Tells nobody of decisions, until [`Consent::tell`].
    pub fn withhold(&self) {
        self.0.lock().withheld.get_or_insert_default();
    }

    /// Tells what was withheld, all at once.
    pub fn tell(&self) {
        let mut world = self.0.lock();
        for told in world.withheld.take().unwrap_or_default() {
            world.send(&told);
        }
    }

    /// Ends every stream, and answers none.
    pub fn down(&self) {
        let mut world = self.0.lock();
        world.down = true;
        world.streams.clear();
        world.silent.clear();
    }

    /// Answers again.
    pub fn up(&self) {
        self.0.lock().down = false;
    }

    fn change(&self, tenant: &str, user: u64, decision: impl FnOnce(&mut Mailbox, u64)) -> u64 {
        self.decide(tenant, false, |tenant, position| {
            let mailbox = tenant.users.entry(user).or_insert_with(|| Mailbox { addresses: vec![address(user)], ..Mailbox::default() });
            decision(mailbox, position);
            Some(user)
        })
    }

    fn decide(&self, tenant: &str, settings: bool, decision: impl FnOnce(&mut Tenant, u64) -> Option<u64>) -> u64 {
        let mut world = self.0.lock();
        world.position += 1;
        let position = world.position;
        let held = world.tenants.entry(tenant.to_owned()).or_default();
        held.position = position;
        let user = decision(held, position);
        let told = enforced(tenant, held, settings, |id| Some(id) == user);
        let change = Told::Change(pb::EnforceChange { position, narrowing: true, tenants: vec![told] });
        let change = pb::EnforceResponse { message: Some(change) };
        match &mut world.withheld {
            Some(withheld) => withheld.push(change),
            None => world.send(&change),
        }
        position
    }
}

impl World {
    fn send(&mut self, told: &pb::EnforceResponse) {
        self.streams.retain(|stream| stream.send(Ok(told.clone())).is_ok());
    }

    fn answer(&mut self, said: Said, stream: Teller) {
        let message = match said {
            Said::Hello(_) => {
                self.silent.retain(|silent| !silent.same_channel(&stream));
                self.streams.push(stream.clone());
                // What is in a snapshot need not be told again.
                self.withheld = self.withheld.take().map(|_| Vec::new());
                let tenants = self.tenants.iter().map(|(id, tenant)| enforced(id, tenant, true, |_| true)).collect();
                let (position, log_incarnation) = (self.position, LOG_OF_DECISIONS);
                Told::Snapshot(pb::EnforceSnapshot { incarnation: 1, position, tenants, last: true, log_incarnation })
            }
            Said::Renew(pb::EnforceRenew { number }) => {
                let lease = Some(prost_types::Duration { seconds: LEASE_SECONDS, nanos: 0 });
                Told::Renewed(pb::EnforceRenewed { number, incarnation: 1, position: 0, lease })
            }
            Said::Acknowledge(_) => return,
        };
        let _gone = stream.send(Ok(pb::EnforceResponse { message: Some(message) }));
    }
}

#[tonic::async_trait]
impl EnforcementService for Consent {
    type EnforceStream = Pin<Box<dyn Stream<Item = Result<pb::EnforceResponse, Status>> + Send>>;

    async fn enforce(&self, request: Request<Streaming<pb::EnforceRequest>>) -> Result<Response<Self::EnforceStream>, Status> {
        if self.0.lock().down {
            return Err(Status::unavailable("consent is down"));
        }
        let (out, mut waiting) = mpsc::unbounded_channel();
        let (consent, mut said, stream) = (self.clone(), request.into_inner(), out.downgrade());
        self.0.lock().silent.push(out);
        tokio::spawn(async move {
            while let Some(Ok(pb::EnforceRequest { message: Some(message) })) = said.next().await {
                let Some(stream) = stream.upgrade() else { break };
                consent.0.lock().answer(message, stream);
            }
        });
        Ok(Response::new(Box::pin(stream::poll_fn(move |context| waiting.poll_recv(context)))))
    }
}

/// The address a user has unless a test gives others.
pub fn address(user: u64) -> String {
    format!("user{user}@contoso.example")
}

fn enforced(id: &str, tenant: &Tenant, settings: bool, named: impl Fn(u64) -> bool) -> pb::EnforcedTenant {
    let users = tenant.users.iter().filter(|(user, _)| named(**user)).map(|(user, mailbox)| enforced_user(id, *user, mailbox)).collect();
    let key = |what| if settings { key(id, 0, what).to_vec() } else { Vec::new() };
    pb::EnforcedTenant {
        tenant_id: id.to_owned(),
        settings: settings.then(pb::Tenant::default),
        names_key: key(1),
        facts_key: key(2),
        lookup_key: key(3),
        users,
        position: tenant.position,
        ..pb::EnforcedTenant::default()
    }
}

fn enforced_user(tenant: &str, user_id: u64, mailbox: &Mailbox) -> pb::EnforcedUser {
    let entry = pb::User { addresses: mailbox.addresses.clone(), kind: pb::UserKind::Person.into(), ..pb::User::default() };
    let state = match mailbox.state {
        State::None => pb::MailboxState::None,
        State::Open => pb::MailboxState::Open,
        State::Held => pb::MailboxState::Held,
        State::Destroyed => pb::MailboxState::Destroyed,
    };
    let usable = |key: [u8; 32]| if mailbox.state == State::Open { key.to_vec() } else { Vec::new() };
    let interval = |&(from_position, to_position): &(u64, u64)| pb::OpenInterval { from_position, to_position, scope_micros: 0 };
    pb::EnforcedUser {
        user_id,
        user: Some(entry),
        named_in_analytics: true,
        named_in_graph: true,
        generation: mailbox.generation,
        state: state.into(),
        log_key: usable(log_key(tenant, user_id, mailbox.generation)),
        view_key: usable(key(tenant, user_id, 100 + mailbox.keys)),
        intervals: mailbox.intervals.iter().map(interval).collect(),
        scope_micros: 0,
    }
}

/// The key that blocks of a mailbox, or of the CRM, are sealed under.
pub fn log_key(tenant: &str, user: u64, generation: u32) -> [u8; 32] {
    if user == 0 { key(tenant, 0, 2) } else { key(tenant, user, 10 + generation as u8) }
}

fn key(tenant: &str, user: u64, what: u8) -> [u8; 32] {
    let mut key = [what; 32];
    key[..8].copy_from_slice(&user.to_le_bytes());
    key[8] = tenant.len() as u8;
    key[9] = tenant.as_bytes()[0];
    key
}
