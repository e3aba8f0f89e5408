//! RecordService.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use analytics_domain::Sides;
use consent_client::{Permit, Reads, reads};
use contracts::analytics::v1 as pb;
use contracts::analytics::v1::record_service_server::RecordService;
use futures::{Stream, StreamExt as _, future};
use runtime::{Caller, Context, Deadline, Onward, answer, fault_of, status};
use tonic::{Request, Response, Status, Streaming};
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Clock, Fault, Reason, Revision, TenantId};

use crate::convert::{self, Draft};
use crate::page::{self, ListEnd};
use crate::people::People;
use crate::readable::Whose;
use crate::reading;
use crate::record_store::RecordStore;
use crate::waiting::Waiting;

/// The most records of one message.
const MOST_RECORDS: usize = 1_000;

/// The record service. Cloning it is cheap.
#[derive(Clone)]
pub struct Records {
    clock: Arc<dyn Clock>,
    waiting: Waiting,
    store: Arc<RecordStore>,
    people: People,
    reads: Reads,
}

impl Records {
    /// The service over a store.
    pub fn new(context: &Context, waiting: Waiting, store: Arc<RecordStore>, reads: Reads) -> Self {
        Self { clock: Arc::clone(&context.clock), waiting, store, people: People::new(context), reads }
    }

    async fn upsert(
        &self,
        tenant: &TenantId,
        onward: &Onward,
        request: pb::UpsertRecordsRequest,
    ) -> Result<pb::UpsertRecordsResponse, Fault> {
        if request.records.len() > MOST_RECORDS {
            return Err(Fault::invalid_field("records", format!("must be at most {MOST_RECORDS}")));
        }
        let named: Vec<_> = request.records.iter().map(|record| record.r#ref.clone()).collect();
        let drafts: Vec<_> = request.records.into_iter().map(convert::draft).collect();
        let permit = self.waiting.permit_to_write(tenant).await?;
        let kept = self.store.of_tenant(&permit).await?;
        let theirs: BTreeSet<_> = drafts.iter().flatten().flat_map(Draft::theirs).cloned().collect();
        let people = if theirs.is_empty() { Default::default() } else { self.people.resolve(tenant, theirs, onward).await? };
        // A permit of its own for the write: what was withdrawn while ingestion was asked is seen.
        let permit = self.waiting.permit_to_write(tenant).await?;
        let mut records = Vec::with_capacity(drafts.len());
        let mut refused = Vec::with_capacity(drafts.len());
        for draft in drafts {
            match draft {
                Ok(draft) => match draft.record(&people) {
                    Ok(record) => {
                        records.push(record);
                        refused.push(None);
                    }
                    Err(violation) => refused.push(Some(violation)),
                },
                Err(violation) => refused.push(Some(violation)),
            }
        }
        let written = self.store.write(&permit, kept, records).await?;
        let mut outcomes = written.outcomes.into_iter();
        let outcomes = named.into_iter().zip(refused).filter_map(|(named, refused)| {
            let outcome = match refused {
                Some(violation) => Err(violation),
                None => Ok(outcomes.next()?),
            };
            Some(convert::upserted(named, outcome))
        });
        let revision = written.revision.to_string();
        Ok(pb::UpsertRecordsResponse { sequence: request.sequence, results: outcomes.collect(), revision })
    }

    async fn one(&self, request: Request<pb::GetRecordRequest>) -> Result<pb::GetRecordResponse, Fault> {
        let (caller, until) = (Caller::of(&request)?, Deadline::of_waiting(&request));
        let question = convert::one(request.get_ref())?;
        caller.require_tenant(&question.tenant)?;
        self.store.reached(&question.demanded, until).await?;
        let permit = self.waiting.permit(&question.tenant, &question.demanded, until).await?;
        let kept = self.store.of_tenant(&permit).await?;
        let revision = self.revision(&permit);
        let records = kept.read();
        let record = records.get(&question.reference).ok_or_else(no_record)?;
        let people = Sides::of(&records, record, &Whose(&permit));
        let on_it = people.people().iter().filter_map(|known| reading::of_ours(&permit, &known.address));
        let about = reading::about(&permit, record).chain(on_it);
        self.reads.count(&caller, &question.tenant, "rapport.analytics.v1.RecordService/GetRecord", about);
        let people = people.people().iter().map(|known| known.address.as_str().to_owned()).collect();
        Ok(pb::GetRecordResponse { record: Some(convert::record_message(record)), people, revision })
    }

    async fn list(&self, request: Request<pb::ListRecordsRequest>) -> Result<pb::ListRecordsResponse, Fault> {
        let (caller, until) = (Caller::of(&request)?, Deadline::of_waiting(&request));
        let question = convert::list(request.into_inner())?;
        caller.require_tenant(&question.tenant)?;
        self.store.reached(&question.demanded, until).await?;
        let permit = self.waiting.permit(&question.tenant, &question.demanded, until).await?;
        let place = question.place();
        let after = match question.page_token.as_str() {
            "" => None,
            text => Some(reference(page::end::<ListEnd>(&permit, &place, text)?)?),
        };
        let kept = self.store.of_tenant(&permit).await?;
        let revision = self.revision(&permit);
        let records = kept.read();
        let found: Vec<_> = match &question.address {
            None => records.range(question.kind, after.as_ref()).take(question.page_size + 1).collect(),
            Some(address) => {
                let naming = records.at_address(address).filter(|named| question.kind.is_none_or(|kind| named.kind == kind));
                let rest = naming.filter(|named| after.as_ref().is_none_or(|after| *named > after));
                rest.take(question.page_size + 1).filter_map(|named| records.get(named)).collect()
            }
        };
        let more = found.len() > question.page_size;
        let shown = &found[..found.len().min(question.page_size)];
        let asked = question.address.as_ref().map(|address| reads::subject(&permit, address));
        let about = shown.iter().flat_map(|record| reading::about(&permit, record)).chain(asked);
        self.reads.count(&caller, &question.tenant, "rapport.analytics.v1.RecordService/ListRecords", about);
        let last =
            shown.last().filter(|_| more).map(|record| ListEnd { kind: record.reference.kind as u32, id: record.reference.id.to_string() });
        Ok(pb::ListRecordsResponse {
            records: shown.iter().map(|record| convert::record_message(record)).collect(),
            next_page_token: last.map(|end| page::token(&permit, &place, &end)).unwrap_or_default(),
            revision,
        })
    }

    async fn delete(&self, request: Request<pb::DeleteRecordRequest>) -> Result<pb::DeleteRecordResponse, Fault> {
        let (caller, until) = (Caller::of(&request)?, Deadline::of_waiting(&request));
        let (tenant, deletion) = convert::deletion(request.get_ref())?;
        caller.require_tenant(&tenant)?;
        let permit = self.waiting.permit(&tenant, &Revision::default(), until).await?;
        let kept = self.store.of_tenant(&permit).await?;
        let revision = self.store.delete(&permit, kept, deletion, self.clock.now()).await?;
        Ok(pb::DeleteRecordResponse { revision: revision.to_string() })
    }

    fn revision(&self, permit: &Permit) -> String {
        self.store.revision().join(&permit.revision()).to_string()
    }
}

/// The record that a page ended with.
fn reference(end: ListEnd) -> Result<RecordRef, Fault> {
    let kinds = [RecordKind::Contact, RecordKind::Account, RecordKind::Lead, RecordKind::Opportunity];
    let kind = kinds.into_iter().find(|kind| *kind as u32 == end.kind).ok_or_else(|| Fault::internal("a page token names no kind"))?;
    Ok(RecordRef { kind, id: end.id.into() })
}

/// What is answered for a record that is not there.
pub(super) fn no_record() -> Fault {
    Fault::not_found(Reason::RecordNotFound, "no such record")
}

/// The tenant of a stream: the first message names it, later ones name the same or none.
fn tenant_of(first: &mut Option<TenantId>, caller: &Caller, text: &str) -> Result<TenantId, Fault> {
    if let (Some(tenant), "") = (&first, text) {
        return Ok(tenant.clone());
    }
    let tenant = TenantId::parse(text).map_err(|error| Fault::invalid_field("tenant_id", error.to_string()))?;
    caller.require_tenant(&tenant)?;
    if first.replace(tenant.clone()).is_some_and(|first| first != tenant) {
        return Err(Fault::invalid_field("tenant_id", "must stay the same on a stream"));
    }
    Ok(tenant)
}

#[tonic::async_trait]
impl RecordService for Records {
    type UpsertRecordsStream = Pin<Box<dyn Stream<Item = Result<pb::UpsertRecordsResponse, Status>> + Send>>;

