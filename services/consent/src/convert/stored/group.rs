//! A group into rows and back: as many parts as it takes, each under the limit of the store. No key names a group or a member.

use std::collections::BTreeMap;

use consent_domain::{Group, Groups, PerPurpose};
use contracts::consent::v1 as pb;
use sealing::{Context, KeyedHash};
use store::{Changes, Store, StoreError};
use vocabulary::{Fault, TenantId};

use super::{kept_mode, mode_word, opened, sealed};
use crate::keys::TenantKeys;
use crate::tables;

/// About how many bytes of ids go into a part: with the rest it stays under the largest value of the store.
const PART_BYTES: usize = 4_000;

/// The rows of one group after a decision.
pub(crate) struct GroupRows {
    name: u128,
    parts: Vec<pb::StoredGroup>,
}

impl GroupRows {
    /// Those of a group as it now is; none when it is gone.
    pub fn of(tenant: &TenantId, id: &str, group: Option<&Group>, keys: &TenantKeys) -> Self {
        let name = KeyedHash::new(&keys.lookup, "rapport consent group v1").hash128(id.as_bytes());
        let mode = |mode: Option<consent_domain::OptOutMode>| mode.map_or(0, |mode| mode_word(mode).into());
        let parts = group.map(|group| {
            let row = |(number, part): (u32, pb::Group)| pb::StoredGroup {
                sealed_group: sealed(&keys.names, &place(tenant, name, number), &part),
                analytics_mode: mode(group.opted_out.analytics),
                graph_mode: mode(group.opted_out.graph),
                position: group.position,
            };
            (0..).zip(parts(id, group)).map(row).collect()
        });
        Self { name, parts: parts.unwrap_or_default() }
    }

    /// Writes them, and deletes the parts that are no longer needed.
    pub fn put(&self, tenant: &TenantId, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        let held: Vec<_> = changes.scan::<tables::Groups>((tenant.clone(), self.name)).collect::<Result<_, _>>()?;
        for (key, _) in held.iter().skip(self.parts.len()) {
            changes.delete::<tables::Groups>(key);
        }
        for (number, part) in (0..).zip(&self.parts) {
            changes.put::<tables::Groups>(&(tenant.clone(), self.name, number), part)?;
        }
        Ok(())
    }
}

/// The parts of a group: at least one.
fn parts(id: &str, group: &Group) -> Vec<pb::Group> {
    let first = pb::Group { external_id: id.to_owned(), display_name: group.display_name.to_string(), ..pb::Group::default() };
    let (mut parts, mut part, mut bytes) = (Vec::new(), first, 0);
    let mut close = |part: &mut pb::Group, bytes: &mut usize, next: usize| {
        if *bytes + next > PART_BYTES {
            let empty = pb::Group { external_id: id.to_owned(), ..pb::Group::default() };
            parts.push(std::mem::replace(part, empty));
            *bytes = 0;
        }
        *bytes += next;
    };
    for member in &group.members {
        close(&mut part, &mut bytes, member.len() + 3);
        part.member_ids.push(member.to_string());
    }
    for inner in &group.groups {
        close(&mut part, &mut bytes, inner.len() + 3);
        part.group_ids.push(inner.to_string());
    }
    parts.push(part);
    parts
}

/// The groups of a tenant.
///
/// # Errors
/// STORE_FAILED when a row is not what was written.
pub(crate) fn groups(store: &Store, tenant: &TenantId, keys: &TenantKeys) -> Result<Groups, Fault> {
    let mut groups: BTreeMap<Box<str>, Group> = BTreeMap::new();
    for row in store.scan::<tables::Groups>((tenant.clone(),)) {
        let ((_, name, number), row) = row?;
        let part: pb::Group = opened(keys, &place(tenant, name, number), &row.sealed_group)?;
        let group = groups.entry(part.external_id.into()).or_default();
        if number == 0 {
            group.display_name = part.display_name.into();
            group.position = row.position;
            group.opted_out = PerPurpose { analytics: kept_mode(row.analytics_mode), graph: kept_mode(row.graph_mode) };
        }
        group.members.extend(part.member_ids.into_iter().map(Box::from));
        group.groups.extend(part.group_ids.into_iter().map(Box::from));
    }
    Ok(Groups(groups))
}

fn place(tenant: &TenantId, name: u128, number: u32) -> Context {
    Context::new("consent.group").tenant(tenant).bytes(&name.to_le_bytes()).bytes(&number.to_le_bytes())
}
