//! The two services as tonic calls them: shape in, shape out. No rule, no key, no status code.

use std::pin::Pin;
use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::export_service_server::ExportService;
use contracts::ingestion::v1::feed_service_server::FeedService;
use contracts::ingestion::v1::ingestion_service_server::IngestionService;
use futures::{Stream, StreamExt};
use runtime::{Caller, answer, fault_of, status};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use vocabulary::{Fault, Revision};

use crate::people;
use crate::service::Ingestion;
use crate::{convert, export, follow, ingest, status as standing};

/// The adapter of both services.
#[derive(Clone, Debug)]
pub struct Grpc {
    ingestion: Arc<Ingestion>,
    stopping: CancellationToken,
}

/// A stream of answers.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Grpc {
    /// The adapter of a service; its streams end when `stopping` is cancelled.
    pub fn new(ingestion: Arc<Ingestion>, stopping: CancellationToken) -> Self {
        Self { ingestion, stopping }
    }

    fn stream(
        &self,
        request: Request<Streaming<pb::IngestRequest>>,
    ) -> Result<impl Stream<Item = Result<pb::IngestResponse, Fault>> + Send + use<>, Fault> {
        let caller = Caller::of(&request)?;
        let requests = request.into_inner().map(|request| request.map_err(|status| fault_of(&status)));
        // A process that drains reads no further batch and answers those it has.
        let requests = requests.take_until(self.stopping.clone().cancelled_owned());
        Ok(ingest::ingest(Arc::clone(&self.ingestion), caller, requests))
    }

    async fn ingested(&self, request: Request<pb::IngestBatchRequest>) -> Result<pb::IngestBatchResponse, Fault> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let tenant = convert::tenant(&request.tenant_id)?;
        caller.require_tenant(&tenant)?;
        let source = convert::source(request.source)?;
        self.ingestion.reached(&Revision::parse(&request.revision)?).await?;
        let prepared = self.ingestion.prepare(tenant, source, convert::interactions(request.interactions)?).await?;
        let taken = self.ingestion.append(prepared).await.await?;
        let revision = self.ingestion.revision(taken.position).to_string();
        Ok(pb::IngestBatchResponse { outcome: Some(convert::batch_outcome(taken, revision)) })
    }

    async fn mailbox(&self, request: Request<pb::GetMailboxRequest>) -> Result<pb::GetMailboxResponse, Fault> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let tenant = convert::tenant(&request.tenant_id)?;
        caller.require_tenant(&tenant)?;
        let mailbox = convert::address("mailbox", &request.mailbox)?;
        self.ingestion.reached(&Revision::parse(&request.revision)?).await?;
        standing::mailbox(&self.ingestion, &caller, &tenant, &mailbox).await
    }

    async fn filter_report(&self, request: Request<pb::GetFilterReportRequest>) -> Result<pb::GetFilterReportResponse, Fault> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let tenant = convert::tenant(&request.tenant_id)?;
        caller.require_tenant(&tenant)?;
        standing::filter_report(&self.ingestion, &tenant).await
    }
}

#[tonic::async_trait]
impl IngestionService for Grpc {
    type IngestStream = Answers<pb::IngestResponse>;

    async fn ingest(&self, request: Request<Streaming<pb::IngestRequest>>) -> Result<Response<Self::IngestStream>, Status> {
        answer(self.stream(request).map(|answers| Box::pin(answers.map(|answered| answered.map_err(status))) as Self::IngestStream))
    }

    async fn ingest_batch(&self, request: Request<pb::IngestBatchRequest>) -> Result<Response<pb::IngestBatchResponse>, Status> {
        answer(self.ingested(request).await)
    }

    async fn get_mailbox(&self, request: Request<pb::GetMailboxRequest>) -> Result<Response<pb::GetMailboxResponse>, Status> {
        answer(self.mailbox(request).await)
    }

    async fn get_filter_report(
        &self,
        request: Request<pb::GetFilterReportRequest>,
    ) -> Result<Response<pb::GetFilterReportResponse>, Status> {
        answer(self.filter_report(request).await)
    }
}

#[tonic::async_trait]
impl FeedService for Grpc {
    type FollowStream = Answers<pb::FollowResponse>;

    async fn follow(&self, request: Request<pb::FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let pb::FollowRequest { after_position, incarnation } = request.into_inner();
        let stopped = self.stopping.clone().cancelled_owned();
        answer(
            follow::follow(&self.ingestion, after_position, incarnation)
                .map(|steps| Box::pin(steps.take_until(stopped).map(|step| step.map_err(status))) as Self::FollowStream),
        )
    }

    async fn resolve_people(&self, request: Request<pb::ResolvePeopleRequest>) -> Result<Response<pb::ResolvePeopleResponse>, Status> {
        let resolved = async { people::resolve(&self.ingestion, convert::question(request.into_inner())?).await };
        answer(resolved.await)
    }
}

#[tonic::async_trait]
impl ExportService for Grpc {
    type ExportStream = Answers<pb::ExportResponse>;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        let items = async { export::export(&self.ingestion, convert::exporting(request.get_ref())?).await };
        let stopped = self.stopping.clone().cancelled_owned();
        answer(items.await.map(|items| Box::pin(items.take_until(stopped).map(|item| item.map_err(status))) as Self::ExportStream))
    }
}