    async fn upsert_records(
        &self,
        request: Request<Streaming<pb::UpsertRecordsRequest>>,
    ) -> Result<Response<Self::UpsertRecordsStream>, Status> {
        let opened = Caller::of(&request).map(|caller| {
            let (this, onward, mut first) = (self.clone(), Onward::of(&request), None);
            let named = request.into_inner().map(move |request| {
                let request = request.map_err(|status| fault_of(&status))?;
                Ok((tenant_of(&mut first, &caller, &request.tenant_id)?, request))
            });
            let answers = named.then(move |named: Result<_, Fault>| {
                let (this, onward) = (this.clone(), onward.clone());
                async move {
                    let (tenant, request) = named?;
                    this.upsert(&tenant, &onward, request).await
                }
            });
            // The stream ends with the first message that fails as a whole; those before it are answered.
            let mut failed = false;
            let answers = answers.take_while(move |answer| future::ready(!std::mem::replace(&mut failed, answer.is_err())));
            Box::pin(answers.map(|answer| answer.map_err(status))) as Self::UpsertRecordsStream
        });
        answer(opened)
    }

    async fn get_record(&self, request: Request<pb::GetRecordRequest>) -> Result<Response<pb::GetRecordResponse>, Status> {
        answer(self.one(request).await)
    }

    async fn list_records(&self, request: Request<pb::ListRecordsRequest>) -> Result<Response<pb::ListRecordsResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn delete_record(&self, request: Request<pb::DeleteRecordRequest>) -> Result<Response<pb::DeleteRecordResponse>, Status> {
        answer(self.delete(request).await)
    }
}
