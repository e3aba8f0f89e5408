//! The peer of an overview: a server that answers the same call with the same canned message.

use contracts::gateway::v1 as pb;
use contracts::gateway::v1::overview_service_server::{OverviewService, OverviewServiceServer};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use vocabulary::Fault;

use crate::peer::Peer;

/// Serves until dropped.
///
/// # Errors
/// When there is no address for it.
pub fn serve(canned: pb::GetOverviewResponse) -> Result<Peer, Fault> {
    Peer::serve(Server::builder().add_service(OverviewServiceServer::new(Echo { canned })))
}

/// Answers.
struct Echo {
    canned: pb::GetOverviewResponse,
}

#[tonic::async_trait]
impl OverviewService for Echo {
    async fn get_overview(&self, _: Request<pb::GetOverviewRequest>) -> Result<Response<pb::GetOverviewResponse>, Status> {
        Ok(Response::new(self.canned.clone()))
    }

    type ExportPersonStream = tokio_stream::Empty<Result<pb::ExportPersonResponse, Status>>;

    async fn export_person(&self, _: Request<pb::ExportPersonRequest>) -> Result<Response<Self::ExportPersonStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }

    async fn get_server_info(&self, _: Request<pb::GetServerInfoRequest>) -> Result<Response<pb::GetServerInfoResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}
