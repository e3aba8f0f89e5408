//! Waiting until what was acknowledged is visible: an overview at that revision, answered by both views.

use std::time::Duration;

use contracts::common::v1::{ErrorReason, RecordKind, RecordRef};
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use contracts::gateway::v1::{GetOverviewRequest, GetOverviewResponse};
use rapport::client::{Client, told};
use vocabulary::{Fault, Reason, Revision};

use crate::meter::Stopwatch;

/// A record of every generated company.
const RECORD: &str = "A-0001";

/// A view that is further behind than this will not catch up.
const PATIENCE: Duration = Duration::from_secs(600);

/// Asks again and again; a view that is behind holds each question back until it has caught up, or for some seconds.
///
/// # Errors
/// What the suite answers, but for a view that is behind.
pub async fn wait(client: &Client, revision: &Revision) -> Result<(), Fault> {
    let mut overviews = OverviewServiceClient::new(client.link.clone());
    let request = GetOverviewRequest {
        tenant_id: client.tenant.clone(),
        r#ref: Some(RecordRef { kind: RecordKind::Account.into(), record_id: RECORD.to_owned() }),
        revision: revision.to_string(),
        ..Default::default()
    };
    let watch = Stopwatch::start();
    loop {
        match told(overviews.get_overview(request.clone()).await) {
            Ok(overview) if overview.unavailable.is_empty() => return Ok(()),
            Ok(overview) => only_behind(&overview)?,
            Err(fault) if fault.reason == Reason::RevisionNotReached => {}
            Err(fault) => return Err(fault),
        }
        if watch.elapsed() > PATIENCE {
            return Err(Fault::internal("the views do not catch up"));
        }
    }
}

fn only_behind(overview: &GetOverviewResponse) -> Result<(), Fault> {
    match overview.unavailable.iter().find(|part| part.reason() != ErrorReason::RevisionNotReached) {
        Some(part) => Err(Fault::internal(format!("{}: {}", part.part().as_str_name(), part.message))),
        None => Ok(()),
    }
}
