//! Erasures in a view. Rows whose keys are destroyed go when mailboxes close; erased people leave memory before anybody reads again, and
//! are left out of whatever is folded later. Chunks that name them are written anew, one mailbox after the other, while readers go on;
//! consent is told when the last one is.

use std::collections::BTreeSet;
use std::sync::Arc;

use consent_client::{Erased, Permit};
use vocabulary::entry::Origin;
use vocabulary::{Fault, TenantId, UserId};

use crate::follower::Follower;
use crate::mailboxes::Place;
use crate::tables::CRM;
use crate::{Fold, entry};

/// What is gone of a tenant, and what has still to go.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// Who was taken out of memory.
    taken_out: Option<Arc<Erased>>,
    /// Mailboxes with chunks that name somebody erased.
    chunks: BTreeSet<UserId>,
    /// Up to which erasure consent is to be told once nothing has to go any more.
    number: u64,
    /// Rows removed or written anew since consent was last told.
    rows: u64,
}

impl<F: Fold> Follower<F> {
    /// Counts rows that were removed.
    pub(crate) fn count_gone(&mut self, tenant: &TenantId, rows: u64) {
        self.erased.entry(tenant.clone()).or_default().rows += rows;
    }

    /// Takes whoever is erased by this permit out of what is in memory. Whoever reads next does not see them.
    pub(crate) fn erase_people(&mut self, permit: &Permit) {
        let (tenant, people) = (&permit.tenant, &permit.erased.people);
        let gone = self.erased.entry(tenant.clone()).or_default();
        gone.number = permit.erasure_number;
        if people.is_empty() || gone.taken_out.as_ref().is_some_and(|before| Arc::ptr_eq(before, &permit.erased)) {
            return;
        }
        gone.taken_out = Some(Arc::clone(&permit.erased));
        let origins = self.shared.tenant(tenant).fold.write().erase(people);
        self.mailboxes.erase(tenant, |pending| entry::without(pending, people).0);
        origins.into_iter().for_each(|origin| self.owe_anew(tenant, place_of(origin)));
    }

    /// Notes that chunks of a mailbox name somebody erased.
    pub(crate) fn owe_anew(&mut self, tenant: &TenantId, user: UserId) {
        self.erased.entry(tenant.clone()).or_default().chunks.insert(user);
    }

    /// Whether chunks wait to be written anew.
    pub(crate) fn any_owed_anew(&self) -> bool {
        self.erased.values().any(|gone| !gone.chunks.is_empty())
    }

    /// Writes the chunks of one mailbox anew, if any wait. One that is not open now is filtered, and written anew, when it is read.
    pub(crate) async fn write_one_anew(&mut self) -> Result<(), Fault> {
        let next = self.erased.iter().find_map(|(tenant, gone)| Some((tenant.clone(), *gone.chunks.first()?, gone.taken_out.clone())));
        let Some((tenant, user, taken_out)) = next else { return Ok(()) };
        let place: Place = (tenant, user);
        let mut rows = 0;
        if let Some((opening, erased)) = self.mailboxes.opening(&place).cloned().zip(taken_out) {
            rows = self.disk.rewrite(&place, &opening, erased).await?;
        }
        let gone = self.erased.entry(place.0.clone()).or_default();
        gone.rows += rows;
        gone.chunks.remove(&user);
        self.report_erased(&place.0);
        Ok(())
    }

    /// Removes whatever is kept of tenants that are erased, once, and tells consent.
    pub(crate) async fn erase_tenants(&mut self) -> Result<(), Fault> {
        let mirror = self.subscriber.mirror();
        for (tenant, number) in &mirror.erased {
            if self.tenants_gone.contains(tenant) {
                continue;
            }
            self.mailboxes.forget_tenant(tenant);
            self.erased.remove(tenant);
            let rows = self.disk.remove_tenant(tenant).await?;
            self.reporter.in_line(tenant, *number, rows, 0);
            self.tenants_gone.insert(tenant.clone());
        }
        Ok(())
    }

    /// Tells consent that the view is in line with the erasures of a tenant, if it is.
    pub(crate) fn report_erased(&mut self, tenant: &TenantId) {
        if let Some(gone) = self.erased.get_mut(tenant).filter(|gone| gone.chunks.is_empty()) {
            self.reporter.in_line(tenant, gone.number, std::mem::take(&mut gone.rows), 0);
        }
    }
}

fn place_of(origin: Origin) -> UserId {
    match origin {
        Origin::Crm => CRM,
        Origin::Mailbox { user, .. } => user,
    }
}
