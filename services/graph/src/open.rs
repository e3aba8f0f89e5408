//! How the service comes to life: the view's store opened, the feed followed, the routes handed to whoever serves them.

use consent_client::{StoreKind, Subscriber};
use contracts::graph::v1::export_service_server::ExportServiceServer;
use contracts::graph::v1::graph_service_server::GraphServiceServer;
use feed::View;
use maintenance::Place;
use runtime::{Area, Config, Context, sized};
use store::{Options, Store};
use vocabulary::Fault;

use crate::export::Exports;
use crate::grpc::Grpc;

/// The area's word: its folder, its socket, its settings.
pub const AREA: &str = "graph";

/// What the view's store may take of the process's one cache: it is read at start and hardly ever after.
const CACHE_SHARE: u64 = 8;

/// Where the view lies.
pub fn ties_place(config: &Config) -> Place {
    let options = Options { cache_bytes: config.store.cache_bytes / CACHE_SHARE, fresh_incarnation: sealing::random::id() };
    Place { path: config.area_dir(AREA).join("ties"), options }
}

/// Opens the service on its view in `data_dir/graph/ties`: GraphService in public, ExportService within the suite.
///
/// `consent` must be a subscription as [`consent_client::Holder::Graph`]. `context` links to ingestion, which it follows, and to
/// analytics, which knows the records. Returns as soon as the store is open; until the view has caught up with the log, requests
/// are answered with UNAVAILABLE. The view stops with the context and then lets go of its store.
///
/// # Errors
/// Those of the store: INTERNAL or UNAVAILABLE, STORE_FAILED.
pub async fn open(context: &Context, consent: Subscriber) -> Result<Area, Fault> {
    let config = &context.config;
    let place = ties_place(config);
    let store = Store::open(&place.path, place.options).await?;
    consent.begin(store.incarnation(), store.clone());
    let view = View::start(context, store, StoreKind::Ties, consent.clone()).await?;
    let exports = ExportServiceServer::new(Exports::new(context, consent.clone(), view.clone()));
    let service = GraphServiceServer::new(Grpc::new(context, consent, view));
    let area = Area::new(AREA, contracts::DESCRIPTORS).public(sized!(service, config.limits.public()));
    Ok(area.internal(sized!(exports, config.limits.internal())))
}
