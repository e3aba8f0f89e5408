//! Whether an area answers.

use std::time::Duration;

use runtime::{Link, Onward};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const PATIENCE: Duration = Duration::from_secs(1);

/// Asks for the health of everything behind `link`. In process there is no health service: whatever answers is serving.
pub async fn answers(link: Link) -> bool {
    let request = Onward::service().within(PATIENCE).request(HealthCheckRequest { service: String::new() });
    match HealthClient::new(link).check(request).await {
        Ok(health) => health.into_inner().status() == ServingStatus::Serving,
        Err(status) => status.code() == Code::Unimplemented,
    }
}
