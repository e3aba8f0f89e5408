//! Deletions that were asked for under a request id, so that the same request gets the same answer for 24 hours.

use consent_client::Permit;
use contracts::analytics::v1 as pb;
use sealing::{Key, KeyedHash};
use store::{Changes, Store, StoreError};
use vocabulary::{Fault, Kind, Reason, RequestId, TenantId, Timestamp};

use crate::tables::Deletions;

const KEPT_DAYS: i64 = 1;

/// How many of its neighbours each new row looks at, to take away those that expired: hashes are spread evenly, so every row is looked
/// at sooner or later, and the table stays about as large as what a day brings.
const SWEPT: usize = 4;

/// A request that may come again.
#[derive(Clone, Debug)]
pub struct Repeatable {
    /// What its caller calls it.
    pub id: RequestId,
    /// All that it says.
    pub payload: Vec<u8>,
}

/// A request as it is kept: ids may be speaking and payloads name records, so both are hashed under a key.
#[derive(Debug)]
pub struct Asked {
    key: (TenantId, u128),
    payload_hash: u64,
}

impl Asked {
    /// A request under the keys of its tenant.
    pub fn of(repeat: &Repeatable, permit: &Permit) -> Self {
        Self::under(&permit.lookup_key, permit.tenant.clone(), repeat)
    }

    fn under(lookup: &Key, tenant: TenantId, repeat: &Repeatable) -> Self {
        let id = KeyedHash::new(lookup, "rapport analytics request id v1").hash128(repeat.id.as_str().as_bytes());
        let payload_hash = KeyedHash::new(lookup, "rapport analytics request payload v1").hash64(&repeat.payload);
        Self { key: (tenant, id), payload_hash }
    }

    /// The position that was answered to it before.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, REQUEST_ID_REUSED when the id came with another payload.
    pub fn answered(&self, store: &Store, now: Timestamp) -> Result<Option<u64>, Fault> {
        match store.get::<Deletions>(&self.key)?.filter(|held| !expired(held, now)) {
            Some(held) if held.payload_hash == self.payload_hash => Ok(Some(held.position)),
            Some(_) => Err(Fault::new(Kind::InvalidArgument, Reason::RequestIdReused, "the request id was used with another payload")),
            None => Ok(None),
        }
    }

    /// Keeps what is answered to it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keep(self, changes: &mut Changes<'_>, position: u64, now: Timestamp) -> Result<(), StoreError> {
        let neighbours: Vec<_> = changes.scan_from::<Deletions>((self.key.0.clone(),), &self.key).take(SWEPT).collect::<Result<_, _>>()?;
        neighbours.iter().filter(|(_, held)| expired(held, now)).for_each(|(key, _)| changes.delete::<Deletions>(key));
        let row = pb::StoredDeletion { payload_hash: self.payload_hash, position, time_micros: now.micros() };
        changes.put::<Deletions>(&self.key, &row)
    }
}

fn expired(held: &pb::StoredDeletion, now: Timestamp) -> bool {
    Timestamp::from_micros(held.time_micros).plus_days(KEPT_DAYS) <= now
}

#[cfg(test)]
mod tests {
    use store::Options;

    use super::*;

    fn asked(id: &str, payload: &str) -> Asked {
        let repeat = Repeatable { id: RequestId::parse(id).unwrap().unwrap(), payload: payload.into() };
        Asked::under(&Key::from_bytes([1; 32]), TenantId::parse("contoso").unwrap(), &repeat)
    }

    async fn keep(store: &Store, asked: Asked, position: u64, now: Timestamp) {
        store.commit(move |changes| asked.keep(changes, position, now)).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_is_given_again_for_a_day_and_to_the_same_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Options { cache_bytes: 1 << 20, fresh_incarnation: 1 }).await.unwrap();
        let (then, day) = (Timestamp::from_seconds(1_780_000_000), 86_400);
        keep(&store, asked("a", "one"), 7, then).await;
        let reused = Err(Reason::RequestIdReused);
        for (id, payload, later, answered) in [
            ("a", "one", 0, Ok(Some(7))),
            ("a", "one", day - 1, Ok(Some(7))),
            ("a", "one", day, Ok(None)),
            ("a", "two", day - 1, reused),
            ("a", "two", day, Ok(None)),
            ("b", "one", 0, Ok(None)),
        ] {
            let now = Timestamp::from_seconds(1_780_000_000 + later);
            assert_eq!(asked(id, payload).answered(&store, now).map_err(|fault| fault.reason), answered, "{id} {payload} {later}");
        }
    }

    #[tokio::test]
    async fn what_expired_goes_as_new_requests_come() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Options { cache_bytes: 1 << 20, fresh_incarnation: 1 }).await.unwrap();
        let start = Timestamp::from_seconds(1_780_000_000);
        for day in 0..10 {
            for number in 0..20 {
                keep(&store, asked(&format!("{day}-{number}"), ""), 1, start.plus_days(day)).await;
            }
        }
        let rows = store.scan::<Deletions>(()).count();
        assert!((20..60).contains(&rows), "{rows} rows");
    }
}
