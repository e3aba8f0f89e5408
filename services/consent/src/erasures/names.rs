//! The tenant key `names` is replaced for erasures whose rows are gone: one rotation for all that wait. Consent seals its own rows anew,
//! in parts, while it goes on deciding; when every store that seals under `names` has done so too, the old key is destroyed.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use consent_domain::{Decision, Moment, rotate};
use contracts::consent::v1 as pb;
use vocabulary::{Fault, TenantId};

use super::rows::place;
use super::{Erasures, of};
use crate::access;
use crate::convert::stored;
use crate::events::Actor;
use crate::steps::Step;
use crate::tables;
use crate::tenants::Held;
use crate::writer::{Command, Core};

/// How long what waits may grow before a rotation begins for all of it: each seals a whole tenant's names anew.
const GATHER: Duration = Duration::from_millis(300);
/// How often to look, whether or not anything has changed: what failed is tried again.
const LOOK: Duration = Duration::from_secs(1);
/// Users, groups or kept answers that one commit seals anew.
const SEALED_AT_ONCE: usize = 500;

/// The kinds of store that seal under `names`.
const SEALS_NAMES: [pb::StoreKind; 2] = [pb::StoreKind::Log, pb::StoreKind::Records];

/// Goes on until the service ends.
pub(crate) fn start(core: &Arc<Core>) {
    let (core, ending, changes) = (Arc::downgrade(core), core.ending.clone(), core.erasures.changed.subscribe());
    tokio::spawn(async move {
        tokio::select! {
            () = ending.cancelled() => {}
            () = keep(core, changes) => {}
        }
    });
}

