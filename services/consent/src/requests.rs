//! Answers that are given again: the same request id with the same payload gets the same answer for 24 hours.

use std::collections::VecDeque;

use contracts::consent::v1 as pb;
use prost::Message;
use sealing::{Context, KeyedHash};
use store::Store;
use vocabulary::{Fault, Kind, Reason, TenantId, Timestamp};

use crate::keys::TenantKeys;
use crate::tables::Requests;

const KEPT_DAYS: i64 = 1;

/// A request that may come again.
#[derive(Clone, Debug)]
pub(crate) struct Repeatable {
    id: String,
    payload: Vec<u8>,
}

/// What was answered before.
pub(crate) struct Answered<R> {
    /// The answer, without its enforced time.
    pub answer: R,
    /// The position that must be in force first; 0: none.
    pub awaited: u64,
}

/// The name of a kept answer.
pub(crate) type RequestKey = (TenantId, u128);

impl Repeatable {
    /// The request, if its caller gave it an id.
    pub fn of(method: &'static str, id: &str, request: &impl Message) -> Option<Self> {
        let payload = || [method.as_bytes(), b"\0", &request.encode_to_vec()].concat();
        (!id.is_empty()).then(|| Self { id: id.to_owned(), payload: payload() })
    }

    /// Under which name its answer is kept: ids may be speaking, so they are hashed under a key.
    pub fn key(&self, tenant: &TenantId, keys: &TenantKeys) -> RequestKey {
        (tenant.clone(), KeyedHash::new(&keys.lookup, "rapport consent request id v1").hash128(self.id.as_bytes()))
    }

    /// The row that keeps an answer.
    pub fn row(&self, tenant: &TenantId, keys: &TenantKeys, answer: &impl Message, awaited: u64, now: Timestamp) -> pb::StoredRequest {
        let key = self.key(tenant, keys);
        pb::StoredRequest {
            payload_hash: self.payload_hash(keys),
            awaited_position: awaited,
            sealed_answer: sealing::seal(&keys.names, &place(&key), &answer.encode_to_vec()),
            time_micros: now.micros(),
            enforced_micros: 0,
        }
    }

    /// What was answered to this request before.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, REQUEST_ID_REUSED when the id came with another payload.
    pub fn answered<R: Message + Default>(
        &self,
        store: &Store,
        tenant: &TenantId,
        keys: &TenantKeys,
        now: Timestamp,
    ) -> Result<Option<Answered<R>>, Fault> {
        let key = self.key(tenant, keys);
        let Some(held) = store.get::<Requests>(&key)?.filter(|held| !expired(held.time_micros, now)) else { return Ok(None) };
        if held.payload_hash != self.payload_hash(keys) {
            return Err(Fault::new(Kind::InvalidArgument, Reason::RequestIdReused, "the request id was used with another payload"));
        }
        let answer = keys.opened(&place(&key), &held.sealed_answer)?;
        let answer = R::decode(answer.as_slice()).map_err(|_| Fault::internal("a kept answer cannot be read"))?;
        Ok(Some(Answered { answer, awaited: held.awaited_position }))
    }

    fn payload_hash(&self, keys: &TenantKeys) -> u64 {
        KeyedHash::new(&keys.lookup, "rapport consent request payload v1").hash64(&self.payload)
    }
}

/// A kept answer under the present key `names`.
///
/// # Errors
/// STORE_FAILED when it does not open.
pub(crate) fn sealed_anew(key: &RequestKey, row: pb::StoredRequest, keys: &TenantKeys) -> Result<pb::StoredRequest, Fault> {
    let answer = keys.opened(&place(key), &row.sealed_answer)?;
    Ok(pb::StoredRequest { sealed_answer: sealing::seal(&keys.names, &place(key), &answer), ..row })
}

/// Writes down since when a withdrawal is enforced, and returns what was written first.
pub(crate) async fn enforced(store: &Store, key: RequestKey, now: Timestamp) -> Result<Timestamp, Fault> {
    store
        .commit(move |changes| {
            let Some(mut held) = changes.get::<Requests>(&key)? else { return Ok(now) };
            if held.enforced_micros == 0 {
                held.enforced_micros = now.micros();
                changes.put::<Requests>(&key, &held)?;
            }
            Ok::<_, Fault>(Timestamp::from_micros(held.enforced_micros))
        })
        .await
}

/// The kept answers in the order in which they expire.
#[derive(Debug, Default)]
pub(crate) struct Kept(VecDeque<(i64, RequestKey)>);

impl Kept {
    /// Those that the store has.
    pub fn read(store: &Store) -> Result<Self, Fault> {
        let rows = store.scan::<Requests>(()).map(|row| row.map(|(key, held)| (held.time_micros, key)));
        let mut kept = rows.collect::<Result<Vec<_>, _>>()?;
        kept.sort_unstable_by_key(|(time, _)| *time);
        Ok(Self(kept.into()))
    }

    /// Remembers one more.
    pub fn push(&mut self, key: RequestKey, now: Timestamp) {
        self.0.push_back((now.micros(), key));
    }

    /// Takes out those that have expired; an id that was used again since is not among them.
    pub fn expire(&mut self, now: Timestamp) -> Vec<RequestKey> {
        let mut gone = Vec::new();
        while self.0.front().is_some_and(|(time, _)| expired(*time, now)) {
            gone.extend(self.0.pop_front().map(|(_, key)| key));
        }
        gone.retain(|key| !self.0.iter().any(|(_, held)| held == key));
        gone
    }
}

fn expired(time_micros: i64, now: Timestamp) -> bool {
    Timestamp::from_micros(time_micros).plus_days(KEPT_DAYS) <= now
}

fn place((tenant, hash): &RequestKey) -> Context {
    Context::new("consent.request").tenant(tenant).bytes(&hash.to_le_bytes())
}
