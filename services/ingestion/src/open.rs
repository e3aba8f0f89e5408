//! How the service comes to life: the store opened, the mirror followed, the routes handed to whoever serves them.

use std::sync::Arc;

use consent_client::Subscriber;
use contracts::ingestion::v1::export_service_server::ExportServiceServer;
use contracts::ingestion::v1::feed_service_server::FeedServiceServer;
use contracts::ingestion::v1::ingestion_service_server::IngestionServiceServer;
use maintenance::Maintenance;
use runtime::{Area, Context, sized};
use vocabulary::Fault;

use crate::grpc::Grpc;
use crate::reconcile;
use crate::service::Ingestion;
use crate::tables;

/// The area's word: its folder, its socket, its settings.
pub const AREA: &str = "ingestion";

/// Opens the service on its store in `data_dir/ingestion`: IngestionService in public, FeedService and
/// MaintenanceService within the suite.
///
/// `consent` must be a subscription as [`consent_client::Holder::Ingestion`]. Returns as soon as the store is open; until consent
/// has given the tenants' keys, and what they open has been read, requests are answered with UNAVAILABLE. The service ends, and lets
/// go of its store, with the last clone of the area or link.
///
/// # Errors
/// Those of the store: INTERNAL or UNAVAILABLE, STORE_FAILED.
pub async fn open(context: &Context, consent: Subscriber) -> Result<Area, Fault> {
    let ingestion = Arc::new(Ingestion::open(context, consent).await?);
    Ok(area(context, &ingestion))
}

/// The routes of a service, and the task that keeps it in line with consent.
pub(crate) fn area(context: &Context, ingestion: &Arc<Ingestion>) -> Area {
    let changes = ingestion.consent.changes();
    tokio::spawn(reconcile::keep(Arc::downgrade(ingestion), changes, context.stopping.clone()));
    let grpc = Grpc::new(Arc::clone(ingestion), context.stopping.clone());
    let limits = &context.config.limits;
    Area::new(AREA, contracts::DESCRIPTORS)
        .public(sized!(IngestionServiceServer::new(grpc.clone()), limits.public()))
        .internal(sized!(FeedServiceServer::new(grpc.clone()), limits.internal()))
        .internal(sized!(ExportServiceServer::new(grpc), limits.internal()))
        .internal(Maintenance::server(ingestion.store.clone(), tables::part_of, limits, context.stopping.clone()))
}