async fn keep(core: Weak<Core>, mut changes: tokio::sync::watch::Receiver<u64>) {
    let mut sealed = HashMap::new();
    loop {
        changes.mark_unchanged();
        let Some(held) = core.upgrade() else { return };
        let tenants: Vec<TenantId> = held.tenants.read().held.keys().cloned().collect();
        for tenant in tenants {
            if let Err(fault) = step(&held, &tenant, &mut sealed).await {
                tracing::warn!(reason = fault.reason.as_str(), "names are not sealed anew yet, and it is tried again");
            }
        }
        drop(held);
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Does what is next for a tenant, if anything is. `sealed` says which generation consent's own rows are sealed under.
async fn step(core: &Arc<Core>, tenant: &TenantId, sealed: &mut HashMap<TenantId, u32>) -> Result<(), Fault> {
    access::sweep(core, tenant).await?;
    let names = core.present(tenant)?.0.state.names;
    if !names.retiring {
        if any_to_finish(core, tenant, names.generation)? {
            // An earlier process ended between destroying the key and saying so.
            finish(core, tenant, names.generation).await?;
        }
        if begins(core, tenant, names.generation + 1).await? {
            decide(core, tenant, rotate::begin).await?;
            core.erasures.stir();
        }
        return Ok(());
    }
    if sealed.get(tenant) != Some(&names.generation) {
        seal_anew(core, tenant).await?;
        core.passed(Step::NamesSealedAnew);
        sealed.insert(tenant.clone(), names.generation);
    }
    if all_sealed(core, tenant, names.generation)? {
        decide(core, tenant, rotate::end).await?;
        finish(core, tenant, names.generation).await?;
        tracing::info!(generation = names.generation, "names were replaced");
    }
    Ok(())
}

/// Marks the erasures that the next generation is begun for; whether there are any. A crash before it is begun leaves them marked, so
/// what is marked with a generation that does not exist begins it too.
async fn begins(core: &Core, tenant: &TenantId, generation: u32) -> Result<bool, Fault> {
    let (open, stores) = (core.erasures.open_of(tenant), core.stores()?);
    core.store
        .commit(move |changes| {
            let mut any = false;
            for key in open {
                let Some(mut row) = changes.get::<tables::Erasures>(&key)? else { continue };
                let said = |id: &u64| row.reports.iter().any(|report| report.store_id == *id && report.report_micros != 0);
                if row.names_owed && row.due_number != 0 && stores.iter().all(|(id, _)| said(id)) {
                    (row.names_owed, row.names_generation) = (false, generation);
                    changes.put::<tables::Erasures>(&key, &row)?;
                }
                any |= !row.names_owed && row.names_generation == generation;
            }
            Ok::<_, Fault>(any)
        })
        .await
}

/// Whether every store that seals under `names` has said of each erasure that waits that all of it is sealed anew.
fn all_sealed(core: &Core, tenant: &TenantId, generation: u32) -> Result<bool, Fault> {
    let stores = core.stores()?;
    let sealing = |kind: i32| SEALS_NAMES.iter().any(|seals| i32::from(*seals) == kind);
    let waited: Vec<u64> = stores.into_iter().filter(|(_, row)| sealing(row.kind)).map(|(id, _)| id).collect();
    for key in core.erasures.open_of(tenant) {
        let row = core.store.get::<tables::Erasures>(&key)?.unwrap_or_default();
        let said = |id: &u64| row.reports.iter().any(|report| report.store_id == *id && report.names_generation >= generation);
        if row.names_generation == generation && !waited.iter().all(said) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an erasure waited for this replacement of `names`, or an earlier one.
fn waited_for(row: &pb::StoredErasure, generation: u32) -> bool {
    row.names_generation != 0 && row.names_generation <= generation && !row.names_owed
}

/// Whether an erasure waited for what has been done.
fn any_to_finish(core: &Core, tenant: &TenantId, generation: u32) -> Result<bool, Fault> {
    for key in core.erasures.open_of(tenant) {
        let row = core.store.get::<tables::Erasures>(&key)?;
        if row.is_some_and(|row| row.finish_micros == 0 && waited_for(&row, generation)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finishes what waited for the old key to be destroyed.
async fn finish(core: &Core, tenant: &TenantId, generation: u32) -> Result<(), Fault> {
    let (now, open) = (core.clock.now(), core.erasures.open_of(tenant));
    let finished = core.store.commit(move |changes| {
        let mut finished = Vec::new();
        for key in open {
            let Some(mut row) = changes.get::<tables::Erasures>(&key)? else { continue };
            if !waited_for(&row, generation) {
                continue;
            }
            if row.finish_micros == 0 {
                row.finish_micros = now.micros();
                changes.put::<tables::Erasures>(&key, &row)?;
            }
            finished.push(key);
        }
        Ok::<_, Fault>(finished)
    });
    let finished = finished.await?;
    core.passed(Step::ErasureFinished);
    core.finished(&finished);
    Ok(())
}

async fn decide(
    core: &Arc<Core>,
    tenant: &TenantId,
    rule: impl Fn(&consent_domain::State, Moment) -> Decision + Send + 'static,
) -> Result<(), Fault> {
    let command =
        Command { tenant: tenant.clone(), actor: Actor::Suite, repeat: None, validate_only: false, narrows: false, named: Vec::new() };
    let decided = core.decide(command, move |state, moment| Ok((rule(state, moment), ())), |_, _, (), _| pb::ReportErasureResponse {});
    decided.await.map(drop)
}

/// Seals every row of a tenant that consent keeps under `names` anew, in parts: between two of them, decisions go on.
async fn seal_anew(core: &Arc<Core>, tenant: &TenantId) -> Result<(), Fault> {
    let held = core.present(tenant)?.0;
    let users: Vec<_> = held.state.directory.users().map(|user| user.id).collect();
    let groups: Vec<_> = held.state.groups.0.keys().cloned().collect();
    for part in users.chunks(SEALED_AT_ONCE) {
        let pick = |held: &Held, decision: &mut Decision| {
            decision.users = part.iter().filter_map(|id| held.state.directory.get(*id).cloned()).collect();
        };
        put(core, tenant, pick).await?;
    }
    for part in groups.chunks(SEALED_AT_ONCE) {
        let pick = |held: &Held, decision: &mut Decision| {
            let present = |id: &str| held.state.groups.0.get(id).map(|group| (id.into(), Some(group.clone())));
            decision.groups = part.iter().filter_map(|id| present(id)).collect();
        };
        put(core, tenant, pick).await?;
    }
    put(core, tenant, |_, _| {}).await?;
    kept_answers(core, tenant).await?;
    access::callers::seal_anew(core, tenant).await?;
    subjects(core, &core.erasures, tenant).await
}

/// Writes rows of a tenant as they are; the settings are among them whatever is picked.
async fn put(core: &Core, tenant: &TenantId, pick: impl Fn(&Held, &mut Decision)) -> Result<(), Fault> {
    let _alone = core.writing().await?;
    let held = core.present(tenant)?.0;
    let mut decision = Decision::default();
    pick(&held, &mut decision);
    let rows = stored::Rows::of(&held.state, &decision, &held.keys);
    Ok(core.store.commit::<(), store::StoreError>(move |changes| rows.put(changes)).await?)
}

async fn kept_answers(core: &Core, tenant: &TenantId) -> Result<(), Fault> {
    let rows = core.store.scan::<tables::Requests>((tenant.clone(),)).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, _>>()?;
    for part in rows.chunks(SEALED_AT_ONCE) {
        let _alone = core.writing().await?;
        let (keys, part) = (core.present(tenant)?.0.keys.clone(), part.to_vec());
        let sealed = core.store.commit(move |changes| {
            for key in part {
                if let Some(row) = changes.get::<tables::Requests>(&key)? {
                    let row = crate::requests::sealed_anew(&key, row, &keys)?;
                    changes.put::<tables::Requests>(&key, &row)?;
                }
            }
            Ok::<_, Fault>(())
        });
        sealed.await?;
    }
    Ok(())
}

/// What applications have still to be told.
async fn subjects(core: &Core, erasures: &Erasures, tenant: &TenantId) -> Result<(), Fault> {
    let _alone = core.writing().await?;
    let (keys, told) = (core.present(tenant)?.0.keys.clone(), of(&erasures.told, tenant));
    let sealed = core.store.commit(move |changes| {
        for key in told {
            if let Some(mut row) = changes.get::<tables::Erasures>(&key)?.filter(|row| !row.sealed_subject.is_empty()) {
                let subject = keys.opened(&place(&key), &row.sealed_subject)?;
                row.sealed_subject = sealing::seal(&keys.names, &place(&key), &subject);
                changes.put::<tables::Erasures>(&key, &row)?;
            }
        }
        Ok::<_, Fault>(())
    });
    sealed.await
}
