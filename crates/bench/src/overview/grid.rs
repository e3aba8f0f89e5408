//! The grid: every open opportunity, at most a hundred, what needs attention first.

use contracts::analytics::v1 as pb;
use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use contracts::common::v1::RecordKind;
use rapport::client::{Client, told};
use vocabulary::Fault;

use super::asking::Series;
use crate::meter::Stopwatch;

/// Calls in a round.
const CALLS: usize = 20;

/// The median of its latency in milliseconds, and how many rows it has.
///
/// # Errors
/// What the suite answers.
pub async fn measure(client: &Client, revision: &str, rounds: usize) -> Result<(f64, usize), Fault> {
    let mut service = AnalyticsServiceClient::new(client.link.clone());
    let request = pb::ListRelationshipsRequest {
        tenant_id: client.tenant.clone(),
        kind: RecordKind::Opportunity.into(),
        state: pb::RecordState::Open.into(),
        page_size: 100,
        revision: revision.to_owned(),
        ..Default::default()
    };
    let mut rows = told(service.list_relationships(request.clone()).await)?.relationships.len();
    let mut series = Series::new()?;
    for _ in 0..rounds * CALLS {
        let watch = Stopwatch::start();
        rows = told(service.list_relationships(request.clone()).await)?.relationships.len();
        series.record(watch.elapsed())?;
    }
    Ok((series.milliseconds(0.5), rows))
}
