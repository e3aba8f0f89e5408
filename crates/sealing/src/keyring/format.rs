//! What the keyring's files say, byte by byte. All numbers little end first; every file is sealed in the context of its name, so that
//! none can stand for another. A new layout takes a new purpose, `.v2`.

use std::collections::BTreeMap;

use vocabulary::{TenantId, UserId};
use zeroize::Zeroizing;

use super::{Group, MailboxKey, RootKey, SLOTS_PER_GROUP, SlotId, SlotOwner, TenantKey};
use crate::{Context, Key, open, seal};

const CHECKSUM: usize = 16;
/// The longest slot: tenant (1 + 63), kind, user, generation, key.
const LONGEST_SLOT: usize = 64 + 1 + 8 + 4 + 32;

/// What the epoch record says: epoch key (32), table version (8), position (8).
#[derive(Clone)]
pub(super) struct Record {
    pub(super) epoch: Key,
    /// 0 while no table was ever written.
    pub(super) table_version: u64,
    pub(super) position: u64,
}

/// Why an epoch record does not open.
pub(super) enum Unreadable {
    Damaged,
    RootKeyWrong,
}

fn record_context() -> Context {
    Context::new("keyring.record.v1")
}

fn table_context(version: u64) -> Context {
    Context::new("keyring.table.v1").number(version)
}

fn group_context(number: u32, version: u64) -> Context {
    Context::new("keyring.group.v1").number(number.into()).number(version)
}

/// The sealed record and a checksum over it, which tells a damaged record from one under another root key.
pub(super) fn seal_record(root: &RootKey, record: &Record) -> Vec<u8> {
    let mut plain = Zeroizing::new(Vec::with_capacity(48));
    plain.extend_from_slice(record.epoch.as_bytes());
    plain.extend_from_slice(&record.table_version.to_le_bytes());
    plain.extend_from_slice(&record.position.to_le_bytes());
    let mut sealed = seal(&root.wrapping_key(), &record_context(), &plain);
    let checksum = blake3::hash(&sealed);
    sealed.extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
    sealed
}

pub(super) fn open_record(root: &RootKey, bytes: &[u8]) -> Result<Record, Unreadable> {
    let (sealed, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Unreadable::Damaged)?;
    if blake3::hash(sealed).as_bytes()[..CHECKSUM] != *checksum {
        return Err(Unreadable::Damaged);
    }
    let plain = open(&root.wrapping_key(), &record_context(), sealed).map(Zeroizing::new).map_err(|_| Unreadable::RootKeyWrong)?;
    let mut reader = Reader(&plain);
    let record = (|| Some(Record { epoch: reader.key()?, table_version: reader.u64()?, position: reader.u64()? }))();
    record.filter(|_| reader.0.is_empty()).ok_or(Unreadable::Damaged)
}

/// One entry a group: number (4), version (8), key (32).
pub(super) fn seal_table<'a>(epoch: &Key, version: u64, groups: impl ExactSizeIterator<Item = (u32, &'a Group)>) -> Vec<u8> {
    let mut plain = Zeroizing::new(Vec::with_capacity(groups.len() * 44));
    for (number, group) in groups {
        plain.extend_from_slice(&number.to_le_bytes());
        plain.extend_from_slice(&group.version.to_le_bytes());
        plain.extend_from_slice(group.key.as_bytes());
    }
    seal(epoch, &table_context(version), &plain)
}

/// Versions and keys by group number.
pub(super) fn open_table(epoch: &Key, version: u64, sealed: &[u8]) -> Option<BTreeMap<u32, (u64, Key)>> {
    let plain = Zeroizing::new(open(epoch, &table_context(version), sealed).ok()?);
    let mut reader = Reader(&plain);
    let mut table = BTreeMap::new();
    while !reader.0.is_empty() {
        table.insert(reader.u32()?, (reader.u64()?, reader.key()?));
    }
    Some(table)
}

/// One entry a slot: tenant (length 1, then its bytes), kind (1), user (8), generation (4), key (32).
pub(super) fn seal_group(number: u32, group: &Group) -> Vec<u8> {
    let mut plain = Zeroizing::new(Vec::with_capacity(group.slots.len() * LONGEST_SLOT));
    for (slot, key) in &group.slots {
        let tenant = slot.tenant.as_str().as_bytes();
        let (kind, user, generation) = match slot.owner {
            SlotOwner::Tenant(TenantKey::Names { generation }) => (0u8, UserId(0), generation),
            SlotOwner::Tenant(TenantKey::Facts) => (1, UserId(0), 0),
            SlotOwner::Tenant(TenantKey::Lookup) => (2, UserId(0), 0),
            SlotOwner::Tenant(TenantKey::Ledger) => (6, UserId(0), 0),
            SlotOwner::Ledger { user } => (7, user, 0),
            SlotOwner::Mailbox { user, generation, key: MailboxKey::Log } => (3, user, generation),
            SlotOwner::Mailbox { user, generation, key: MailboxKey::Analytics } => (4, user, generation),
            SlotOwner::Mailbox { user, generation, key: MailboxKey::Graph } => (5, user, generation),
        };
        plain.push(tenant.len() as u8);
        plain.extend_from_slice(tenant);
        plain.push(kind);
        plain.extend_from_slice(&user.0.to_le_bytes());
        plain.extend_from_slice(&generation.to_le_bytes());
        plain.extend_from_slice(key.as_bytes());
    }
    seal(&group.key, &group_context(number, group.version), &plain)
}

pub(super) fn open_group(key: &Key, number: u32, version: u64, sealed: &[u8]) -> Option<BTreeMap<SlotId, Key>> {
    let plain = Zeroizing::new(open(key, &group_context(number, version), sealed).ok()?);
    let mut reader = Reader(&plain);
    let mut slots = BTreeMap::new();
    while !reader.0.is_empty() {
        let length = reader.u8()?;
        let tenant = TenantId::parse(std::str::from_utf8(reader.take(length.into())?).ok()?).ok()?;
        let (kind, user, generation) = (reader.u8()?, UserId(reader.u64()?), reader.u32()?);
        let owner = match kind {
            0 => SlotOwner::Tenant(TenantKey::Names { generation }),
            1 => SlotOwner::Tenant(TenantKey::Facts),
            2 => SlotOwner::Tenant(TenantKey::Lookup),
            3 => SlotOwner::Mailbox { user, generation, key: MailboxKey::Log },
            4 => SlotOwner::Mailbox { user, generation, key: MailboxKey::Analytics },
            5 => SlotOwner::Mailbox { user, generation, key: MailboxKey::Graph },
            6 => SlotOwner::Tenant(TenantKey::Ledger),
            7 => SlotOwner::Ledger { user },
            _ => return None,
        };
        slots.insert(SlotId { tenant, owner }, reader.key()?);
    }
    (slots.len() <= SLOTS_PER_GROUP).then_some(slots)
}

/// Reads from the front of what remains; nothing when too little does.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn key(&mut self) -> Option<Key> {
        self.array().map(Key::from_bytes)
    }
}
