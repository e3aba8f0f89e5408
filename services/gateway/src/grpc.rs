//! `OverviewService`: shape in, shape out. The parts are asked at once, each with what remains of the caller's deadline.

use std::sync::Arc;
use std::time::Duration;

use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::gateway::v1 as pb;
use contracts::gateway::v1::overview_service_server::OverviewService;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use runtime::{Caller, Context, Link, Onward, answer, fault_of, sized};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use vocabulary::{Clock, Fault};

use crate::export::Exports;
use crate::{compose, convert, reach};

/// How long the parts have when the caller names no deadline.
const PATIENCE: Duration = Duration::from_secs(10);
/// The share of the caller's deadline that is kept back for answering without a part that is late.
const KEPT_BACK: u32 = 10;

/// The overview service.
pub struct Overviews {
    clock: Arc<dyn Clock>,
    analytics: AnalyticsServiceClient<Link>,
    graph: GraphServiceClient<Link>,
    consent: ConsentServiceClient<Link>,
    exports: Exports,
    areas: Vec<(&'static str, Link)>,
}

impl Overviews {
    /// The service over the links of `context`.
    pub fn new(context: &Context) -> Self {
        let sizes = context.config.limits.internal();
        Self {
            clock: Arc::clone(&context.clock),
            analytics: sized!(AnalyticsServiceClient::new(context.link("analytics")), sizes),
            graph: sized!(GraphServiceClient::new(context.link("graph")), sizes),
            consent: sized!(ConsentServiceClient::new(context.link("consent")), sizes),
            exports: Exports::new(context),
            areas: crate::FORWARDED.iter().map(|(area, _)| (*area, context.link(area))).collect(),
        }
    }

    async fn overview(&self, onward: Onward, caller: Caller, request: pb::GetOverviewRequest) -> Result<pb::GetOverviewResponse, Fault> {
        let asked = convert::asked(&caller, request)?;
        let (mut analytics, mut graph, mut consent) = (self.analytics.clone(), self.graph.clone(), self.consent.clone());
        let (relationship, introducers, consent) = tokio::join!(
            analytics.get_relationship(onward.request(asked.relationship)),
            graph.list_introducers(onward.request(asked.introducers)),
            consent.get_consent(onward.request(asked.consent)),
        );
        compose::overview(compose::Parts {
            relationship: relationship.map(Response::into_inner).map_err(|status| fault_of(&status)),
            introducers: introducers.map(Response::into_inner).map_err(|status| fault_of(&status)),
            consent: consent.map(Response::into_inner).map_err(|status| fault_of(&status)),
        })
    }

    async fn server_info(&self) -> pb::GetServerInfoResponse {
        let mut areas = Vec::with_capacity(self.areas.len());
        for (name, link) in &self.areas {
            areas.push(pb::AreaInfo { name: (*name).to_owned(), serving: reach::answers(link.clone()).await });
        }
        pb::GetServerInfoResponse { version: env!("CARGO_PKG_VERSION").to_owned(), now: Some(convert::timestamp(self.clock.now())), areas }
    }
}

/// What the parts are given of the caller's deadline.
fn for_parts<T>(request: &Request<T>) -> Onward {
    let onward = Onward::of(request);
    let remaining = onward.deadline().map_or(PATIENCE, |deadline| deadline.remaining());
    onward.within(remaining - remaining / KEPT_BACK)
}

#[tonic::async_trait]
impl OverviewService for Overviews {
    async fn get_overview(&self, request: Request<pb::GetOverviewRequest>) -> Result<Response<pb::GetOverviewResponse>, Status> {
        let onward = for_parts(&request);
        let overview = match Caller::of(&request) {
            Ok(caller) => self.overview(onward, caller, request.into_inner()).await,
            Err(fault) => Err(fault),
        };
        answer(overview)
    }

    type ExportPersonStream = ReceiverStream<Result<pb::ExportPersonResponse, Status>>;

    async fn export_person(&self, request: Request<pb::ExportPersonRequest>) -> Result<Response<Self::ExportPersonStream>, Status> {
        let begun = self.exports.clone().begin(Onward::of(&request), request.into_inner());
        answer(begun.await.map(ReceiverStream::new))
    }

    async fn get_server_info(&self, _: Request<pb::GetServerInfoRequest>) -> Result<Response<pb::GetServerInfoResponse>, Status> {
        answer(Ok(self.server_info().await))
    }
}
