//! Reading: what is installed in memory is durable, so a read waits for nothing.

use std::sync::Arc;
use std::time::Duration;

use vocabulary::revision::Part;
use vocabulary::{Fault, Kind, Reason, Revision, TenantId};

use crate::events::Ledger;
use crate::tenants::Held;
use crate::writer::Core;

/// How long to wait before a revision that is not reached is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

impl Core {
    /// A tenant as it is now, if the revision the caller demands is reached, and the revision it was read at.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND; REVISION_INVALID, REVISION_LOST, REVISION_NOT_REACHED.
    pub fn read(&self, tenant: &TenantId, revision: &str) -> Result<(Arc<Held>, String), Fault> {
        let ((), held, revision) = self.read_ledger(tenant, revision, |_| ())?;
        Ok((held, revision))
    }

    /// A tenant as it is now, with what is read of its ledger at the same instant, and the revision they were read at.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_ledger<R>(
        &self,
        tenant: &TenantId,
        revision: &str,
        read: impl FnOnce(&Ledger) -> R,
    ) -> Result<(R, Arc<Held>, String), Fault> {
        let demanded = Revision::parse(revision)?.point(Part::Consent);
        let (held, position, read) = {
            let tenants = self.tenants.read();
            let held = Arc::clone(tenants.get(tenant)?);
            let ledger = tenants.ledgers.get(tenant).ok_or_else(|| Fault::internal("a tenant has no ledger"))?;
            (held, tenants.position, read(ledger))
        };
        if let Some(point) = demanded {
            if point.incarnation != self.store.incarnation() {
                return Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the revision belongs to another store of consent"));
            }
            if point.position > position {
                return Err(Fault::unavailable(Reason::RevisionNotReached, "the demanded decision is not known here", AGAIN));
            }
        }
        Ok((read, held, self.revision(position)))
    }

    /// A tenant, and the position of the last decision of the suite.
    ///
    /// # Errors
    /// TENANT_NOT_FOUND.
    pub fn present(&self, tenant: &TenantId) -> Result<(Arc<Held>, u64), Fault> {
        let tenants = self.tenants.read();
        Ok((Arc::clone(tenants.get(tenant)?), tenants.position))
    }

    /// A position as a revision names it: by the store it belongs to, which outlives restarts.
    pub fn revision(&self, position: u64) -> String {
        Revision::of(Part::Consent, self.store.incarnation(), position).to_string()
    }
}
