//! The gateway: the one address clients need. It composes overviews and exports, and forwards every public service of the other areas unread.
//! No store, no keys, no cache of personal data.

mod compose;
mod convert;
mod export;
mod grpc;
mod reach;

use contracts::DESCRIPTORS;
use contracts::gateway::v1::overview_service_server::OverviewServiceServer;
use runtime::{Area, Context, sized};
use tonic::codec::CompressionEncoding;

/// The public services of the other areas, by area: what the gateway forwards.
pub const FORWARDED: [(&str, &[&str]); 4] = [
    (
        "consent",
        &[
            "rapport.consent.v1.TenantService",
            "rapport.consent.v1.ApplicationService",
            "rapport.consent.v1.ConsentService",
            "rapport.consent.v1.DirectoryService",
            "rapport.consent.v1.ErasureService",
        ],
    ),
    ("ingestion", &["rapport.ingestion.v1.IngestionService"]),
    ("analytics", &["rapport.analytics.v1.RecordService", "rapport.analytics.v1.AnalyticsService"]),
    ("graph", &["rapport.graph.v1.GraphService"]),
];

/// The gateway's services, reaching the other areas through the links of `context`.
pub fn area(context: &Context) -> Area {
    let overview = OverviewServiceServer::new(grpc::Overviews::new(context))
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Gzip);
    let mut area = Area::new("gateway", DESCRIPTORS).public(sized!(overview, context.config.limits.public()));
    for (name, services) in FORWARDED {
        for service in services {
            area = area.forward(service, context.link(name));
        }
    }
    area
}
