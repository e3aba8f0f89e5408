//! What an administrator does when consent is closed or its keyring is lost: brings back what the mirror has, or withdraws everything. Both
//! while nothing serves these stores.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use consent_domain::recover::{NUMBERS_LOST, decide};
use consent_domain::{Decision, Moment, NamesKey, State};
use contracts::consent::v1 as pb;
use runtime::{Config, config};
use sealing::{Keyring, KeyringError, SlotOwner, TenantKey};
use store::{Store, StoreError};
use vocabulary::{Clock, Fault, Kind, Reason, TenantId, Timestamp};

use crate::convert::stored;
use crate::erasures::tenant::delete_rows;
use crate::keys::{self, Keys, TenantKeys, blocking};
use crate::opening::{agree, open_store, options, state};
use crate::places::{Mirror, Places, rolled_back, root_key};
use crate::tables;

/// How consent comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Keyring and store hold what the mirror does.
    FromMirror,
    /// The store goes on from where it is: every tenant's consent is withdrawn and every mailbox key destroyed.
    WithdrawAll {
        /// Tenants to be erased, because what is kept of them is sealed under a key that a missing decision destroyed.
        erase: Vec<TenantId>,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The position from which consent goes on.
    pub position: u64,
    /// Tenants whose consent was withdrawn.
    pub withdrawn: u64,
    /// Mailboxes whose keys were destroyed.
    pub mailboxes: u64,
    /// Tenants that were erased.
    pub erased: u64,
}

/// Brings consent back. Interrupted, it is done again.
///
/// # Errors
/// STORE_FAILED, KEYRING_FAILED, among others because a process serves these stores; CONSENT_ROLLED_BACK when this way does not bring
/// consent back, with what does; INVALID_FIELDS when no mirror is set, or nothing is to be withdrawn.
pub async fn recover(config: &Config, clock: &dyn Clock, recovery: Recovery) -> Result<Recovered, Fault> {
    let places = Places::of(config);
    match recovery {
        Recovery::FromMirror => from_mirror(config, &places).await,
        Recovery::WithdrawAll { erase } => withdraw_all(config, &places, clock.now(), &erase).await,
    }
}

