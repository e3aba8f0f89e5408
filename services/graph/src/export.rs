//! ExportService: which ties to a person are held.

use std::pin::Pin;
use std::sync::Arc;

use consent_client::Subscriber;
use contracts::graph::v1 as pb;
use contracts::graph::v1::export_service_server::ExportService;
use feed::View;
use futures::{Stream, StreamExt as _, stream};
use graph_domain::{Target, introducers};
use pb::export_response::Item;
use runtime::{Context, Deadline, answer};
use tonic::{Request, Response, Status};
use vocabulary::{Clock, Fault, PersonId, Revision, TenantId};

use crate::follow::Folded;
use crate::grpc::computed;
use crate::{convert, readable};

/// The export service.
pub struct Exports {
    clock: Arc<dyn Clock>,
    consent: Subscriber,
    view: View<Folded>,
}

impl Exports {
    /// The service over a view.
    pub fn new(context: &Context, consent: Subscriber, view: View<Folded>) -> Self {
        Self { clock: Arc::clone(&context.clock), consent, view }
    }

    /// All of it stands on one permit. Whoever may not be named as an introducer is not named here either.
    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Vec<pb::ExportResponse>, Fault> {
        let (waiting, now) = (Deadline::of_waiting(&request), self.clock.now());
        let request = request.into_inner();
        let tenant = TenantId::parse(&request.tenant_id).map_err(|error| Fault::invalid_field("tenant_id", error.to_string()))?;
        let permit = self.consent.permit(&tenant)?;
        let reader = self.view.reader(&permit, &Revision::default(), waiting.remaining()).await?;
        let held = request.person_ids.into_iter().map(PersonId).filter(|person| !permit.erased.people.contains(person));
        let target = Target { persons: held.collect() };
        computed(move || {
            let ranked = introducers::rank(&reader.fold().0, &readable::readable(&permit, &reader, now), &[target], now);
            let ties = ranked.into_iter().filter_map(|tie| Some(convert::introducer(tie.clone(), permit.user(tie.user)?, None)));
            Ok(ties.map(|tie| pb::ExportResponse { item: Some(Item::Tie(tie)) }).collect())
        })
        .await
    }
}

#[tonic::async_trait]
impl ExportService for Exports {
    type ExportStream = Pin<Box<dyn Stream<Item = Result<pb::ExportResponse, Status>> + Send>>;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        answer(self.export(request).await.map(|items| Box::pin(stream::iter(items).map(Ok)) as Self::ExportStream))
    }
}
