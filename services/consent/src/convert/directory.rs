//! Users as the directory tells them, and as clients see them.

use consent_domain::sync::{Mode, Refused, Synced};
use consent_domain::{Allowed, DirectoryEntry, User, UserKind};
use contracts::consent::v1 as pb;
use prost::Message as _;
use vocabulary::{Fault, TenantId, Violation};

use super::fields::Fields;

/// The most users in one message of a sync.
const USERS_PER_MESSAGE: usize = 1000;
/// The most bytes an entry takes as a message: it is kept in one row.
const LARGEST: usize = 4 * 1024;
const ADDRESSES: std::ops::RangeInclusive<usize> = 1..=64;

/// What the first message of a sync says.
pub(crate) fn beginning(request: &pb::SyncUsersRequest) -> Result<(TenantId, Mode, Allowed), Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let mode = mode(&mut fields, request.mode);
    let allowed = fields.allowed(request.expected_destroyed, request.validate_only);
    fields.done(tenant.zip(mode).zip(allowed).map(|((tenant, mode), allowed)| (tenant, mode, allowed)))
}

pub(super) fn mode(fields: &mut Fields, mode: i32) -> Option<Mode> {
    match pb::SyncMode::try_from(mode) {
        Ok(pb::SyncMode::Unspecified | pb::SyncMode::Delta) => Some(Mode::Delta),
        Ok(pb::SyncMode::Full) => Some(Mode::Full),
        Err(_) => {
            fields.wrong("mode", "is not known");
            None
        }
    }
}

/// Checks what every message of a sync must keep to.
pub(crate) fn part(request: &pb::SyncUsersRequest, tenant: &TenantId) -> Result<(), Fault> {
    let mut fields = Fields::default();
    if !request.tenant_id.is_empty() && request.tenant_id != tenant.as_str() {
        fields.wrong("tenant_id", "is another one than in the first message");
    }
    if request.users.len() > USERS_PER_MESSAGE {
        fields.wrong("users", format!("has more than {USERS_PER_MESSAGE} users"));
    }
    fields.done(Some(()))
}

/// An entry of the directory, or what is wrong with it.
pub(crate) fn entry(user: &pb::User) -> Result<DirectoryEntry, Vec<Violation>> {
    let mut fields = Fields::default();
    if user.encoded_len() > LARGEST {
        fields.wrong("user", format!("takes more than {LARGEST} bytes"));
        return Err(fields.into_violations());
    }
    fields.external_id("external_id", &user.external_id);
    if !ADDRESSES.contains(&user.addresses.len()) {
        fields.wrong("addresses", "must be 1 to 64 addresses");
    }
    let addresses = user.addresses.iter().enumerate().filter_map(|(at, text)| fields.address(format!("addresses[{at}]"), text));
    let addresses = addresses.collect();
    let kind = match pb::UserKind::try_from(user.kind) {
        Ok(pb::UserKind::Person) => Some(UserKind::Person),
        Ok(pb::UserKind::Guest) => Some(UserKind::Guest),
        Ok(pb::UserKind::Shared) => Some(UserKind::Shared),
        Ok(pb::UserKind::Room) => Some(UserKind::Room),
        Ok(pb::UserKind::List) => Some(UserKind::List),
        Ok(pb::UserKind::Unspecified) | Err(_) => {
            fields.wrong("kind", "must say what the entry is");
            None
        }
    };
    let display_name = fields.words("display_name", &user.display_name, 512).unwrap_or_default();
    let department = fields.words("department", &user.department, 512).unwrap_or_default();
    let roles = user.roles.iter().enumerate().filter_map(|(at, role)| fields.words(format!("roles[{at}]"), role, 256)).collect();
    match (kind, fields.into_violations()) {
        (Some(kind), violations) if violations.is_empty() => {
            let external_id = user.external_id.as_str().into();
            Ok(DirectoryEntry { external_id, addresses, display_name, kind, roles, department })
        }
        (_, violations) => Err(violations),
    }
}

/// A user as clients see them.
pub(crate) fn user(user: &User) -> pb::User {
    let mut told = told(user);
    told.mailbox_open = user.mailbox.is_readable_at_all();
    told
}

/// A user as the directory told them, and whether it still does.
pub(crate) fn told(user: &User) -> pb::User {
    let entry = &user.entry;
    let kind = match entry.kind {
        UserKind::Person => pb::UserKind::Person,
        UserKind::Guest => pb::UserKind::Guest,
        UserKind::Shared => pb::UserKind::Shared,
        UserKind::Room => pb::UserKind::Room,
        UserKind::List => pb::UserKind::List,
    };
    pb::User {
        external_id: entry.external_id.to_string(),
        addresses: entry.addresses.iter().map(|address| address.as_str().to_owned()).collect(),
        display_name: entry.display_name.to_string(),
        kind: kind.into(),
        roles: entry.roles.iter().map(ToString::to_string).collect(),
        department: entry.department.to_string(),
        departed: user.departed,
        mailbox_open: false,
    }
}

/// What became of a sync that closed so many mailboxes; `refused` are the entries that did not come as far as the rules.
pub(crate) fn synced(synced: Synced, closed: u64, mut refused: Vec<Refused>, revision: String) -> pb::SyncUsersResponse {
    refused.extend(synced.refused);
    pb::SyncUsersResponse {
        added: synced.added as i64,
        updated: synced.updated as i64,
        departed: synced.departed as i64,
        unchanged: synced.unchanged as i64,
        refused: refusals(refused),
        revision,
        mailboxes_closed: closed as i64,
    }
}

/// What was not taken in, in the order of the sync.
pub(super) fn refusals(mut refused: Vec<Refused>) -> Vec<pb::RefusedUser> {
    refused.sort();
    let refused = refused.into_iter().map(|Refused { index, field, description }| {
        let index = index as i64;
        pb::RefusedUser { index, field, description }
    });
    refused.collect()
}
