//! The consent service: who may be read and why. The only minter and destroyer of keys, and a single writer.

mod tables;

mod places;

mod keys;
mod tenants;

mod convert;

mod erasures;

mod events;

mod opening;
mod parting;
mod recovering;
mod requests;
mod steps;
mod writer;

mod reading;

mod enforce;

mod expiring;

mod access;

mod pages;

mod upkeep;

mod grpc;

use std::fmt;
use std::sync::Arc;

use contracts::DESCRIPTORS;
use contracts::common::v1::maintenance_service_server;
use contracts::consent::v1::access_report_service_server::{self, AccessReportServiceServer};
use contracts::consent::v1::application_service_server::{self, ApplicationServiceServer};
use contracts::consent::v1::consent_service_server::{self, ConsentServiceServer};
use contracts::consent::v1::directory_service_server::{self, DirectoryServiceServer};
use contracts::consent::v1::enforcement_service_server::{self, EnforcementServiceServer};
use contracts::consent::v1::erasure_service_server::{self, ErasureServiceServer};
use contracts::consent::v1::export_service_server::{self, ExportServiceServer};
use contracts::consent::v1::store_registry_service_server::{self, StoreRegistryServiceServer};
use contracts::consent::v1::tenant_service_server::{self, TenantServiceServer};
use runtime::{Area, Context, sized};
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use vocabulary::{Fault, Reason};

use writer::Core;

pub use steps::{Observer, Step};
pub use upkeep::{mirror_place, place};

pub use recovering::{Recovered, Recovery, attach_mirror, recover, rotate_root};

/// The consent service, its store and keyring open; or closed, because decisions are missing.
#[derive(Clone)]
pub struct Service(Result<Arc<Core>, Fault>);

/// Opens store and keyring in the data directory of `context`, makes both on a first start, and rebuilds what is kept in memory.
///
/// Must be called within a Tokio runtime. What an earlier process left is compared first: a key without an open decision is destroyed,
/// an open decision without its key is refused, never mended by a new key. When decisions are missing, because the store is older than
/// its keyring or than its mirror, the service is *closed*: it answers everything with CONSENT_ROLLED_BACK, so that nobody holds a lease.
///
/// # Errors
/// STORE_FAILED, KEYRING_FAILED: the message says what is wrong and names no person.
pub async fn open(context: &Context) -> Result<Service, Fault> {
    open_observed(context, steps::unobserved()).await
}

/// As [`open`], with somebody who is told of every step of every decision.
///
/// # Errors
/// As [`open`].
pub async fn open_observed(context: &Context, observer: Observer) -> Result<Service, Fault> {
    match opening::open(context, observer).await {
        Ok(core) => {
            erasures::start(&core);
            Ok(Service(Ok(core)))
        }
        Err(fault) if fault.reason == Reason::ConsentRolledBack => {
            tracing::error!(%fault, "consent is closed");
            Ok(Service(Err(fault)))
        }
        Err(fault) => Err(fault),
    }
}

/// The services for clients.
const PUBLIC: [&str; 5] = [
    tenant_service_server::SERVICE_NAME,
    application_service_server::SERVICE_NAME,
    consent_service_server::SERVICE_NAME,
    directory_service_server::SERVICE_NAME,
    erasure_service_server::SERVICE_NAME,
];

/// The services for the suite's own.
const INTERNAL: [&str; 5] = [
    store_registry_service_server::SERVICE_NAME,
    enforcement_service_server::SERVICE_NAME,
    export_service_server::SERVICE_NAME,
    maintenance_service_server::SERVICE_NAME,
    access_report_service_server::SERVICE_NAME,
];

impl Service {
    /// The services of the area: five for clients; Enforce, exports, the registry of stores, reports of reads and the upkeep of its own for
    /// the suite.
    pub fn area(&self) -> Area {
        let core = match &self.0 {
            Ok(core) => core,
            Err(fault) => return Area::refusing("consent", DESCRIPTORS, &PUBLIC, &INTERNAL, fault),
        };
        let public = core.limits.public();
        macro_rules! compressed {
            ($server:expr) => {
                sized!($server.accept_compressed(Gzip).accept_compressed(Zstd).send_compressed(Gzip), public)
            };
        }
        let enforcement = EnforcementServiceServer::new(grpc::Enforcement(Arc::clone(core)));
        let registry = StoreRegistryServiceServer::new(grpc::Registry(Arc::clone(core)));
        let reports = AccessReportServiceServer::new(grpc::AccessReports(Arc::clone(core)));
        let maintenance = upkeep::server(core);
        Area::new("consent", DESCRIPTORS)
            .public(compressed!(TenantServiceServer::new(grpc::Tenants(Arc::clone(core)))))
            .public(compressed!(ApplicationServiceServer::new(grpc::Applications(Arc::clone(core)))))
            .public(compressed!(ConsentServiceServer::new(grpc::Consents(Arc::clone(core)))))
            .public(compressed!(DirectoryServiceServer::new(grpc::Directories(Arc::clone(core)))))
            .public(compressed!(ErasureServiceServer::new(grpc::Erasing(Arc::clone(core)))))
            .internal(sized!(ExportServiceServer::new(grpc::Exporting(Arc::clone(core))), core.limits.internal()))
            .internal(sized!(registry, core.limits.internal()))
            .internal(sized!(enforcement, core.limits.internal()))
            .internal(sized!(reports, core.limits.internal()))
            .internal(maintenance)
    }

    /// Ends the streams of the holders, without farewell leases unless the process is stopping, and closes the store. Decisions that wait to
    /// be written are written first; later ones are refused.
    pub async fn close(self) {
        if let Ok(core) = self.0 {
            if let Err(fault) = core.settle_access().await {
                tracing::warn!(reason = fault.reason.as_str(), "reads were counted that are not kept");
            }
            core.ending.cancel();
            core.store.clone().close().await;
        }
    }

    /// Why it is closed, if it is.
    pub fn closed(&self) -> Option<&Fault> {
        self.0.as_ref().err()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
