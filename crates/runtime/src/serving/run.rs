//! Serving until asked to end, and then ending without a failed call.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic_health::ServingStatus;

use super::accept::{Ending, accept};
use super::face::Face;
use super::{Area, Listeners, ServeError};
use crate::Context;

/// Serves the areas at their listeners until `shutdown` resolves, then drains: NOT_SERVING, no new connections, calls in flight finish.
///
/// `context.stopping` is cancelled when connections are no longer accepted; calls that run longer than `drain_seconds` are cut.
/// Then `context.tasks` have as long again to finish.
///
/// # Errors
/// [`ServeError`] before anything is served, when areas and listeners do not match or descriptors cannot be read.
pub async fn serve(
    listeners: Listeners,
    areas: Vec<Area>,
    context: &Context,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let config = &context.config;
    if let Some(area) = areas.iter().find(|area| listeners.address(area.name).is_none()) {
        return Err(ServeError::Unmatched(area.name));
    }
    let mut faces = Vec::with_capacity(areas.len());
    for bound in listeners.areas {
        let area = areas.iter().find(|area| area.name == bound.area).ok_or(ServeError::Unmatched(bound.area))?;
        let public = Face::public(area, &context.authenticator, config.reflection).await?;
        let internal = Face::internal(area, &context.authenticator, config.reflection).await?;
        faces.push((bound, public, internal));
    }
    let ending = Ending::default();
    let mut healths = Vec::with_capacity(2 * faces.len());
    for (bound, public, internal) in faces {
        tracing::info!(area = bound.area, address = %bound.address, "serving");
        ending.open.spawn(accept(bound.public, public.routes, config.limits.clone(), ending.clone()));
        ending.open.spawn(accept(bound.internal, internal.routes, config.limits.clone(), ending.clone()));
        healths.extend([public.health, internal.health]);
    }

    shutdown.await;
    for health in &healths {
        health.report(ServingStatus::NotServing).await;
    }
    sleep(Duration::from_millis(config.drain_notice_ms)).await;
    context.stopping.cancel();
    ending.drain.cancel();
    for health in healths {
        health.close().await;
    }
    ending.open.close();
    if timeout(Duration::from_secs(config.drain_seconds), ending.open.wait()).await.is_err() {
        tracing::warn!(connections = ending.open.len(), "calls were cut that did not finish in time");
        ending.cut.cancel();
        ending.open.wait().await;
    }
    context.tasks.close();
    if timeout(Duration::from_secs(config.drain_seconds), context.tasks.wait()).await.is_err() {
        tracing::warn!(
            tasks = context.tasks.len(),
            "tasks did not finish in time: what they had not written is made anew at the next start"
        );
    }
    tracing::info!("drained");
    Ok(())
}
