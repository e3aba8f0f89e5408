//! How the service comes to life: the stores opened, the feed followed, the routes handed to whoever serves them.

use std::sync::Arc;

use consent_client::{Reads, Reporter, StoreKind, Subscriber};
use contracts::analytics::v1::analytics_service_server::AnalyticsServiceServer;
use contracts::analytics::v1::export_service_server::ExportServiceServer;
use contracts::analytics::v1::record_service_server::RecordServiceServer;
use contracts::common::v1::BackupPart;
use feed::View;
use maintenance::{Maintenance, Place};
use runtime::{Area, Config, Context, sized};
use store::{Options, Store};
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use vocabulary::Fault;

use crate::grpc::{Exports, Records, Relationships};
use crate::people::People;
use crate::record_store::{self, RecordStore};
use crate::waiting::Waiting;

/// The area's word: its folder, its socket, its settings.
pub const AREA: &str = "analytics";

/// What each of the two stores may take of the process's one cache: both are read at start and hardly ever after.
const CACHE_SHARE: u64 = 8;

/// Where the records lie.
pub fn records_place(config: &Config) -> Place {
    place(config, "records")
}

/// Where the view lies.
pub fn timelines_place(config: &Config) -> Place {
    place(config, "timelines")
}

fn place(config: &Config, folder: &str) -> Place {
    let options = Options { cache_bytes: config.store.cache_bytes / CACHE_SHARE, fresh_incarnation: sealing::random::id() };
    Place { path: config.area_dir(AREA).join(folder), options }
}

/// Opens the service on its records in `data_dir/analytics/records` and its view in `data_dir/analytics/timelines`: RecordService and
/// AnalyticsService in public, MaintenanceService of the records within the suite.
///
/// `consent` must be a subscription as [`consent_client::Holder::Analytics`]. `context` links to ingestion, which it follows and which
/// knows the people. Returns as soon as the stores are open; until the view has caught up with the log, questions about relationships
/// are answered with UNAVAILABLE. The view stops with the context and then lets go of its store.
///
/// # Errors
/// Those of the stores: INTERNAL or UNAVAILABLE, STORE_FAILED.
pub async fn open(context: &Context, consent: Subscriber) -> Result<Area, Fault> {
    let config = &context.config;
    let place = records_place(config);
    let records = Store::open(&place.path, place.options).await?;
    consent.begin(records.incarnation(), records.clone());
    let timelines = timelines_place(config);
    let timelines = Store::open(&timelines.path, timelines.options).await?;
    let view = View::start(context, timelines, StoreKind::Timelines, consent.clone()).await?;
    let waiting = Waiting::new(consent.clone());
    let reporter = Reporter::start(context.link("consent"), records.incarnation(), StoreKind::Records, records.replaces());
    let maintenance = Maintenance::server(records.clone(), |_| BackupPart::Records, &config.limits, context.stopping.clone());
    let store = Arc::new(RecordStore::open(records)?);
    let identified = record_store::keep_identified(
        Arc::downgrade(&store),
        view.clone(),
        consent.clone(),
        People::new(context),
        context.stopping.clone(),
    );
    tokio::spawn(identified);
    tokio::spawn(record_store::keep(Arc::downgrade(&store), consent.clone(), reporter, context.stopping.clone()));
    macro_rules! public {
        ($server:expr) => {
            sized!($server.accept_compressed(Gzip).accept_compressed(Zstd).send_compressed(Gzip), config.limits.public())
        };
    }
    let reads = Reads::start(context);
    let records = RecordServiceServer::new(Records::new(context, waiting.clone(), Arc::clone(&store), reads.clone()));
    let exports = ExportServiceServer::new(Exports::new(waiting.clone(), Arc::clone(&store), view.clone()));
    let relationships = AnalyticsServiceServer::new(Relationships::new(context, waiting, store, view, reads));
    let area = Area::new(AREA, contracts::DESCRIPTORS).public(public!(records)).public(public!(relationships));
    Ok(area.internal(sized!(exports, config.limits.internal())).internal(maintenance))
}
