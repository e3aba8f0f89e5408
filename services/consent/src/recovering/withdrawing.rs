//! Everything is withdrawn: nobody knows which decisions are missing, so whatever they may have withdrawn is.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use consent_domain::enforcement::Farewell;
use consent_domain::recover::{NUMBERS_LOST, decide};
use consent_domain::{Decision, Moment, NamesKey, State};
use contracts::consent::v1 as pb;
use runtime::Config;
use sealing::{SlotId, SlotOwner, TenantKey};
use store::{Changes, Store, StoreError};
use vocabulary::{Fault, Kind, Reason, TenantId, Timestamp, UserId};

use super::Recovered;
use crate::convert::stored;
use crate::erasures::tenant::{delete_rows, overtake};
use crate::events::{self, Actor, Appended, Draft, Ledger, Texts};
use crate::keys::{self, Keys, TenantKeys};
use crate::opening::{agree, open_store, state};
use crate::places::Places;
use crate::tables;

/// What becomes of a tenant.
enum Fate {
    Withdrawn(Box<Withdrawn>),
    Erased(pb::StoredErasure, u64),
}

/// A tenant whose consent is withdrawn.
struct Withdrawn {
    next: State,
    decision: Decision,
    own: TenantKeys,
    draft: Draft,
    /// Users whom the ledger names, and whose ledger keys missing decisions destroyed: they were erased.
    lost: BTreeSet<UserId>,
    /// Every slot that is needed from now on.
    needed: Vec<SlotId>,
}

/// The same, as it is written.
struct Written {
    next: State,
    decision: Decision,
    own: TenantKeys,
    appended: Appended,
    lost: BTreeSet<UserId>,
}

/// Withdraws the consent of every tenant, and erases those that are named.
///
/// # Errors
/// As [`super::recover`].
pub(super) async fn withdraw_all(config: &Config, places: &Places, now: Timestamp, erase: &[TenantId]) -> Result<Recovered, Fault> {
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
    let (mut needed, mut withdrawn, mut erased) = (HashSet::new(), Vec::new(), Vec::new());
    for (tenant, fate) in fates {
        match fate {
            Fate::Withdrawn(of) => {
                recovered.withdrawn += u64::from(of.next.consent.revoke_time == Some(now));
                recovered.mailboxes += of.decision.closed;
                needed.extend(of.needed.iter().cloned());
                // What the ledger is to say of them is sealed under keys of their own.
                keys.mint(keys.lacking(of.needed.iter().cloned()), keys.position()).await?;
                let Withdrawn { next, decision, own, draft, lost, .. } = *of;
                let appended = draft.sealed(&Texts::read(None)?, &own, &keys)?;
                withdrawn.push(Written { next, decision, own, appended, lost });
            }
            Fate::Erased(row, number) => {
                recovered.erased += 1;
                erased.push((tenant, row, number));
            }
        }
    }
    let longest_lease_millis = before.longest_lease_millis.max(config.lease_ms);
    let incarnation = before.incarnation + NUMBERS_LOST;
    let head = pb::StoredHead { incarnation, position: moment.position, longest_lease_millis };
    let farewell = lost_farewell(config, crate::parting::recorded(&store)?);
    let written = store.commit::<(), StoreError>(move |changes| {
        let repeats: Vec<_> = changes.scan::<tables::Requests>(()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
        repeats.iter().for_each(|key| changes.delete::<tables::Requests>(key));
        withdrawn.iter().try_for_each(|written| written.put(changes))?;
        for (tenant, row, number) in &erased {
            delete_rows(changes, tenant)?;
            let before: Vec<_> =
                changes.scan::<tables::Erasures>((tenant.clone(),)).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
            before.iter().try_for_each(|key| overtake(changes, key, *number))?;
            changes.put::<tables::Erasures>(&(tenant.clone(), *number), row)?;
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
        match rows.get(&tenant).map(|row| Withdrawn::of(store, keys, &tenant, row, moment)) {
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

impl Withdrawn {
    fn of(store: &Store, keys: &Keys, tenant: &TenantId, row: &pb::StoredTenant, moment: Moment) -> Result<Self, Fault> {
        let names = names(keys, tenant, stored::names(row));
        let own = keys.of_tenant(tenant, names)?;
        let before = state(store, tenant, row, &own, &Arc::from([]))?;
        let decision = decide(&before, names, moment);
        let mut next = before.clone();
        next.apply(&decision);
        let ledger = Ledger::read(store, tenant)?;
        let named = ledger.named();
        let lost: BTreeSet<_> = named.iter().copied().filter(|user| keys.of_ledger(tenant, *user).is_none()).collect();
        let named = named.difference(&lost).copied().collect();
        let needed = keys::needed(&next, &named).collect();
        let draft = Draft::of(tenant, Some(&before), &ledger, &decision, &Actor::Recovery, &own);
        Ok(Self { next, decision, own, draft, lost, needed })
    }
}

impl Written {
    fn put(&self, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        let tenant = &self.next.tenant;
        stored::Rows::of(&self.next, &self.decision, &self.own).put(changes)?;
        events::blank(changes, tenant, &self.lost)?;
        self.appended.put(changes)?;
        changes.put::<tables::Erasures>(&(tenant.clone(), self.next.erased.number), &withdrawal(&self.next, &self.decision))
    }
}

/// Which keys `names` there are: a replacement may have begun, or ended, since.
fn names(keys: &Keys, tenant: &TenantId, held: NamesKey) -> NamesKey {
    let of_names = keys.slots().into_iter().filter(|slot| slot.tenant == *tenant).filter_map(|slot| match slot.owner {
        SlotOwner::Tenant(TenantKey::Names { generation }) => Some(generation),
        SlotOwner::Tenant(_) | SlotOwner::Ledger { .. } | SlotOwner::Mailbox { .. } => None,
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
