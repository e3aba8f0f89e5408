//! A person's export of its parts, one area after the other: consent says who it is, ingestion by which ids the views know them. An area that is
//! down, or silent, is named, and the next one is asked. Nothing is kept: an item is passed on before the next one is read.

use std::time::Duration;

use contracts::analytics::v1 as analytics;
use contracts::consent::v1 as consent;
use contracts::gateway::v1 as pb;
use contracts::graph::v1 as graph;
use contracts::ingestion::v1 as ingestion;
use pb::export_person_response::Part;
use runtime::{Context, Link, Onward, fault_of, sized};
use tokio::sync::mpsc;
use tonic::{Response, Status, Streaming};
use vocabulary::{Fault, Reason};

use crate::convert;

/// For how long an area may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes before it is read ends up here.
type Out = mpsc::Sender<Result<pb::ExportPersonResponse, Status>>;

/// Clients of the areas' parts.
#[derive(Clone)]
pub struct Exports {
    consent: consent::export_service_client::ExportServiceClient<Link>,
    ingestion: ingestion::export_service_client::ExportServiceClient<Link>,
    analytics: analytics::export_service_client::ExportServiceClient<Link>,
    graph: graph::export_service_client::ExportServiceClient<Link>,
}

/// Whoever asked has gone away.
struct Gone;

impl Exports {
    /// Over the links of `context`.
    pub fn new(context: &Context) -> Self {
        let sizes = context.config.limits.internal();
        Self {
            consent: sized!(consent::export_service_client::ExportServiceClient::new(context.link("consent")), sizes),
            ingestion: sized!(ingestion::export_service_client::ExportServiceClient::new(context.link("ingestion")), sizes),
            analytics: sized!(analytics::export_service_client::ExportServiceClient::new(context.link("analytics")), sizes),
            graph: sized!(graph::export_service_client::ExportServiceClient::new(context.link("graph")), sizes),
        }
    }

    /// Begins an export: consent lets the caller in and says who it is.
    ///
    /// # Errors
    /// What consent answers; nothing has been told then.
    pub async fn begin(
        mut self,
        onward: Onward,
        request: pb::ExportPersonRequest,
    ) -> Result<mpsc::Receiver<Result<pb::ExportPersonResponse, Status>>, Fault> {
        let asked = consent::ExportRequest { tenant_id: request.tenant_id.clone(), addresses: request.addresses };
        let mut told = within(self.consent.export(onward.request(asked))).await?.into_inner();
        let first = within(told.message()).await?;
        let Some(consent::export_response::Item::Subject(subject)) = first.as_ref().and_then(|first| first.item.clone()) else {
            return Err(Fault::internal("consent did not say who it is"));
        };
        let (out, items) = mpsc::channel(1);
        // Whoever asked may go away at any time: the sender notices.
        let rest = async move { self.rest(onward.as_service(), &request.tenant_id, subject, told, &out).await };
        tokio::spawn(async move { drop(rest.await) });
        Ok(items)
    }

    async fn rest(
        mut self,
        onward: Onward,
        tenant: &str,
        subject: consent::ExportedSubject,
        told: Streaming<consent::ExportResponse>,
        out: &Out,
    ) -> Result<(), Gone> {
        let (tenant_id, addresses) = (|| tenant.to_owned(), subject.addresses.clone());
        let subject = consent::ExportResponse { item: Some(consent::export_response::Item::Subject(subject)) };
        say(out, Part::Consent(subject)).await?;
        pass_on("consent", 1, Ok(told), out, Part::Consent).await?;
        let mut person_ids = Vec::new();
        let asked = ingestion::ExportRequest { tenant_id: tenant_id(), addresses: addresses.clone() };
        let told = within(self.ingestion.export(onward.request(asked))).await.map(Response::into_inner);
        pass_on("ingestion", 0, told, out, |item| {
            if let Some(ingestion::export_response::Item::Name(name)) = &item.item {
                person_ids.push(name.person_id);
            }
            Part::Ingestion(item)
        })
        .await?;
        let asked = analytics::ExportRequest { tenant_id: tenant_id(), addresses, person_ids: person_ids.clone() };
        let told = within(self.analytics.export(onward.request(asked))).await.map(Response::into_inner);
        pass_on("analytics", 0, told, out, Part::Analytics).await?;
        let asked = graph::ExportRequest { tenant_id: tenant_id(), person_ids };
        let told = within(self.graph.export(onward.request(asked))).await.map(Response::into_inner);
        pass_on("graph", 0, told, out, Part::Graph).await
    }
}

/// Passes on what an area tells, and says at its end whether that was everything.
async fn pass_on<T>(
    area: &str,
    mut items: i64,
    told: Result<Streaming<T>, Fault>,
    out: &Out,
    mut part: impl FnMut(T) -> Part,
) -> Result<(), Gone> {
    let ended = match told {
        Err(fault) => Err(fault),
        Ok(mut told) => loop {
            match within(told.message()).await {
                Ok(Some(item)) => say(out, part(item)).await?,
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault),
            }
            items += 1;
        },
    };
    let (reason, message) = match &ended {
        Ok(()) => Default::default(),
        Err(fault) => (convert::reason(fault.reason).into(), fault.message.clone()),
    };
    say(out, Part::Area(pb::ExportedArea { area: area.to_owned(), items, complete: ended.is_ok(), reason, message })).await
}

async fn say(out: &Out, part: Part) -> Result<(), Gone> {
    out.send(Ok(pb::ExportPersonResponse { part: Some(part) })).await.map_err(|_| Gone)
}

/// An answer of an area that is not silent.
async fn within<T>(answer: impl Future<Output = Result<T, Status>>) -> Result<T, Fault> {
    let silent = |_| Fault::unavailable(Reason::DependencyUnavailable, "the area says nothing", PATIENCE);
    tokio::time::timeout(PATIENCE, answer).await.map_err(silent)?.map_err(|status| fault_of(&status))
}
