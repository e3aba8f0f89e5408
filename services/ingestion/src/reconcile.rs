//! Memory and disk brought in line with what consent decided: what may be read is built from its blocks, what may not is forgotten, and
//! blocks whose keys are destroyed leave the log. Requests do not wait for it; they see its results.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use consent_client::{MailboxState, TenantMirror};
use sealing::Key;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vocabulary::{Fault, TenantId, UserId};

use crate::convert;
use crate::dictionary::Dictionary;
use crate::erasing;
use crate::known::Known;
use crate::mailboxes::{CRM, may_be_read};
use crate::service::{Ingestion, blocking};
use crate::tables;
use crate::tenant::{Hashes, Tenant};

/// Rows that one commit removes.
const REMOVED_AT_ONCE: usize = 256;
/// When to try again what failed.
const RETRY: Duration = Duration::from_secs(1);

/// Follows the mirror for as long as the service lives.
pub async fn keep(ingestion: Weak<Ingestion>, mut changes: watch::Receiver<u64>, stopping: CancellationToken) {
    let mut done = HashMap::new();
    loop {
        changes.mark_unchanged();
        let Some(served) = ingestion.upgrade() else { return };
        let whole = tokio::select! {
            whole = round(&served, &mut done) => whole,
            () = stopping.cancelled() => return,
        };
        drop(served);
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(RETRY), if !whole => {}
            () = stopping.cancelled() => return,
        }
    }
}

/// Looks at every tenant that changed since it was `done`; whether all of them are.
async fn round(ingestion: &Arc<Ingestion>, done: &mut HashMap<TenantId, (u64, u64)>) -> bool {
    let mirror = ingestion.consent.mirror();
    let mut whole = true;
    for (id, number) in &mirror.erased {
        let seen = (mirror.incarnation, *number);
        if done.get(id) != Some(&seen) {
            match erasing::erase_tenant(ingestion, id, *number).await {
                Ok(()) => drop(done.insert(id.clone(), seen)),
                Err(fault) => {
                    tracing::error!(%fault, "a tenant could not be erased");
                    whole = false;
                }
            }
        }
    }
    for (id, held) in &mirror.tenants {
        let seen = (mirror.incarnation, held.position);
        if done.get(id) == Some(&seen) {
            continue;
        }
        match align(ingestion, held).await {
            Ok(()) => {
                done.insert(id.clone(), seen);
                ingestion.aligned.send_modify(|times| *times += 1);
            }
            Err(fault) => {
                tracing::error!(%fault, "a tenant could not be brought in line with consent");
                whole = false;
            }
        }
    }
    // Before the first snapshot there is no tenant to be brought in line.
    if whole && mirror.incarnation != 0 {
        ingestion.in_line.send_if_modified(|in_line| !std::mem::replace(in_line, true));
    }
    whole
}

async fn align(ingestion: &Arc<Ingestion>, held: &TenantMirror) -> Result<(), Fault> {
    // Whatever was committed under an earlier decision is in the index and can be read once this returns.
    ingestion.store.commit(|_| Ok::<_, Fault>(())).await?;
    let tenant = ingestion.tenants.entry(&held.tenant);
    if !tenant.is_open() {
        erasing::clear_unreadable(ingestion, &tenant, held).await?;
        let (store, mirror) = (ingestion.store.clone(), held.clone());
        let names = blocking(move || Dictionary::load(&store, &mirror)).await?;
        // The CRM is there before the tenant is: nothing asks for it in between.
        load(ingestion, &tenant, CRM, 0, &held.facts_key).await?;
        tenant.open(names, Hashes::new(&held.lookup_key));
        ingestion.aligned.send_modify(|times| *times += 1);
    }
    let mut rows = if held.erasure_number > 0 { erasing::erase(ingestion, &tenant, held).await? } else { 0 };
    let users = tenant.mailboxes.lock().users();
    // Whom consent no longer knows is erased: whoever has blocks was known to it when they were sealed.
    for user in users.iter().copied().filter(|user| *user != CRM && held.user(*user).is_none()) {
        tenant.mailboxes.lock().entry(user).forget();
        rows += remove(ingestion, &tenant, user, |_| true).await?;
    }
    for user in users.into_iter().filter_map(|user| held.user(user)) {
        let generation = user.generation;
        let closed = |held: u32| held < generation || (held == generation && !may_be_read(user));
        {
            let mut mailboxes = tenant.mailboxes.lock();
            let mailbox = mailboxes.entry(user.id);
            if mailbox.generation().is_some_and(closed) {
                mailbox.forget();
            }
        }
        let destroyed = |held: u32| held < generation || (held == generation && user.state == MailboxState::Destroyed);
        rows += remove(ingestion, &tenant, user.id, destroyed).await?;
        if let Some(key) = user.log_key.as_ref().filter(|_| may_be_read(user)) {
            load(ingestion, &tenant, user.id, generation, key).await?;
        }
    }
    erasing::seal_anew(ingestion, held).await?;
    ingestion.reporter.in_line(&held.tenant, held.erasure_number, rows, held.names_generation);
    Ok(())
}

/// Removes the blocks of a mailbox whose keys are destroyed; answers how many.
pub(crate) async fn remove(
    ingestion: &Arc<Ingestion>,
    tenant: &Arc<Tenant>,
    user: UserId,
    destroyed: impl Fn(u32) -> bool,
) -> Result<u64, Fault> {
    let positions: Vec<u64> = tenant.mailboxes.lock().entry(user).places(destroyed).collect();
    for part in positions.chunks(REMOVED_AT_ONCE) {
        let (part, tenant) = (part.to_vec(), Arc::clone(tenant));
        let change = move |changes: &mut store::Changes<'_>| {
            part.iter().for_each(|position| changes.delete::<tables::Log>(position));
            tenant.mailboxes.lock().entry(user).remove(&part);
            Ok::<_, Fault>(())
        };
        ingestion.store.commit(change).await?;
    }
    Ok(positions.len() as u64)
}

/// Builds what one generation of a mailbox tells from its blocks, unless it is in memory. Nothing is stored from it meanwhile.
async fn load(ingestion: &Arc<Ingestion>, tenant: &Arc<Tenant>, user: UserId, generation: u32, key: &Key) -> Result<(), Fault> {
    let positions: Vec<u64> = {
        let mut mailboxes = tenant.mailboxes.lock();
        let mailbox = mailboxes.entry(user);
        if mailbox.known(generation).is_some() {
            return Ok(());
        }
        mailbox.places(|held| held == generation).collect()
    };
    let (store, id, key) = (ingestion.store.clone(), tenant.id.clone(), key.clone());
    let read = move || {
        let mut known = Known::default();
        for position in positions {
            let block = store.get::<tables::Log>(&position)?.ok_or_else(|| Fault::internal("a block of the log is missing"))?;
            let place = feed::block::log_place(&id, user, generation, position);
            for entry in feed::block::open(&key, &place, &block.sealed)? {
                known.insert(convert::sighting(&entry));
            }
        }
        Ok(known)
    };
    let known = blocking(read).await?;
    tenant.mailboxes.lock().entry(user).install(generation, known);
    ingestion.aligned.send_modify(|times| *times += 1);
    Ok(())
}
