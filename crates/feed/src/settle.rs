//! How a view follows decisions: it forgets what closed, takes in what opened. Only when nothing of it is missing any more and its
//! people have names does it say so, and only then do readers with that permit read.

use std::collections::HashMap;

use consent_client::{MailboxState, Permit, TenantMirror, UserMirror};
use contracts::ingestion::v1 as pb;
use vocabulary::revision::{Part, Point};
use vocabulary::{Fault, TenantId, UserId};

use crate::follower::Follower;
use crate::mailboxes::{Opening, Place};
use crate::tables::CRM;
use crate::{Fold, entry};

/// Which mirror: incarnation, log of decisions, position.
pub(crate) type Stamp = (u64, u64, u64);

/// By which decision about a tenant each step was taken. The tenant is settled when it was the same one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// What had closed was forgotten.
    closed: Option<Point>,
    /// What stood open was taken in, but for what is missing.
    pub(crate) opened: Option<Point>,
    /// The directory was learned.
    pub(crate) named: Option<Point>,
}

impl<F: Fold> Follower<F> {
    /// Brings every tenant to the present decisions, as far as that takes nobody else. Whatever closes meanwhile goes before anything
    /// more is taken in.
    pub(crate) async fn settle(&mut self) -> Result<(), Fault> {
        loop {
            let mirror = self.subscriber.mirror();
            let stamp = (mirror.incarnation, mirror.log_incarnation, mirror.position);
            drop(mirror);
            if self.settled == Some(stamp) {
                return Ok(());
            }
            let tenants = self.subscriber.tenants()?;
            self.leave_unknown(&tenants);
            self.erase_tenants().await?;
            for tenant in &tenants {
                self.close(tenant).await?;
            }
            let mut opened = true;
            for tenant in &tenants {
                opened = opened && self.open(tenant).await?;
            }
            if opened {
                self.settled = Some(stamp);
            }
        }
    }

    /// Says that a tenant is settled, if it is.
    pub(crate) fn answer_for(&self, tenant: &TenantId) {
        let Some(Standing { closed, opened, named }) = self.standings.get(tenant) else { return };
        if closed == opened && opened == named && !self.mailboxes.any_missing(tenant) {
            let view = self.shared.tenant(tenant);
            if *view.settled.read() != *named {
                *view.settled.write() = *named;
                self.publish(|_| {});
            }
        }
    }

    /// Forgets tenants that the mirror no longer knows. Nobody can ask for them; should they come back, their rows are still there.
    fn leave_unknown(&mut self, known: &[TenantId]) {
        let unknown: Vec<TenantId> = self.standings.keys().filter(|tenant| known.binary_search(tenant).is_err()).cloned().collect();
        for tenant in unknown {
            self.shared.tenants.write().remove(&tenant);
            for (user, _) in self.mailboxes.of(&tenant) {
                self.mailboxes.unload(&(tenant.clone(), user), true);
            }
            self.standings.remove(&tenant);
            self.names.forget(&tenant);
        }
    }

    /// Forgets what has closed, on disk too unless its key lives on.
    async fn close(&mut self, tenant: &TenantId) -> Result<(), Fault> {
        let Some(permit) = self.permit(tenant)? else { return Ok(()) };
        let decided = decided_at(&permit);
        if self.standings.get(tenant).is_some_and(|standing| standing.closed == Some(decided)) {
            return Ok(());
        }
        let view = self.shared.tenant(tenant);
        *view.settled.write() = None;
        let open: HashMap<UserId, Opening> = openings(&permit).collect();
        for (user, held) in self.mailboxes.of(tenant) {
            let now = open.get(&user);
            if user == CRM || now == Some(&held) {
                continue;
            }
            view.fold.write().forget(user);
            let place = (tenant.clone(), user);
            self.mailboxes.unload(&place, lives(&permit, user, held.generation));
            if now.is_some_and(|now| now.generation == held.generation) {
                // Closed and opened again unseen: what its intervals allow is folded anew.
                self.mailboxes.keep(place, held.generation, 1);
            }
        }
        let wanted = |user, generation| lives(&permit, user, generation);
        self.mailboxes.prune(tenant, wanted);
        for place in self.disk.unwanted(tenant, wanted) {
            let rows = self.disk.remove(&place, |generation| wanted(place.1, generation)).await?;
            self.count_gone(tenant, rows);
        }
        self.erase_people(&permit);
        self.standings.entry(tenant.clone()).or_default().closed = Some(decided);
        Ok(())
    }

