//! DirectoryService.

use std::collections::HashSet;
use std::sync::Arc;

use consent_domain::sync::{self, Refused, Synced};
use consent_domain::{Choice, DirectoryEntry, PerPurpose, State};
use contracts::consent::v1 as pb;
use pb::directory_service_server::DirectoryService;
use runtime::{Caller, answer, fault_of};
use sealing::Key;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::{Fault, Subject, UserId};

use super::consent::is;
use super::{groups, user_at};
use crate::convert::directory as convert;
use crate::convert::erasure::hashes;
use crate::convert::fields::Fields;
use crate::events::Actor;
use crate::pages;
use crate::writer::{Command, Core};

/// The most users in one sync: it is decided, and told to every holder, as a whole.
const USERS_PER_SYNC: u64 = 100_000;

/// Adapts DirectoryService.
pub(crate) struct Directories(pub Arc<Core>);

#[tonic::async_trait]
impl DirectoryService for Directories {
    async fn sync_users(&self, request: Request<Streaming<pb::SyncUsersRequest>>) -> Result<Response<pb::SyncUsersResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.sync(caller?, request.into_inner()).await }.await)
    }

    async fn sync_groups(&self, request: Request<Streaming<pb::SyncGroupsRequest>>) -> Result<Response<pb::SyncGroupsResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { groups::sync(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn list_groups(&self, request: Request<pb::ListGroupsRequest>) -> Result<Response<pb::ListGroupsResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| groups::list(&self.0, &caller, request.get_ref())))
    }

    async fn get_user(&self, request: Request<pb::GetUserRequest>) -> Result<Response<pb::GetUserResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.get(&caller, request.get_ref())))
    }

    async fn list_users(&self, request: Request<pb::ListUsersRequest>) -> Result<Response<pb::ListUsersResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.list(&caller, request.get_ref())))
    }
}

/// The users of a sync, as far as they are well formed.
#[derive(Default)]
struct Taken {
    count: u64,
    entries: Vec<(u64, DirectoryEntry)>,
    refused: Vec<Refused>,
    refused_ids: HashSet<Box<str>>,
}

impl Taken {
    fn take(&mut self, user: &pb::User) -> Result<(), Fault> {
        let index = self.count;
        self.count += 1;
        if self.count > USERS_PER_SYNC {
            return Err(Fault::invalid_field("users", format!("a sync has at most {USERS_PER_SYNC} users")));
        }
        match convert::entry(user) {
            Ok(entry) => self.entries.push((index, entry)),
            Err(violations) => {
                self.refused_ids.insert(user.external_id.as_str().into());
                let refused = violations.into_iter().map(|wrong| Refused { index, field: wrong.field, description: wrong.description });
                self.refused.extend(refused);
            }
        }
        Ok(())
    }
}

impl Directories {
    /// Nothing is taken before the stream has ended: a sync that breaks off changes nothing.
    async fn sync(&self, caller: Caller, mut stream: Streaming<pb::SyncUsersRequest>) -> Result<pb::SyncUsersResponse, Fault> {
        let missing = || Fault::invalid_field("tenant_id", "the stream has no message");
        let mut message = stream.message().await.map_err(|status| fault_of(&status))?.ok_or_else(missing)?;
        let (tenant, mode, allowed) = convert::beginning(&message)?;
        let validate_only = message.validate_only;
        caller.require_tenant(&tenant)?;
        let lookup = self.0.read(&tenant, "")?.0.keys.lookup.clone();
        let mut taken = Taken::default();
        loop {
            convert::part(&message, &tenant)?;
            message.users.iter().try_for_each(|user| taken.take(user))?;
            match stream.message().await.map_err(|status| fault_of(&status))? {
                Some(next) => message = next,
                None => break,
            }
        }
        let Taken { entries, refused, refused_ids, .. } = taken;
        let command =
            Command { tenant, actor: Actor::Caller(caller.clone()), repeat: None, validate_only, narrows: true, named: Vec::new() };
        let decided = self.0.decide(
            command,
            move |state, moment| {
                let mut synced =
                    sync::decide(state, mode, entries, &refused_ids, allowed, |entry| newcomer(state, &lookup, entry), moment)?;
                Ok((std::mem::take(&mut synced.decision), synced))
            },
            |_, decision, synced: Synced, revision| convert::synced(synced, decision.closed, refused, revision),
        );
        let decided = decided.await?;
        self.0.enforced(&decided).await?;
        Ok(decided.answer)
    }

    fn get(&self, caller: &Caller, request: &pb::GetUserRequest) -> Result<pb::GetUserResponse, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", &request.tenant_id);
        let address = fields.address("user", &request.user);
        let (tenant, address) = fields.done(tenant.zip(address))?;
        caller.require_tenant(&tenant)?;
        let (held, _) = self.0.read(&tenant, "")?;
        let user = user_at(&held.state, &address);
        caller.require_own(user.as_ref().is_ok_and(|user| is(caller, &held.state, user)))?;
        let user = user?;
        self.0.access.count(caller, &tenant, "rapport.consent.v1.DirectoryService/GetUser", [Subject::User(user.id)]);
        Ok(pb::GetUserResponse { user: Some(convert::user(user)) })
    }

    fn list(&self, caller: &Caller, request: &pb::ListUsersRequest) -> Result<pb::ListUsersResponse, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", &request.tenant_id);
        let tenant = fields.done(tenant)?;
        caller.require_tenant(&tenant)?;
        let size = pages::size(request.page_size)?;
        let list = ["ListUsers", tenant.as_str()];
        let after = pages::after(&self.0.page_key, &list, &request.page_token)?;
        let (held, _) = self.0.read(&tenant, "")?;
        let mut found = held.state.directory.after(after.as_deref());
        let users: Vec<_> = found.by_ref().take(size).map(|user| convert::user(user)).collect();
        let last = users.last().filter(|_| found.next().is_some());
        let next_page_token = last.map(|last| pages::token(&self.0.page_key, &list, &last.external_id)).unwrap_or_default();
        self.0.access.count(caller, &tenant, "rapport.consent.v1.DirectoryService/ListUsers", [Subject::Everybody]);
        Ok(pb::ListUsersResponse { users, next_page_token })
    }
}

/// Somebody new: with an id that nobody has, and opted out of everything if they were erased before.
fn newcomer(state: &State, lookup: &Key, entry: &DirectoryEntry) -> (UserId, PerPurpose<Choice>) {
    let erased = &state.erased.addresses;
    let back = !erased.is_empty() && hashes(lookup, &entry.addresses).iter().any(|hash| erased.contains(hash));
    let choice = if back { Choice::Out } else { Choice::Unset };
    (fresh(state), PerPurpose { analytics: choice, graph: choice })
}

/// An id that nobody of the tenant has.
fn fresh(state: &State) -> UserId {
    loop {
        let id = UserId(sealing::random::id());
        if state.directory.get(id).is_none() {
            return id;
        }
    }
}
