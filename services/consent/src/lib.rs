//! The consent service: who may be read and why. The only minter and destroyer of keys, and a single writer.

mod tables;

mod keys;
mod tenants;

mod convert;

mod erasures;

mod opening;
mod requests;
mod writer;

mod reading;

mod enforce;

mod expiring;

mod pages;

mod grpc;

use std::fmt;
use std::sync::Arc;

use contracts::DESCRIPTORS;
use contracts::consent::v1::application_service_server::ApplicationServiceServer;
use contracts::consent::v1::consent_service_server::ConsentServiceServer;
use contracts::consent::v1::directory_service_server::DirectoryServiceServer;
use contracts::consent::v1::enforcement_service_server::EnforcementServiceServer;
use contracts::consent::v1::erasure_service_server::ErasureServiceServer;
use contracts::consent::v1::store_registry_service_server::StoreRegistryServiceServer;
use contracts::consent::v1::tenant_service_server::TenantServiceServer;
use runtime::{Area, Context, sized};
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use vocabulary::Fault;

use writer::Core;

/// The consent service, its store and keyring open.
#[derive(Clone)]
pub struct Service {
    core: Arc<Core>,
}

/// Opens store and keyring in the data directory of `context`, makes both on a first start, and rebuilds what is kept in memory.
///
/// Must be called within a Tokio runtime. What an earlier process left is compared first: a key without an open decision is destroyed,
/// an open decision without its key is refused, never mended by a new key.
///
/// # Errors
/// STORE_FAILED, KEYRING_FAILED: the message says what is wrong and names no person.
pub async fn open(context: &Context) -> Result<Service, Fault> {
    let core = opening::open(context).await?;
    erasures::start(&core);
    Ok(Service { core })
}

impl Service {
    /// The services of the area: five for clients, and Enforce and the registry of stores for the suite's own.
    pub fn area(&self) -> Area {
        let core = &self.core;
        let public = core.limits.public();
        macro_rules! compressed {
            ($server:expr) => {
                sized!($server.accept_compressed(Gzip).accept_compressed(Zstd).send_compressed(Gzip), public)
            };
        }
        let enforcement = EnforcementServiceServer::new(grpc::Enforcement(Arc::clone(core)));
        let registry = StoreRegistryServiceServer::new(grpc::Registry(Arc::clone(core)));
        Area::new("consent", DESCRIPTORS)
            .public(compressed!(TenantServiceServer::new(grpc::Tenants(Arc::clone(core)))))
            .public(compressed!(ApplicationServiceServer::new(grpc::Applications(Arc::clone(core)))))
            .public(compressed!(ConsentServiceServer::new(grpc::Consents(Arc::clone(core)))))
            .public(compressed!(DirectoryServiceServer::new(grpc::Directories(Arc::clone(core)))))
            .public(compressed!(ErasureServiceServer::new(grpc::Erasing(Arc::clone(core)))))
            .internal(sized!(registry, core.limits.internal()))
            .internal(sized!(enforcement, core.limits.internal()))
    }

    /// Ends the streams of the holders and closes the store. Decisions that wait to be written are written first; later ones are refused.
    pub async fn close(self) {
        self.core.ending.cancel();
        self.core.store.clone().close().await;
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