    /// Takes in what stands open and is not in memory; `false` when decisions came in between that must be settled first.
    async fn open(&mut self, tenant: &TenantId) -> Result<bool, Fault> {
        let Some(permit) = self.permit(tenant)? else { return Ok(false) };
        let decided = decided_at(&permit);
        match self.standings.get(tenant) {
            Some(standing) if standing.closed != Some(decided) => return Ok(false),
            Some(standing) if standing.opened == Some(decided) => return Ok(true),
            Some(_) => {}
            None => return Ok(false),
        }
        let crm = Opening { generation: 0, key: permit.facts_key.clone() };
        let wanted: Vec<(Place, Opening)> =
            [(CRM, crm)].into_iter().chain(openings(&permit)).map(|(user, opening)| ((tenant.clone(), user), opening)).collect();
        drop(permit);
        for (place, opening) in wanted {
            if self.mailboxes.opening(&place).is_none() {
                // Each mailbox may take a while, so each is read under a permit of its own.
                if self.permit(tenant)?.map(|permit| decided_at(&permit)) != Some(decided) {
                    return Ok(false);
                }
                self.load(place, opening).await?;
            }
        }
        let Some(permit) = self.permit(tenant)?.filter(|permit| decided_at(permit) == decided) else { return Ok(false) };
        self.standings.entry(tenant.clone()).or_default().opened = Some(decided);
        self.report_erased(tenant);
        self.name_ours(&permit);
        Ok(true)
    }

    /// Folds the chunks of a mailbox that is not in memory.
    async fn load(&mut self, place: Place, opening: Opening) -> Result<(), Fault> {
        let generation = opening.generation;
        match self.disk.load(&place, &opening).await? {
            Some(entries) => {
                let Some(permit) = self.permit(&place.0)? else { return Ok(()) };
                let (entries, named) = entry::without(entries, &permit.erased.people);
                if named > 0 {
                    self.owe_anew(&place.0, place.1);
                }
                self.fold(&place, generation, entries);
            }
            None => {
                tracing::info!("chunks of a mailbox do not open with its key: it is folded anew from the log");
                self.mailboxes.keep(place.clone(), generation, 1);
                self.disk.keep(&place, pb::StoredPlace { generation, position: 1 }).await?;
                self.disk.remove(&place, |_| false).await?;
            }
        }
        self.mailboxes.load(place, opening, self.position);
        Ok(())
    }
}

/// The last decision about the tenant of a permit.
pub(crate) fn decided_at(permit: &Permit) -> Point {
    let incarnation = permit.revision().point(Part::Consent).map_or(0, |point| point.incarnation);
    let tenant: &TenantMirror = permit;
    Point { incarnation, position: tenant.position }
}

/// How a mailbox stands open to this view, if it does.
pub(crate) fn opening(user: &UserMirror) -> Option<Opening> {
    let readable = user.state == MailboxState::Open && user.log_key.is_some();
    user.view_key.clone().filter(|_| readable).map(|key| Opening { generation: user.generation, key })
}

fn openings(permit: &Permit) -> impl Iterator<Item = (UserId, Opening)> {
    permit.users.values().filter_map(|user| Some((user.id, opening(user)?)))
}

/// Whether rows and places of a generation may be read now or later. A higher generation than the mirror's is one it will know.
fn lives(permit: &Permit, user: UserId, generation: u32) -> bool {
    let in_state = |user: &UserMirror| matches!(user.state, MailboxState::Open | MailboxState::Held);
    user == CRM
        || permit.users.get(&user).is_some_and(|user| generation > user.generation || (generation == user.generation && in_state(user)))
}
