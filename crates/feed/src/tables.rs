//! What a view keeps, and under which keys: never more than tenant, mailbox and chunk number.

use contracts::ingestion::v1 as pb;
use store::Table;
use vocabulary::{TenantId, UserId};

/// The CRM's place among the mailboxes of a tenant: consent mints no such id.
pub const CRM: UserId = UserId(0);

/// How far the view has written what it folded.
pub enum Cursor {}

impl Table for Cursor {
    const TAG: u8 = 1;
    const NAME: &'static str = "cursor";
    type Key = ();
    type Value = pb::StoredCursor;
}

/// Packed parts of what was folded, by tenant, mailbox and number.
pub enum Chunks {}

impl Table for Chunks {
    const TAG: u8 = 2;
    const NAME: &'static str = "chunks";
    type Key = (TenantId, UserId, u64);
    type Value = pb::StoredChunk;
}

/// Where folding a held mailbox begins again.
pub enum Places {}

impl Table for Places {
    const TAG: u8 = 3;
    const NAME: &'static str = "places";
    type Key = (TenantId, UserId);
    type Value = pb::StoredPlace;
}
