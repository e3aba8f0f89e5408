//! What ingestion keeps, and under which keys: tenant, position or chunk number only. Everything personal stands inside sealed values.

use contracts::common::v1::BackupPart;
use contracts::ingestion::v1 as pb;
use store::Table;
use vocabulary::TenantId;

/// The part of a backup that a table belongs to, by its tag: the log with its head, and whatever an erasure may write anew.
pub fn part_of(tag: u8) -> BackupPart {
    match tag {
        Log::TAG | Head::TAG => BackupPart::Log,
        _ => BackupPart::Dictionary,
    }
}

/// The log: one sequence of sealed blocks for the whole suite, from position 1. It has holes where keys were destroyed.
pub struct Log;

impl Table for Log {
    const TAG: u8 = 1;
    const NAME: &'static str = "log";
    type Key = u64;
    type Value = pb::Block;
}

/// One row: the last position ever given to a block.
pub struct Head;

impl Table for Head {
    const TAG: u8 = 2;
    const NAME: &'static str = "head";
    type Key = ();
    type Value = pb::StoredHead;
}

/// Each tenant's dictionary, in sealed chunks from 1.
pub struct Names;

impl Table for Names {
    const TAG: u8 = 3;
    const NAME: &'static str = "names";
    type Key = (TenantId, u64);
    type Value = pb::StoredNames;
}

/// Each tenant's counts.
pub struct Tally;

impl Table for Tally {
    const TAG: u8 = 4;
    const NAME: &'static str = "tally";
    type Key = TenantId;
    type Value = pb::StoredTally;
}

/// The tenants whose names were looked through after a restore.
pub struct Checked;

impl Table for Checked {
    const TAG: u8 = 5;
    const NAME: &'static str = "checked";
    type Key = TenantId;
    type Value = pb::StoredChecked;
}
