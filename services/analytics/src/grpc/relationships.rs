//! AnalyticsService.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use analytics_domain::grid::{Place, in_grid};
use analytics_domain::health::Reading;
use analytics_domain::relationship::{self, View as Seen};
use analytics_domain::{Asked, Records, Relationship};
use consent_client::{Permit, Reads, reads};
use contracts::analytics::v1 as pb;
use contracts::analytics::v1::analytics_service_server::AnalyticsService;
use feed::{Reader, View};
use runtime::{Caller, Context, Deadline, answer};
use tonic::{Request, Response, Status};
use vocabulary::{Clock, Fault, Revision, Subject, TenantId, Timestamp};

use super::records::no_record;
use super::sees_gates;
use crate::convert::{self, GridQuestion};
use crate::follow::Folded;
use crate::page::{self, GridEnd};
use crate::readable::{Whose, readable};
use crate::reading;
use crate::record_store::{RecordStore, TenantRecords};
use crate::waiting::Waiting;

/// How far back a window reaches that the request does not name, unless the data window is shorter.
/// Source: relationship-analytics-kpi-calculations, 2023-02-07: a year.
const DEFAULT_WINDOW_DAYS: u32 = 365;

/// The analytics service.
pub struct Relationships {
    clock: Arc<dyn Clock>,
    waiting: Waiting,
    store: Arc<RecordStore>,
    view: View<Folded>,
    reads: Reads,
}

/// What one request stands on, taken up together.
struct Snapshot {
    permit: Permit,
    kept: Arc<TenantRecords>,
    reader: Reader<Folded>,
    revision: String,
    sees_gates: bool,
}

impl Relationships {
    /// The service over a store and a view.
    pub fn new(context: &Context, waiting: Waiting, store: Arc<RecordStore>, view: View<Folded>, reads: Reads) -> Self {
        Self { clock: Arc::clone(&context.clock), waiting, store, view, reads }
    }

    async fn one(&self, request: Request<pb::GetRelationshipRequest>) -> Result<pb::GetRelationshipResponse, Fault> {
        let (caller, until, now) = (Caller::of(&request)?, Deadline::of_waiting(&request), self.clock.now());
        let question = convert::about(request.get_ref(), now)?;
        caller.require_tenant(&question.tenant)?;
        let snapshot = self.snapshot(&caller, &question.tenant, &question.demanded, until).await?;
        let asked = snapshot.asked(question.as_of.unwrap_or(now), question.window_days, now);
        let tenant = question.tenant.clone();
        let (answer, about) = computed(move || {
            let found = snapshot.relationships(asked, |records| records.get(&question.reference).into_iter().cloned().collect());
            let [relationship] = found.as_slice() else { return Err(no_record()) };
            let about: Vec<_> = reading::about(&snapshot.permit, &relationship.record).collect();
            let relationship = Some(convert::relationship_message(relationship, asked.data_window_days));
            Ok((pb::GetRelationshipResponse { relationship, revision: snapshot.revision }, about))
        })
        .await?;
        self.reads.count(&caller, &tenant, "rapport.analytics.v1.AnalyticsService/GetRelationship", about);
        Ok(answer)
    }

    async fn grid(&self, request: Request<pb::ListRelationshipsRequest>) -> Result<pb::ListRelationshipsResponse, Fault> {
        let (caller, until, now) = (Caller::of(&request)?, Deadline::of_waiting(&request), self.clock.now());
        let question = convert::grid(request.into_inner(), now)?;
        caller.require_tenant(&question.tenant)?;
        let snapshot = self.snapshot(&caller, &question.tenant, &question.demanded, until).await?;
        let tenant = question.tenant.clone();
        let (answer, about) = computed(move || page_of(snapshot, &question, now)).await?;
        self.reads.count(&caller, &tenant, "rapport.analytics.v1.AnalyticsService/ListRelationships", about);
        Ok(answer)
    }

    /// Waits for all that the demanded revision names, then takes the permit that the whole answer stands on.
    async fn snapshot(&self, caller: &Caller, tenant: &TenantId, demanded: &Revision, until: Deadline) -> Result<Snapshot, Fault> {
        self.store.reached(demanded, until).await?;
        let permit = self.waiting.permit(tenant, demanded, until).await?;
        let kept = self.store.of_tenant(&permit).await?;
        let reader = self.view.reader(&permit, demanded, until.remaining()).await?;
        let revision = self.view.revision().join(&self.store.revision()).join(&permit.revision());
        Ok(Snapshot { permit, kept, reader, revision: revision.to_string(), sees_gates: sees_gates(caller) })
    }
}

