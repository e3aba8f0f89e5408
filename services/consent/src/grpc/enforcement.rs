//! EnforcementService: internal.

use std::sync::Arc;

use contracts::consent::v1 as pb;
use pb::enforcement_service_server::EnforcementService;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;

use crate::enforce;
use crate::writer::Core;

/// Messages that may wait for the transport; the queue of what is still to be said lies before them.
const IN_FLIGHT: usize = 4;

/// Adapts EnforcementService.
pub(crate) struct Enforcement(pub Arc<Core>);

#[tonic::async_trait]
impl EnforcementService for Enforcement {
    type EnforceStream = ReceiverStream<Result<pb::EnforceResponse, Status>>;

    async fn enforce(&self, request: Request<Streaming<pb::EnforceRequest>>) -> Result<Response<Self::EnforceStream>, Status> {
        let (out, answers) = mpsc::channel(IN_FLIGHT);
        tokio::spawn(enforce::serve(Arc::clone(&self.0), request.into_inner(), out).in_current_span());
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}
