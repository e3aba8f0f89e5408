//! The service as tonic calls it: shape in, shape out. The order of what a question waits for and reads is here; no rule is.

use std::sync::Arc;

use consent_client::{Permit, Reads, Subscriber, reads};
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use contracts::graph::v1 as pb;
use contracts::graph::v1::graph_service_server::GraphService;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use feed::View;
use graph_domain::introducers;
use runtime::{Caller, Context, Deadline, Link, Onward, answer, sized};
use tonic::{Request, Response, Status};
use vocabulary::{Clock, Fault, Subject};

use crate::convert::{self, Question, Whom};
use crate::follow::Folded;
use crate::page::{Position, Token};
use crate::{readable, whom};

/// The adapter.
pub struct Grpc {
    clock: Arc<dyn Clock>,
    consent: Subscriber,
    view: View<Folded>,
    records: RecordServiceClient<Link>,
    feed: FeedServiceClient<Link>,
    reads: Reads,
}

impl Grpc {
    /// The adapter of a view, with clients of the services it asks.
    pub fn new(context: &Context, consent: Subscriber, view: View<Folded>) -> Self {
        let sizes = context.config.limits.internal();
        let records = sized!(RecordServiceClient::new(context.link("analytics")), sizes);
        let feed = sized!(FeedServiceClient::new(context.link("ingestion")), sizes);
        Self { clock: Arc::clone(&context.clock), consent, view, records, feed, reads: Reads::start(context) }
    }

    async fn introducers(&self, request: Request<pb::ListIntroducersRequest>) -> Result<pb::ListIntroducersResponse, Fault> {
        let caller = Caller::of(&request)?;
        let waiting = Deadline::of_waiting(&request);
        let onward = Onward::of(&request).within(waiting.remaining());
        let now = self.clock.now();
        let question = convert::question(request.into_inner(), now)?;
        caller.require_tenant(&question.tenant)?;

        let permit = self.permit(&question, waiting).await?;
        let token = match question.page_token.as_str() {
            "" => None,
            text => Some(Token::open(text, &permit, &question)?),
        };
        let at = token.as_ref().map(|token| token.at).or(question.as_of).unwrap_or(now);
        let reader = self.view.reader(&permit, &question.demanded, waiting.remaining()).await?;
        let revision = self.view.revision().join(&permit.revision());
        let (people, recorded) = whom::people(self.records.clone(), &onward, &permit, &question).await?;
        let named = whom::targets(self.feed.clone(), &onward, &permit, &reader, people).await?;

        let tenant = question.tenant.clone();
        let (answer, about) = computed(move || {
            let (called, targets): (Vec<_>, Vec<_>) = named.into_iter().unzip();
            let readable = readable::readable(&permit, &reader, now);
            let ranked = introducers::rank(&reader.fold().0, &readable, &targets, at);
            let placed = ranked.into_iter().filter_map(|introducer| {
                let user = permit.user(introducer.user)?;
                Some((Position::of(&introducer, user.address()?), introducer, user))
            });
            let mut rest: Vec<_> = placed.filter(|(position, ..)| token.as_ref().is_none_or(|token| *position > token.after)).collect();
            let more = rest.len() > question.page_size;
            rest.truncate(question.page_size);
            let last = rest.last().filter(|_| more).map(|(position, ..)| Token { at, after: position.clone() });
            let mut about: Vec<_> = rest.iter().map(|(_, _, user)| Subject::User(user.id)).collect();
            about.extend(convert::asked_about(&question.whom, |address| reads::subject(&permit, address)));
            let introducers = rest.into_iter().map(|(_, introducer, user)| {
                let contact = match question.whom {
                    Whom::Record(_) => called.get(introducer.target),
                    Whom::Address(_) => None,
                };
                convert::introducer(introducer, user, contact)
            });
            let answer = pb::ListIntroducersResponse {
                introducers: introducers.collect(),
                next_page_token: last.map(|token| token.seal(&permit, &question)).unwrap_or_default(),
                as_of: Some(convert::timestamp(at)),
                revision: revision.join(&recorded).to_string(),
            };
            Ok((answer, about))
        })
        .await?;
        self.reads.count(&caller, &tenant, "rapport.graph.v1.GraphService/ListIntroducers", about);
        Ok(answer)
    }

    /// The permit of a question, once the mirror has reached the decisions it demands.
    async fn permit(&self, question: &Question, waiting: Deadline) -> Result<Permit, Fault> {
        self.consent.reached_revision(&question.demanded, waiting.remaining()).await?;
        self.consent.permit(&question.tenant)
    }
}

/// Computes off the threads that serve.
pub async fn computed<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::internal("an answer was cut short")))
}

#[tonic::async_trait]
impl GraphService for Grpc {
    async fn list_introducers(
        &self,
        request: Request<pb::ListIntroducersRequest>,
    ) -> Result<Response<pb::ListIntroducersResponse>, Status> {
        answer(self.introducers(request).await)
    }
}