impl Snapshot {
    fn asked(&self, as_of: Timestamp, window_days: Option<u32>, now: Timestamp) -> Asked {
        let data_window_days = self.permit.settings.data_window_days;
        let window_days = window_days.unwrap_or(DEFAULT_WINDOW_DAYS.min(data_window_days));
        Asked { as_of, window_days, now, data_window_days }
    }

    /// How the relationships of some records stand, all from one state of everything.
    fn relationships(&self, asked: Asked, of: impl FnOnce(&Records) -> Vec<Arc<analytics_domain::Record>>) -> Vec<Relationship> {
        let readable = readable(&self.permit, &self.reader);
        let (records, folded) = (self.kept.read(), self.reader.fold());
        let seen = Seen {
            interactions: &folded.0,
            records: &records,
            readable: &readable,
            directory: &Whose(&self.permit),
            reading: &Reading::default(),
            sees_gates: self.sees_gates,
        };
        of(&records).iter().map(|record| relationship::of(&seen, record, asked)).collect()
    }
}

fn page_of(snapshot: Snapshot, question: &GridQuestion, now: Timestamp) -> Result<(pb::ListRelationshipsResponse, Vec<Subject>), Fault> {
    let place = question.place();
    let end: Option<GridEnd> = match question.page_token.as_str() {
        "" => None,
        text => Some(page::end(&snapshot.permit, &place, text)?),
    };
    let instants = end.as_ref().map(|end| (Timestamp::from_micros(end.as_of), Timestamp::from_micros(end.now)));
    let (as_of, now) = instants.unwrap_or((question.as_of.unwrap_or(now), now));
    let asked = snapshot.asked(as_of, question.window_days, now);
    let of_question = |records: &Records| {
        let of_kind = records.range(Some(question.kind), None);
        of_kind.filter(|record| in_grid(record, question.state, question.owner.as_ref())).cloned().collect()
    };
    let found = snapshot.relationships(asked, of_question);
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let after = end.map(|end| Place { can_wait: end.can_wait, revenue_minor: Reverse(end.revenue_minor), id: end.id.into() });
    let placed = found.into_iter().map(|relationship| (Place::of(&relationship), relationship));
    let mut rest: Vec<_> = placed.filter(|(place, _)| after.as_ref().is_none_or(|after| place > after)).collect();
    rest.sort_by(|(a, _), (b, _)| a.cmp(b));
    let more = rest.len() > question.page_size;
    rest.truncate(question.page_size);
    let last = rest.last().filter(|_| more).map(|(place, _)| GridEnd {
        as_of: as_of.micros(),
        now: now.micros(),
        can_wait: place.can_wait,
        revenue_minor: place.revenue_minor.0,
        id: place.id.to_string(),
    });
    let owner = question.owner.as_ref().map(|owner| reads::subject(&snapshot.permit, owner));
    let about = rest.iter().flat_map(|(_, relationship)| reading::about(&snapshot.permit, &relationship.record)).chain(owner).collect();
    let answer = pb::ListRelationshipsResponse {
        relationships: rest.iter().map(|(_, relationship)| convert::relationship_message(relationship, asked.data_window_days)).collect(),
        next_page_token: last.map(|end| page::token(&snapshot.permit, &place, &end)).unwrap_or_default(),
        total,
        revision: snapshot.revision,
    };
    Ok((answer, about))
}

/// Computes off the threads that serve.
pub(super) async fn computed<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::internal("an answer was cut short")))
}

impl fmt::Debug for Relationships {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relationships({:?})", self.store)
    }
}

#[tonic::async_trait]
impl AnalyticsService for Relationships {
    async fn get_relationship(
        &self,
        request: Request<pb::GetRelationshipRequest>,
    ) -> Result<Response<pb::GetRelationshipResponse>, Status> {
        answer(self.one(request).await)
    }

    async fn list_relationships(
        &self,
        request: Request<pb::ListRelationshipsRequest>,
    ) -> Result<Response<pb::ListRelationshipsResponse>, Status> {
        answer(self.grid(request).await)
    }
}
