//! Sealed values of entries: as many entries as fit a row of the store, compressed, then sealed where they belong.

use contracts::ingestion::v1 as pb;
use prost::Message;
use sealing::{Context, Key, open_compressed, seal_compressed};
use vocabulary::{Fault, TenantId, UserId};

/// The most bytes a sealed value may have, so that it stays a small value with its wrapping (design, section 4).
pub const SEALED_LIMIT: usize = 5_800;

/// Uncompressed bytes that are tried for one value at first: what usually compresses to just under the limit.
const FIRST_TRY: usize = 9_000;

/// Where a block of the log belongs: it opens nowhere else.
pub fn log_place(tenant: &TenantId, user: UserId, generation: u32, position: u64) -> Context {
    Context::new("ingestion.block").tenant(tenant).user(user).number(generation.into()).number(position)
}

/// Where a chunk of a view belongs.
pub fn chunk_place(tenant: &TenantId, user: UserId, generation: u32, number: u64) -> Context {
    Context::new("view.chunk").tenant(tenant).user(user).number(generation.into()).number(number)
}

/// Packs entries, in order, into sealed values under [`SEALED_LIMIT`]; `place` names where each value, from 0, belongs.
///
/// # Errors
/// INTERNAL when a single entry does not fit: ingestion bounds the people on an interaction, so that none does.
pub fn pack(key: &Key, entries: Vec<pb::Entry>, mut place: impl FnMut(u64) -> Context) -> Result<Vec<Vec<u8>>, Fault> {
    let mut sealed = Vec::new();
    let mut waiting: Vec<Vec<pb::Entry>> = split(entries, FIRST_TRY);
    waiting.reverse();
    while let Some(part) = waiting.pop() {
        let message = pb::Entries { entries: part };
        let value = seal_compressed(key, &place(sealed.len() as u64), &message.encode_to_vec())
            .map_err(|error| Fault::internal(error.to_string()))?;
        if value.len() <= SEALED_LIMIT {
            sealed.push(value);
            continue;
        }
        let mut front = message.entries;
        if front.len() == 1 {
            return Err(Fault::internal("an entry is too large for a block"));
        }
        let back = front.split_off(front.len() / 2);
        waiting.push(back);
        waiting.push(front);
    }
    Ok(sealed)
}

/// Opens what [`pack`] sealed.
///
/// # Errors
/// INTERNAL, STORE_FAILED when the value is damaged, out of place or under another key.
pub fn open(key: &Key, place: &Context, sealed: &[u8]) -> Result<Vec<pb::Entry>, Fault> {
    let plain = open_compressed(key, place, sealed)?;
    let message = pb::Entries::decode(plain.as_slice()).map_err(|_| Fault::internal("a sealed block holds no entries"))?;
    Ok(message.entries)
}

fn split(entries: Vec<pb::Entry>, bytes: usize) -> Vec<Vec<pb::Entry>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut held = 0;
    for entry in entries {
        let size = entry.encoded_len() + 3;
        if held + size > bytes && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            held = 0;
        }
        held += size;
        part.push(entry);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64, participants: u64) -> Vec<pb::Entry> {
        let mix = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let person = |n| pb::EntryParticipant { person_id: mix(n), role: 1, answer: 0 };
        (0..count)
            .map(|n| pb::Entry {
                identity_high: mix(n),
                identity_low: mix(!n),
                kind: 1,
                time_micros: n as i64,
                participants: (0..participants).map(|p| person(n * 31 + p)).collect(),
                ..Default::default()
            })
            .collect()
    }

    #[test]
    fn every_value_is_small_and_nothing_is_lost() {
        let key = Key::random();
        let place = |number| Context::new("test").number(number);
        for (count, participants) in [(1, 0), (40, 50), (1000, 1), (3, 0), (0, 0)] {
            let given = entries(count, participants);
            let sealed = pack(&key, given.clone(), place).unwrap();
            assert!(sealed.iter().all(|value| value.len() <= SEALED_LIMIT));
            let opened: Vec<_> =
                sealed.iter().enumerate().flat_map(|(number, value)| open(&key, &place(number as u64), value).unwrap()).collect();
            assert_eq!(opened, given);
        }
    }

    #[test]
    fn a_value_out_of_place_does_not_open() {
        let key = Key::random();
        let tenant = TenantId::parse("a").unwrap();
        let sealed = pack(&key, entries(1, 1), |_| log_place(&tenant, UserId(1), 1, 7)).unwrap();
        assert!(open(&key, &log_place(&tenant, UserId(1), 1, 7), &sealed[0]).is_ok());
        assert!(open(&key, &log_place(&tenant, UserId(2), 1, 7), &sealed[0]).is_err());
        assert!(open(&key, &log_place(&tenant, UserId(1), 2, 7), &sealed[0]).is_err());
    }
}
