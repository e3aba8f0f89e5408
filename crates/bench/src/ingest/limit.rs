//! The bare limit: a server that decodes every batch and answers as much as the suite would, and does nothing else.

use std::pin::Pin;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::ingestion_service_server::{IngestionService, IngestionServiceServer};
use futures::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::Fault;

use crate::peer::Peer;

/// Serves until dropped.
///
/// # Errors
/// When there is no address for it.
pub fn serve() -> Result<Peer, Fault> {
    Peer::serve(Server::builder().add_service(IngestionServiceServer::new(Decoding)))
}

/// Decodes and answers.
struct Decoding;

fn outcome(interactions: &[pb::Interaction]) -> Option<pb::BatchOutcome> {
    let kept = pb::InteractionOutcome { code: pb::OutcomeCode::Accepted.into(), ..Default::default() };
    let count = interactions.len() as i64;
    Some(pb::BatchOutcome { accepted: count, copies: count, results: vec![kept; interactions.len()], ..Default::default() })
}

#[tonic::async_trait]
impl IngestionService for Decoding {
    type IngestStream = Pin<Box<dyn Stream<Item = Result<pb::IngestResponse, Status>> + Send>>;

    async fn ingest(&self, request: Request<Streaming<pb::IngestRequest>>) -> Result<Response<Self::IngestStream>, Status> {
        let answer =
            |request: pb::IngestRequest| pb::IngestResponse { sequence: request.sequence, outcome: outcome(&request.interactions) };
        Ok(Response::new(Box::pin(request.into_inner().map(move |request| request.map(answer)))))
    }

    async fn ingest_batch(&self, request: Request<pb::IngestBatchRequest>) -> Result<Response<pb::IngestBatchResponse>, Status> {
        Ok(Response::new(pb::IngestBatchResponse { outcome: outcome(&request.get_ref().interactions) }))
    }

    async fn get_mailbox(&self, _: Request<pb::GetMailboxRequest>) -> Result<Response<pb::GetMailboxResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn get_filter_report(&self, _: Request<pb::GetFilterReportRequest>) -> Result<Response<pb::GetFilterReportResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}
