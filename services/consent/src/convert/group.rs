//! Security groups as the directory tells them, and as clients see them.

use consent_domain::sync::{Mode, Refused};
use consent_domain::sync_groups::{GroupEntry, GroupsSynced};
use consent_domain::{Allowed, Group, Groups, OptOutMode, PerPurpose, Purpose};
use contracts::consent::v1 as pb;
use vocabulary::{Fault, TenantId, Violation};

use super::directory::{mode, refusals};
use super::fields::Fields;

/// The most groups in one message of a sync, and the most members in one part of a group.
const PER_MESSAGE: usize = 1000;

/// What the first message of a sync says.
pub(crate) fn beginning(request: &pb::SyncGroupsRequest) -> Result<(TenantId, Mode, Allowed), Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let mode = mode(&mut fields, request.mode);
    let allowed = fields.allowed(request.expected_destroyed, request.validate_only);
    fields.done(tenant.zip(mode).zip(allowed).map(|((tenant, mode), allowed)| (tenant, mode, allowed)))
}

/// Checks what every message of a sync must keep to.
pub(crate) fn part(request: &pb::SyncGroupsRequest, tenant: &TenantId) -> Result<(), Fault> {
    let mut fields = Fields::default();
    if !request.tenant_id.is_empty() && request.tenant_id != tenant.as_str() {
        fields.wrong("tenant_id", "is another one than in the first message");
    }
    if request.groups.len() > PER_MESSAGE {
        fields.wrong("groups", format!("has more than {PER_MESSAGE} groups"));
    }
    fields.done(Some(()))
}

/// A group, or what is wrong with it.
pub(crate) fn entry(group: &pb::Group) -> Result<GroupEntry, Vec<Violation>> {
    let mut fields = Fields::default();
    let external_id = fields.external_id("external_id", &group.external_id);
    let display_name = fields.words("display_name", &group.display_name, 512);
    let mut ids = |field: &str, ids: &[String]| {
        if ids.len() > PER_MESSAGE {
            fields.wrong(field, format!("has more than {PER_MESSAGE} ids; send the group in parts"));
        }
        ids.iter().enumerate().filter_map(|(at, id)| fields.external_id(format!("{field}[{at}]"), id)).collect()
    };
    let (members, groups) = (ids("member_ids", &group.member_ids), ids("group_ids", &group.group_ids));
    match (external_id.zip(display_name), fields.into_violations()) {
        (Some((external_id, display_name)), violations) if violations.is_empty() => {
            Ok(GroupEntry { external_id, display_name, members, groups })
        }
        (_, violations) => Err(violations),
    }
}

/// What became of a sync that closed so many mailboxes; `refused` are the entries that did not come as far as the rules.
pub(crate) fn synced(synced: GroupsSynced, closed: u64, mut refused: Vec<Refused>, revision: String) -> pb::SyncGroupsResponse {
    refused.extend(synced.refused);
    pb::SyncGroupsResponse {
        added: synced.added as i64,
        updated: synced.updated as i64,
        removed: synced.removed as i64,
        kept: synced.kept as i64,
        unchanged: synced.unchanged as i64,
        refused: refusals(refused),
        mailboxes_closed: closed as i64,
        revision,
    }
}

/// A group as clients see it.
pub(crate) fn group(groups: &Groups, id: &str, group: &Group) -> pb::GroupState {
    let opt_outs = Purpose::ALL.into_iter().filter_map(|purpose| {
        let mode = mode_word((*group.opted_out.of(purpose))?).into();
        Some(pb::GroupOptOut { purpose: super::purpose_word(purpose).into(), mode })
    });
    pb::GroupState {
        external_id: id.to_owned(),
        display_name: group.display_name.to_string(),
        users: groups.everybody_in(id).len() as i64,
        opt_outs: opt_outs.collect(),
    }
}

/// A group to be opted out.
pub(crate) struct OptOut {
    pub tenant: TenantId,
    pub group: Box<str>,
    pub purposes: PerPurpose<bool>,
    pub mode: OptOutMode,
    pub allowed: Allowed,
}

/// A group to be opted out.
pub(crate) fn opted_out(request: &pb::OptOutGroupRequest) -> Result<OptOut, Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let group = fields.external_id("group_id", &request.group_id);
    let purposes = fields.purposes(&request.purposes);
    let allowed = fields.allowed(request.expected_destroyed, request.validate_only);
    let mode = match pb::OptOutMode::try_from(request.mode) {
        Ok(pb::OptOutMode::Unspecified | pb::OptOutMode::EraseHistory) => Some(OptOutMode::EraseHistory),
        Ok(pb::OptOutMode::FutureOnly) => Some(OptOutMode::FutureOnly),
        Err(_) => {
            fields.wrong("mode", "is not known");
            None
        }
    };
    let whole = tenant.zip(group).zip(mode).zip(allowed);
    fields.done(whole.map(|(((tenant, group), mode), allowed)| OptOut { tenant, group, purposes, mode, allowed }))
}

/// A group to be taken in again, for which purposes.
pub(crate) fn back_in(request: &pb::OptInGroupRequest) -> Result<(TenantId, Box<str>, PerPurpose<bool>), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let group = fields.external_id("group_id", &request.group_id);
    let purposes = fields.purposes(&request.purposes);
    fields.done(tenant.zip(group).map(|(tenant, group)| (tenant, group, purposes)))
}

/// What an opted-out group does, as a word of the contract.
pub(crate) fn mode_word(mode: OptOutMode) -> pb::OptOutMode {
    match mode {
        OptOutMode::EraseHistory => pb::OptOutMode::EraseHistory,
        OptOutMode::FutureOnly => pb::OptOutMode::FutureOnly,
    }
}

/// What an opted-out group does, as it is kept.
pub(crate) fn kept_mode(kept: i32) -> Option<OptOutMode> {
    match pb::OptOutMode::try_from(kept) {
        Ok(pb::OptOutMode::EraseHistory) => Some(OptOutMode::EraseHistory),
        Ok(pb::OptOutMode::FutureOnly) => Some(OptOutMode::FutureOnly),
        Ok(pb::OptOutMode::Unspecified) | Err(_) => None,
    }
}
