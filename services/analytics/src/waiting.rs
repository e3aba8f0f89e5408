//! How a request comes by its permit: once the mirror has reached the decisions it demands, and no later than its deadline allows.

use std::time::Duration;

use consent_client::{Permit, Subscriber};
use runtime::Deadline;
use vocabulary::{Fault, Reason, Revision, TenantId};

/// How long a write waits for a tenant that consent has only just named: it demands no revision.
const NEWBORN: Duration = Duration::from_secs(1);

/// Permits, waited for.
#[derive(Clone, Debug)]
pub struct Waiting {
    consent: Subscriber,
}

impl Waiting {
    /// Over this subscription.
    pub fn new(consent: Subscriber) -> Self {
        Self { consent }
    }

    /// A permit that stands at the demanded point of consent, or behind it.
    ///
    /// # Errors
    /// Those of [`Subscriber::reached_revision`] and of [`Subscriber::permit`].
    pub async fn permit(&self, tenant: &TenantId, demanded: &Revision, until: Deadline) -> Result<Permit, Fault> {
        self.consent.reached_revision(demanded, until.remaining()).await?;
        self.consent.permit(tenant)
    }

    /// A permit for a write, waiting a moment for a tenant that consent has only just named.
    ///
    /// # Errors
    /// Those of [`Subscriber::permit`].
    pub async fn permit_to_write(&self, tenant: &TenantId) -> Result<Permit, Fault> {
        let mut changes = self.consent.changes();
        let named = async {
            loop {
                match self.consent.permit(tenant) {
                    Err(fault) if fault.reason == Reason::TenantNotFound => {}
                    answer => return Some(answer),
                }
                changes.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(NEWBORN, named).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => self.consent.permit(tenant),
        }
    }
}
