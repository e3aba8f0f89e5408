//! What DirectoryService and ConsentService do with security groups.

use std::collections::HashSet;
use std::sync::Arc;

use consent_domain::opt_group;
use consent_domain::sync::Refused;
use consent_domain::sync_groups::{self, GroupEntry, GroupsSynced};
use contracts::consent::v1 as pb;
use runtime::{Caller, fault_of};
use tonic::Streaming;
use vocabulary::{Fault, Subject};

use crate::convert::fields::Fields;
use crate::convert::group as convert;
use crate::events::Actor;
use crate::pages;
use crate::requests::Repeatable;
use crate::writer::{Command, Core};

/// The most parts of groups in one sync.
const PARTS_PER_SYNC: usize = 20_000;

/// Nothing is taken before the stream has ended: a sync that breaks off changes nothing.
pub(super) async fn sync(
    core: &Arc<Core>,
    caller: Caller,
    mut stream: Streaming<pb::SyncGroupsRequest>,
) -> Result<pb::SyncGroupsResponse, Fault> {
    let missing = || Fault::invalid_field("tenant_id", "the stream has no message");
    let mut message = stream.message().await.map_err(|status| fault_of(&status))?.ok_or_else(missing)?;
    let (tenant, mode, allowed) = convert::beginning(&message)?;
    let validate_only = message.validate_only;
    caller.require_tenant(&tenant)?;
    core.read(&tenant, "")?;
    let (mut entries, mut refused): (Vec<(u64, GroupEntry)>, Vec<Refused>) = Default::default();
    let mut wrong: HashSet<String> = HashSet::new();
    let mut index = 0;
    loop {
        convert::part(&message, &tenant)?;
        for group in &message.groups {
            match convert::entry(group) {
                Ok(entry) => entries.push((index, entry)),
                Err(violations) => {
                    wrong.insert(group.external_id.clone());
                    refused.extend(violations.into_iter().map(|wrong| Refused {
                        index,
                        field: wrong.field,
                        description: wrong.description,
                    }));
                }
            }
            index += 1;
        }
        if entries.len() + refused.len() > PARTS_PER_SYNC {
            return Err(Fault::invalid_field("groups", format!("a sync has at most {PARTS_PER_SYNC} parts of groups")));
        }
        match stream.message().await.map_err(|status| fault_of(&status))? {
            Some(next) => message = next,
            None => break,
        }
    }
    // A group of which a part is wrong stays as it was: without that part it would let somebody out.
    entries.retain(|(_, entry)| !wrong.contains(&*entry.external_id));
    let untouched = wrong.into_iter().map(Into::into).collect();
    let command = Command { tenant, actor: Actor::Caller(caller.clone()), repeat: None, validate_only, narrows: true, named: Vec::new() };
    let decided = core.decide(
        command,
        move |state, moment| {
            let mut synced = sync_groups::decide(state, mode, entries, &untouched, allowed, moment)?;
            Ok((std::mem::take(&mut synced.decision), synced))
        },
        |_, decision, synced: GroupsSynced, revision| convert::synced(synced, decision.closed, refused, revision),
    );
    let decided = decided.await?;
    core.enforced(&decided).await?;
    Ok(decided.answer)
}

pub(super) fn list(core: &Core, caller: &Caller, request: &pb::ListGroupsRequest) -> Result<pb::ListGroupsResponse, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let tenant = fields.done(tenant)?;
    caller.require_tenant(&tenant)?;
    let size = pages::size(request.page_size)?;
    let list = ["ListGroups", tenant.as_str()];
    let after = pages::after(&core.page_key, &list, &request.page_token)?;
    let (held, _) = core.read(&tenant, "")?;
    let groups = &held.state.groups;
    let mut found = groups.0.iter().skip_while(|(id, _)| after.as_deref().is_some_and(|after| ***id <= *after));
    let page: Vec<_> = found.by_ref().take(size).map(|(id, group)| convert::group(groups, id, group)).collect();
    let last = page.last().filter(|_| found.next().is_some());
    let next_page_token = last.map(|last| pages::token(&core.page_key, &list, &last.external_id)).unwrap_or_default();
    core.access.count(caller, &tenant, "rapport.consent.v1.DirectoryService/ListGroups", [Subject::Everybody]);
    Ok(pb::ListGroupsResponse { groups: page, next_page_token })
}

pub(super) async fn opt_out(core: &Arc<Core>, caller: Caller, request: pb::OptOutGroupRequest) -> Result<pb::OptOutGroupResponse, Fault> {
    let convert::OptOut { tenant, group, purposes, mode, allowed } = convert::opted_out(&request)?;
    caller.require_tenant(&tenant)?;
    let repeat = Repeatable::of("OptOutGroup", &request.request_id, &request);
    let command = Command {
        tenant,
        actor: Actor::Caller(caller.clone()),
        repeat,
        validate_only: request.validate_only,
        narrows: true,
        named: Vec::new(),
    };
    let decided = core.decide(
        command,
        move |state, moment| Ok((opt_group::out(state, &group, purposes, mode, allowed, moment)?, ())),
        |_, decision, (), revision| pb::OptOutGroupResponse {
            mailboxes_closed: decision.closed as i64,
            users: decision.users.len() as i64,
            enforced_time: None,
            revision,
        },
    );
    let decided = decided.await?;
    let enforced = core.enforced(&decided).await?;
    let enforced_time = (!request.validate_only).then(|| crate::convert::time(enforced));
    Ok(pb::OptOutGroupResponse { enforced_time, ..decided.answer })
}

pub(super) async fn opt_in(core: &Arc<Core>, caller: Caller, request: pb::OptInGroupRequest) -> Result<pb::OptInGroupResponse, Fault> {
    let (tenant, group, purposes) = convert::back_in(&request)?;
    caller.require_tenant(&tenant)?;
    let repeat = Repeatable::of("OptInGroup", &request.request_id, &request);
    let command = Command { tenant, actor: Actor::Caller(caller.clone()), repeat, validate_only: false, narrows: false, named: Vec::new() };
    let decided = core.decide(
        command,
        move |state, moment| Ok((opt_group::back_in(state, &group, purposes, moment)?, ())),
        |_, decision, (), revision| pb::OptInGroupResponse { mailboxes_opened: decision.opened as i64, revision },
    );
    Ok(decided.await?.answer)
}