/// Seals the epoch record of the keyring, and of its mirror, under another root key, with new keys under it. Interrupted, it is done again.
///
/// # Errors
/// KEYRING_FAILED: the root keys, or a keyring that cannot be opened or is in use.
pub async fn rotate_root(config: &Config, next: &config::Keyring) -> Result<(), Fault> {
    let (places, next) = (Places::of(config), root_key(next, &config.data_dir));
    blocking(move || {
        let next = next.load_or_create()?;
        let mirror = places.mirror.as_ref().map(|mirror| (&mirror.keyring, &mirror.epoch));
        for (dir, epoch) in [(&places.keyring, &places.epoch)].into_iter().chain(mirror) {
            match Keyring::open(dir, epoch, &next) {
                // An earlier try came that far.
                Ok(_) => {}
                Err(KeyringError::RootKeyWrong) => Keyring::open(dir, epoch, &places.root.load()?)?.rotate_root(&next)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    })
    .await
}

async fn from_mirror(config: &Config, places: &Places) -> Result<Recovered, Fault> {
    let absent = || Fault::invalid_field("keyring.mirror", "names no folder with a mirror");
    let mirror = places.mirror.clone().filter(|mirror| mirror.store.is_dir() && mirror.keyring.is_dir()).ok_or_else(absent)?;
    let store = Store::open(&mirror.store, options(config)).await?;
    let head = store.get::<tables::Head>(&())?.unwrap_or_default();
    store.close().await;
    let lacks = || rolled_back("the mirror lacks decisions too");
    let (to, from) = (places.clone(), mirror.clone());
    blocking(move || keyring_from_mirror(&to, &from, head.position).map_err(|error| error.unwrap_or_else(lacks))).await?;
    Store::recover(&places.store, &mirror.store, options(config)).await.map_err(|error| match error {
        StoreError::AheadOfMirror => lacks(),
        error => error.into(),
    })?;
    Ok(Recovered { position: head.position, ..Recovered::default() })
}

/// The keyring as its mirror has it. Fails without a fault when the mirror is not whole.
fn keyring_from_mirror(places: &Places, mirror: &Mirror, head: u64) -> Result<(), Option<Fault>> {
    let fault = |error: KeyringError| match error {
        KeyringError::AheadOfMirror => None,
        error => Some(error.into()),
    };
    let root = places.root.load().map_err(|error| Some(error.into()))?;
    let original = Keyring::open(&mirror.keyring, &mirror.epoch, &root).map_err(fault)?;
    if original.position() > head {
        return Err(None);
    }
    Keyring::recover(&places.keyring, &places.epoch, &root, &original).map(drop).map_err(fault)
}

/// What becomes of a tenant.
enum Fate {
    Withdrawn(Box<(State, Decision, TenantKeys)>),
    Erased(pb::StoredErasure, u64),
}

async fn withdraw_all(config: &Config, places: &Places, now: Timestamp, erase: &[TenantId]) -> Result<Recovered, Fault> {
    let store = open_store(config, places).await?;
    let found = store.get::<tables::Head>(&())?;
    let keys = Keys::open(places, false).await?;
    if agree(found.as_ref(), &keys).is_ok() {
        return Err(Fault::invalid_field("withdraw_all", "no decision is missing: `rapport consent revoke` withdraws consent"));
    }
    let before = found.unwrap_or_default();
    let moment = Moment { position: before.position.max(keys.position()) + NUMBERS_LOST, time: now };
    let fates = fates(&store, &keys, moment, erase)?;
    let mut recovered = Recovered { position: moment.position, ..Recovered::default() };
    let mut needed = HashSet::new();
    for fate in fates.values() {
        match fate {
            Fate::Withdrawn(withdrawn) => {
                recovered.withdrawn += u64::from(withdrawn.0.consent.revoke_time == Some(now));
                recovered.mailboxes += withdrawn.1.closed;
                needed.extend(keys::needed(&withdrawn.0));
            }
            Fate::Erased(..) => recovered.erased += 1,
        }
    }
    let head = pb::StoredHead { incarnation: before.incarnation + NUMBERS_LOST, position: moment.position, ..before };
    let written = store.commit::<(), StoreError>(move |changes| {
        let repeats: Vec<_> = changes.scan::<tables::Requests>(()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
        repeats.iter().for_each(|key| changes.delete::<tables::Requests>(key));
        for (tenant, fate) in &fates {
            match fate {
                Fate::Withdrawn(withdrawn) => {
                    let (next, decision, own) = &**withdrawn;
                    stored::Rows::of(next, decision, own).put(changes)?;
                    changes.put::<tables::Erasures>(&(tenant.clone(), next.erased.number), &withdrawal(next, decision))?;
                }
                Fate::Erased(row, number) => {
                    delete_rows(changes, tenant)?;
                    changes.put::<tables::Erasures>(&(tenant.clone(), *number), row)?;
                }
            }
        }
        changes.put::<tables::Head>(&(), &head)
    });
    written.await?;
    let stray = keys.slots().into_iter().filter(|slot| !needed.contains(slot)).collect();
    keys.destroy(stray, moment.position).await?;
    store.close().await;
    Ok(recovered)
}

/// What becomes of each tenant.
///
/// # Errors
/// CONSENT_ROLLED_BACK names those that can only be erased and are not to be.
fn fates(store: &Store, keys: &Keys, moment: Moment, erase: &[TenantId]) -> Result<BTreeMap<TenantId, Fate>, Fault> {
    let (mut fates, mut unreadable) = (BTreeMap::new(), Vec::new());
    for row in store.scan::<tables::Tenants>(()) {
        let (tenant, row) = row?;
        if erase.contains(&tenant) {
            let number = crate::erasures::erased(store, &tenant)?.number + NUMBERS_LOST;
            let kind = pb::ErasureKind::Tenant.into();
            fates.insert(tenant, Fate::Erased(erasure(kind, moment, number), number));
            continue;
        }
        match withdrawn(store, keys, &tenant, &row, moment) {
            Ok(withdrawn) => drop(fates.insert(tenant, Fate::Withdrawn(withdrawn.into()))),
            Err(_) => unreadable.push(tenant),
        }
    }
    if unreadable.is_empty() {
        return Ok(fates);
    }
    let named: Vec<_> = unreadable.iter().map(|tenant| format!("--erase-tenant {tenant}")).collect();
    let message = format!(
        "what is kept of some tenants is sealed under keys that missing decisions destroyed; they can only be erased: {}",
        named.join(" ")
    );
    Err(Fault::new(Kind::FailedPrecondition, Reason::ConsentRolledBack, message))
}

fn withdrawn(
    store: &Store,
    keys: &Keys,
    tenant: &TenantId,
    row: &pb::StoredTenant,
    moment: Moment,
) -> Result<(State, Decision, TenantKeys), Fault> {
    let names = names(keys, tenant, stored::names(row));
    let own = keys.of_tenant(tenant, names)?;
    let mut state = state(store, tenant, row, &own, &Arc::from([]))?;
    let decision = decide(&state, names, moment);
    state.apply(&decision);
    Ok((state, decision, own))
}

/// Which keys `names` there are: a replacement may have begun, or ended, since.
fn names(keys: &Keys, tenant: &TenantId, held: NamesKey) -> NamesKey {
    let of_names = keys.slots().into_iter().filter(|slot| slot.tenant == *tenant).filter_map(|slot| match slot.owner {
        SlotOwner::Tenant(TenantKey::Names { generation }) => Some(generation),
        SlotOwner::Tenant(_) | SlotOwner::Mailbox { .. } => None,
    });
    let generations: HashSet<u32> = of_names.collect();
    let generation = generations.iter().copied().max().unwrap_or(held.generation);
    NamesKey { generation, retiring: generations.contains(&generation.wrapping_sub(1)) }
}

/// The number that all stores must be in line with: rows follow keys, and what is sealed under a key `names` that retires is sealed anew.
fn withdrawal(next: &State, decision: &Decision) -> pb::StoredErasure {
    let names_generation = if next.names.retiring { next.names.generation } else { 0 };
    let row = erasure(pb::ErasureKind::Withdrawal.into(), decision.moment, next.erased.number);
    pb::StoredErasure { mailboxes: decision.closed, names_generation, ..row }
}

fn erasure(kind: i32, moment: Moment, number: u64) -> pb::StoredErasure {
    let create_micros = moment.time.micros();
    pb::StoredErasure { kind, position: moment.position, create_micros, due_number: number, ..pb::StoredErasure::default() }
}
