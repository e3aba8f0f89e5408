//! What an administrator does when consent is closed or its keyring is lost: brings back what the mirror has, or withdraws everything. Both
//! while nothing serves these stores.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use consent_domain::enforcement::Farewell;
use consent_domain::recover::{NUMBERS_LOST, decide};
use consent_domain::{Decision, Moment, NamesKey, State};
use contracts::consent::v1 as pb;
use runtime::{Config, config};
use sealing::{Keyring, KeyringError, SlotOwner, TenantKey};
use store::{Store, StoreError};
use vocabulary::{Clock, Fault, Kind, Reason, TenantId, Timestamp};

use crate::convert::stored;
use crate::erasures::tenant::{delete_rows, overtake};
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

/// Brings consent back. Interrupted, bringing it back from the mirror is done again; of a withdrawal, the next start destroys the keys that
/// are left.
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

/// Makes the mirror that is set, of a suite that has had none, or has lost it.
///
/// # Errors
/// INVALID_FIELDS when none is set; otherwise as an ordinary start.
pub async fn attach_mirror(config: &Config) -> Result<(), Fault> {
    let places = Places::of(config);
    if places.mirror.is_none() {
        return Err(no_mirror());
    }
    let store = open_store(config, &places).await?;
    let keys = Keys::open(&places, false).await?;
    agree(store.get::<tables::Head>(&())?.as_ref(), &keys)?;
    keys.bring_mirror_up().await?;
    store.close().await;
    Ok(())
}

fn no_mirror() -> Fault {
    Fault::invalid_field("keyring.mirror", "names no folder with a mirror")
}

async fn from_mirror(config: &Config, places: &Places) -> Result<Recovered, Fault> {
    let mirror = places.mirror.clone().filter(Mirror::is_there).ok_or_else(no_mirror)?;
    let store = Store::open(&mirror.store, options(config)).await?;
    let head = store.get::<tables::Head>(&())?.unwrap_or_default();
    store.close().await;
    let lacks = || rolled_back("the mirror lacks decisions too");
    let (root, keys) = (places.root.clone(), mirror.clone());
    let original = blocking(move || Ok(Keyring::open(&keys.keyring, &keys.epoch, &root.load()?)?)).await?;
    if original.position() > head.position {
        return Err(lacks());
    }
    // The store first: it is refused where it knows more, and nothing is touched then.
    Store::recover(&places.store, &mirror.store, options(config)).await.map_err(|error| match error {
        StoreError::AheadOfMirror => lacks(),
        error => error.into(),
    })?;
    let to = places.clone();
    let recovered = blocking(move || Ok(Keyring::recover(&to.keyring, &to.epoch, &to.root.load()?, &original).map(drop))).await?;
    recovered.map_err(|error| match error {
        KeyringError::AheadOfMirror => lacks(),
        error => error.into(),
    })?;
    Ok(Recovered { position: head.position, ..Recovered::default() })
}

/// What becomes of a tenant.
enum Fate {
    Withdrawn(Box<(State, Decision, TenantKeys)>),
    Erased(pb::StoredErasure, u64),
}

async fn withdraw_all(config: &Config, places: &Places, now: Timestamp, erase: &[TenantId]) -> Result<Recovered, Fault> {
    places.expect_mirror()?;
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
    let longest_lease_millis = before.longest_lease_millis.max(config.lease_ms);
    let incarnation = before.incarnation + NUMBERS_LOST;
    let head = pb::StoredHead { incarnation, position: moment.position, longest_lease_millis };
    let farewell = lost_farewell(config, crate::parting::recorded(&store)?);
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
                    let before: Vec<_> =
                        changes.scan::<tables::Erasures>((tenant.clone(),)).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
                    before.iter().try_for_each(|key| overtake(changes, key, *number))?;
                    changes.put::<tables::Erasures>(&(tenant.clone(), *number), row)?;
                }
            }
        }
        changes.put::<tables::Farewells>(&(), &farewell)?;
        changes.put::<tables::Head>(&(), &head)
    });
    written.await?;
    let stray = keys.slots().into_iter().filter(|slot| !needed.contains(slot)).collect();
    keys.destroy(stray, moment.position).await?;
    store.close().await;
    Ok(recovered)
}

/// A farewell lease that somebody may have been granted in what is lost: nobody comes back under its name, so it is waited for.
fn lost_farewell(config: &Config, recorded: Option<Farewell>) -> pb::StoredFarewell {
    let recorded = recorded.unwrap_or(Farewell { length: config.lease(), holders: BTreeSet::new() });
    let length_millis = u64::try_from(recorded.length.as_millis()).unwrap_or(u64::MAX).max(config.farewell_ms);
    let instances = recorded.holders.into_iter().chain([sealing::random::id()]).collect();
    pb::StoredFarewell { instances, length_millis }
}

/// What becomes of each tenant, those included of which nothing but keys is left.
///
/// # Errors
/// CONSENT_ROLLED_BACK names those that can only be erased and are not to be.
fn fates(store: &Store, keys: &Keys, moment: Moment, erase: &[TenantId]) -> Result<BTreeMap<TenantId, Fate>, Fault> {
    let mut fates = BTreeMap::new();
    let rows: BTreeMap<_, _> = store.scan::<tables::Tenants>(()).collect::<Result<_, _>>()?;
    let erased = crate::erasures::erased_tenants(store)?;
    let of_keys = keys.slots().into_iter().map(|slot| slot.tenant).filter(|tenant| !erased.contains_key(tenant));
    let tenants: BTreeSet<TenantId> = rows.keys().cloned().chain(of_keys).collect();
    if let Some(unknown) = erase.iter().find(|tenant| !tenants.contains(*tenant)) {
        return Err(Fault::invalid_field("erase_tenant", format!("there is no tenant {unknown}")));
    }
    let mut only_erased = Vec::new();
    for tenant in tenants {
        if erase.contains(&tenant) {
            let number = crate::erasures::erased(store, &tenant)?.number + NUMBERS_LOST;
            let kind = pb::ErasureKind::Tenant.into();
            fates.insert(tenant, Fate::Erased(erasure(kind, moment, number), number));
            continue;
        }
        match rows.get(&tenant).map(|row| withdrawn(store, keys, &tenant, row, moment)) {
            Some(Ok(withdrawn)) => drop(fates.insert(tenant, Fate::Withdrawn(withdrawn.into()))),
            Some(Err(_)) | None => only_erased.push(tenant),
        }
    }
    if only_erased.is_empty() {
        return Ok(fates);
    }
    let named: Vec<_> = only_erased.iter().map(|tenant| format!("--erase-tenant {tenant}")).collect();
    let message = format!(
        "of some tenants the store has nothing, or what it has is sealed under keys that missing decisions destroyed; they can only be \
         erased, unless a backup brings decisions back: {}",
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
