//! What the record store keeps, and under which keys. A key names no record: its hash is keyed by the tenant's `lookup` key.

use contracts::analytics::v1 as pb;
use sealing::{Context, Key, KeyedHash};
use store::Table;
use vocabulary::TenantId;
use vocabulary::entry::RecordRef;

/// Parts of sealed records, by tenant, keyed hash of kind and id, and number.
pub enum Parts {}

impl Table for Parts {
    const TAG: u8 = 1;
    const NAME: &'static str = "records";
    type Key = (TenantId, u128, u32);
    type Value = pb::StoredPart;
}

/// Where the records stand.
pub enum Head {}

impl Table for Head {
    const TAG: u8 = 2;
    const NAME: &'static str = "head";
    type Key = ();
    type Value = pb::StoredHead;
}

/// Deletions that may be asked for again, by tenant and keyed hash of the request's id.
pub enum Deletions {}

impl Table for Deletions {
    const TAG: u8 = 3;
    const NAME: &'static str = "deletions";
    type Key = (TenantId, u128);
    type Value = pb::StoredDeletion;
}

/// Which dictionary the people of each tenant's records were last identified by.
pub enum Identified {}

impl Table for Identified {
    const TAG: u8 = 4;
    const NAME: &'static str = "identified";
    type Key = TenantId;
    type Value = pb::StoredIdentified;
}

/// The tenants whose records were looked through after a restore.
pub enum Checked {}

impl Table for Checked {
    const TAG: u8 = 5;
    const NAME: &'static str = "checked";
    type Key = TenantId;
    type Value = pb::StoredChecked;
}

/// The most sealed bytes of one part, under the store's limit with their wrapping.
pub const PART_BYTES: usize = 6_000;

/// How records are named in keys.
#[derive(Clone, Debug)]
pub struct Names(KeyedHash);

impl Names {
    /// Under the tenant's `lookup` key.
    pub fn new(lookup: &Key) -> Self {
        Self(KeyedHash::new(lookup, "rapport analytics record v1"))
    }

    /// The name of a record.
    pub fn of(&self, reference: &RecordRef) -> u128 {
        let mut text = vec![reference.kind as u8];
        text.extend_from_slice(reference.id.as_bytes());
        self.0.hash128(&text)
    }
}

/// Where a sealed record belongs: it opens nowhere else.
pub fn place(tenant: &TenantId, name: u128) -> Context {
    Context::new("analytics.record").tenant(tenant).bytes(&name.to_le_bytes())
}
