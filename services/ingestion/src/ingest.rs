//! The stream of batches: several in preparation and in commit at once, each answered in the order in which it came.

use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use futures::{Stream, StreamExt, TryStreamExt, future};
use runtime::Caller;
use vocabulary::{Fault, Revision, TenantId};

use crate::batch::BatchSource;
use crate::convert;
use crate::service::Ingestion;

/// Batches of one stream that are judged at the same time.
const PREPARING: usize = 2;
/// Batches of one stream that wait for the disk at the same time.
const COMMITTING: usize = 4;

/// Answers a stream of batches. It ends with the first that fails as a whole; those before it are answered.
pub fn ingest(
    ingestion: Arc<Ingestion>,
    caller: Caller,
    requests: impl Stream<Item = Result<pb::IngestRequest, Fault>> + Send + 'static,
) -> impl Stream<Item = Result<pb::IngestResponse, Fault>> + Send + 'static {
    let mut opening = Opening::default();
    let orders = requests.map(move |request| opening.complete(&caller, request?));
    let preparing = Arc::clone(&ingestion);
    let prepared = orders.map(move |order| {
        let ingestion = Arc::clone(&preparing);
        async move {
            let Order { tenant, source, interactions, sequence, demanded } = order?;
            ingestion.reached(&demanded).await?;
            Ok((sequence, ingestion.prepare(tenant, source, interactions).await?))
        }
    });
    let committing = Arc::clone(&ingestion);
    let committed = prepared.buffered(PREPARING).and_then(move |(sequence, prepared)| {
        let ingestion = Arc::clone(&committing);
        async move { Ok::<_, Fault>((sequence, ingestion.append(prepared).await)) }
    });
    let answers = committed.map(move |given| {
        let ingestion = Arc::clone(&ingestion);
        async move {
            let (sequence, taken) = given?;
            let taken = taken.await?;
            let revision = ingestion.revision(taken.position).to_string();
            Ok(pb::IngestResponse { sequence, outcome: Some(convert::batch_outcome(taken, revision)) })
        }
    });
    let mut failed = false;
    answers.buffered(COMMITTING).take_while(move |answer| future::ready(!std::mem::replace(&mut failed, answer.is_err())))
}

/// What the first message of a stream says for all that follow.
#[derive(Default)]
struct Opening {
    tenant: Option<TenantId>,
    source: Option<BatchSource>,
}

/// One batch of a stream.
struct Order {
    tenant: TenantId,
    source: BatchSource,
    interactions: Vec<pb::Interaction>,
    sequence: u64,
    demanded: Revision,
}

impl Opening {
    fn complete(&mut self, caller: &Caller, request: pb::IngestRequest) -> Result<Order, Fault> {
        if !request.tenant_id.is_empty() || self.tenant.is_none() {
            let tenant = convert::tenant(&request.tenant_id)?;
            caller.require_tenant(&tenant)?;
            if self.tenant.replace(tenant.clone()).is_some_and(|first| first != tenant) {
                return Err(Fault::invalid_field("tenant_id", "must stay the same on a stream"));
            }
        }
        if request.source.is_some() || self.source.is_none() {
            self.source = Some(convert::source(request.source)?);
        }
        let (Some(tenant), Some(source)) = (self.tenant.clone(), self.source.clone()) else {
            return Err(Fault::internal("a stream without tenant or source"));
        };
        let demanded = Revision::parse(&request.revision)?;
        Ok(Order { tenant, source, interactions: convert::interactions(request.interactions)?, sequence: request.sequence, demanded })
    }
}
