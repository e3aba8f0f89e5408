//! The client that feeds the suite and its peer alike: one stream a connection, the next message as soon as the connection takes it.

use contracts::ingestion::v1::BatchOutcome;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use rapport::client::told;
use runtime::{Link, fault_of};
use tokio::task::JoinSet;
use vocabulary::{Fault, Revision};

use super::workload::Lane;

/// What became of all that was sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// Interactions kept for the first time.
    pub accepted: i64,
    /// Copies stored.
    pub copies: i64,
    /// Interactions not kept, for whatever reason.
    pub refused: i64,
    /// From which revision on all of it counts.
    pub revision: Revision,
}

/// Sends every lane over a connection of its own, and waits for the last answer.
///
/// # Errors
/// What the server answers.
pub async fn send(uri: &str, lanes: Vec<Lane>) -> Result<Sent, Fault> {
    let mut sending = JoinSet::new();
    for lane in lanes.into_iter().filter(|lane| !lane.is_empty()) {
        sending.spawn(one(Link::tcp(uri)?, lane));
    }
    let mut all = Sent::default();
    while let Some(sent) = sending.join_next().await {
        let Sent { accepted, copies, refused, revision } = sent.map_err(|error| Fault::internal(error.to_string()))??;
        all.accepted += accepted;
        all.copies += copies;
        all.refused += refused;
        all.revision = all.revision.join(&revision);
    }
    Ok(all)
}

async fn one(link: Link, lane: Lane) -> Result<Sent, Fault> {
    let expected = lane.len();
    let mut answers = told(IngestionServiceClient::new(link).ingest(tokio_stream::iter(lane)).await)?;
    let (mut sent, mut answered) = (Sent::default(), 0);
    while let Some(answer) = answers.message().await.map_err(|status| fault_of(&status))? {
        let BatchOutcome { accepted, duplicate, ignored, malformed, copies, revision, .. } = answer.outcome.unwrap_or_default();
        sent.accepted += accepted;
        sent.copies += copies;
        sent.refused += duplicate + ignored + malformed;
        sent.revision = sent.revision.join(&Revision::parse(&revision)?);
        answered += 1;
    }
    if answered == expected { Ok(sent) } else { Err(Fault::internal(format!("{answered} of {expected} batches were answered"))) }
}
