//! ErasureService.

use std::collections::BTreeSet;
use std::sync::Arc;

use consent_domain::{erase_person, erase_user};
use contracts::consent::v1 as pb;
use pb::erasure_service_server::ErasureService;
use runtime::{Caller, answer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;
use vocabulary::{Fault, TenantId};

use super::user_at;
use crate::convert::erasure as convert;
use crate::convert::fields::Fields;
use crate::events::Actor;
use crate::requests::Repeatable;
use crate::writer::{Command, Core};
use crate::{erasures, pages, tables};

/// Messages that may wait for the transport.
const IN_FLIGHT: usize = 4;

/// Adapts ErasureService.
pub(crate) struct Erasing(pub Arc<Core>);

impl Erasing {
    async fn erase_one_user(&self, caller: Caller, request: pb::EraseUserRequest) -> Result<pb::EraseUserResponse, Fault> {
        let (tenant, address) = convert::user(&request)?;
        caller.require_tenant(&tenant)?;
        let lookup = self.0.present(&tenant)?.0.keys.lookup.clone();
        let repeat = Repeatable::of("EraseUser", &request.request_id, &request);
        let command = Command {
            tenant: tenant.clone(),
            actor: Actor::Caller(caller.clone()),
            repeat,
            validate_only: request.validate_only,
            narrows: true,
            named: Vec::new(),
        };
        let decided = self.0.decide(
            command,
            move |state, moment| {
                let user = user_at(state, &address)?;
                Ok((erase_user::decide(state, user, convert::hashes(&lookup, &user.entry.addresses), moment), ()))
            },
            |_, decision, (), revision| pb::EraseUserResponse { erasure: begun(decision), enforced_time: None, revision },
        );
        let decided = decided.await?;
        let enforced = self.0.enforced(&decided).await?;
        if request.validate_only {
            return Ok(decided.answer);
        }
        let erasure = self.as_it_stands(&tenant, decided.answer.erasure.as_ref())?;
        Ok(pb::EraseUserResponse { erasure, enforced_time: Some(crate::convert::time(enforced)), ..decided.answer })
    }

    async fn erase_one_person(&self, caller: Caller, request: pb::ErasePersonRequest) -> Result<pb::ErasePersonResponse, Fault> {
        let (tenant, addresses) = convert::person(&request)?;
        caller.require_tenant(&tenant)?;
        let hashes = convert::hashes(&self.0.present(&tenant)?.0.keys.lookup, &addresses);
        let repeat = Repeatable::of("ErasePerson", &request.request_id, &request);
        let (validate_only, named) = (request.validate_only, addresses.clone());
        let command = Command { tenant: tenant.clone(), actor: Actor::Caller(caller.clone()), repeat, validate_only, narrows: true, named };
        let decided = self.0.decide(
            command,
            move |state, moment| {
                if let Some(at) = addresses.iter().position(|address| state.directory.at_address(address).is_some()) {
                    return Err(Fault::invalid_field(
                        format!("addresses[{at}]"),
                        "belongs to one of the tenant's own: EraseUser erases them",
                    ));
                }
                Ok((erase_person::decide(state, hashes, moment), ()))
            },
            |_, decision, (), revision| pb::ErasePersonResponse { erasure: begun(decision), enforced_time: None, revision },
        );
        let decided = decided.await?;
        let enforced = self.0.enforced(&decided).await?;
        if request.validate_only {
            return Ok(decided.answer);
        }
        let erasure = self.as_it_stands(&tenant, decided.answer.erasure.as_ref())?;
        Ok(pb::ErasePersonResponse { erasure, enforced_time: Some(crate::convert::time(enforced)), ..decided.answer })
    }

    async fn erase_whole_tenant(&self, caller: Caller, request: pb::EraseTenantRequest) -> Result<pb::EraseTenantResponse, Fault> {
        let tenant = self.admitted(&caller, &request.tenant_id)?;
        if request.confirm_tenant_id != request.tenant_id {
            return Err(Fault::invalid_field("confirm_tenant_id", "must repeat the tenant's id"));
        }
        if request.validate_only {
            let going = self.0.would_erase(&tenant)?;
            let erasure = pb::Erasure { number: going.number, mailboxes: going.mailboxes as i64, ..pb::Erasure::default() };
            return Ok(pb::EraseTenantResponse { erasure: Some(erasure), users: going.users as i64, enforced_time: None });
        }
        let (going, enforced) = self.0.erase_tenant(tenant.clone()).await?;
        let erasure = Some(self.told(&tenant, going.number)?);
        Ok(pb::EraseTenantResponse { erasure, users: going.users as i64, enforced_time: Some(crate::convert::time(enforced)) })
    }

    fn as_it_stands(&self, tenant: &TenantId, begun: Option<&pb::Erasure>) -> Result<Option<pb::Erasure>, Fault> {
        begun.map(|begun| self.told(tenant, begun.number)).transpose()
    }

    fn told(&self, tenant: &TenantId, number: u64) -> Result<pb::Erasure, Fault> {
        let row = erasures::one(&self.0.store, tenant, number)?;
        Ok(convert::erasure(number, &row, &self.0.stores()?, self.0.clock.now()))
    }

    fn get(&self, caller: &Caller, request: &pb::GetErasureRequest) -> Result<pb::GetErasureResponse, Fault> {
        let tenant = self.admitted(caller, &request.tenant_id)?;
        Ok(pb::GetErasureResponse { erasure: Some(self.told(&tenant, request.number)?) })
    }

    fn list(&self, caller: &Caller, request: &pb::ListErasuresRequest) -> Result<pb::ListErasuresResponse, Fault> {
        let tenant = self.admitted(caller, &request.tenant_id)?;
        let size = pages::size(request.page_size)?;
        let list = ["ListErasures", tenant.as_str()];
        let before = pages::after(&self.0.page_key, &list, &request.page_token)?.map(|number| number.parse());
        let before = before.transpose().map_err(|_| Fault::internal("a page token names no number"))?.unwrap_or(u64::MAX);
        let stores = self.0.stores()?;
        let rows = self.0.store.scan::<tables::Erasures>((tenant.clone(),)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = rows.into_iter().rev().filter(|((_, number), _)| *number < before);
        let now = self.0.clock.now();
        let erasures: Vec<_> = rows.by_ref().take(size).map(|((_, number), row)| convert::erasure(number, &row, &stores, now)).collect();
        let last = erasures.last().filter(|_| rows.next().is_some());
        let next_page_token = last.map(|last| pages::token(&self.0.page_key, &list, &last.number.to_string())).unwrap_or_default();
        Ok(pb::ListErasuresResponse { erasures, next_page_token })
    }

    fn watch(&self, caller: &Caller, request: pb::WatchErasuresRequest) -> Result<Watched, Fault> {
        let tenant = self.admitted(caller, &request.tenant_id)?;
        self.0.present(&tenant)?.0.state.applications.get(request.application_id.as_str()).ok_or_else(super::application::unknown)?;
        let (out, answers) = mpsc::channel(IN_FLIGHT);
        let (core, mut changes) = (Arc::clone(&self.0), self.0.erasure_changes());
        let telling = async move {
            let mut seen = BTreeSet::new();
            loop {
                changes.mark_unchanged();
                let told = core.unacknowledged(&tenant, &request.application_id, &mut seen);
                let ended = told.is_err();
                let messages = told.map_or_else(|fault| vec![Err(runtime::status(fault))], |told| told.into_iter().map(Ok).collect());
                for message in messages {
                    if out.send(message).await.is_err() {
                        return;
                    }
                }
                tokio::select! {
                    changed = changes.changed(), if !ended => if changed.is_err() { return },
                    () = core.ending.cancelled() => return,
                    () = out.closed() => return,
                    () = std::future::ready(()), if ended => return,
                }
            }
        };
        tokio::spawn(telling.in_current_span());
        Ok(ReceiverStream::new(answers))
    }

    async fn acknowledge(&self, caller: Caller, request: pb::AcknowledgeErasureRequest) -> Result<pb::AcknowledgeErasureResponse, Fault> {
        let tenant = self.admitted(&caller, &request.tenant_id)?;
        let now = self.0.clock.now();
        let row = self.0.acknowledge_erasure(tenant, request.application_id, request.number, now).await?;
        let erasure = convert::erasure(request.number, &row, &self.0.stores()?, now);
        Ok(pb::AcknowledgeErasureResponse { erasure: Some(erasure) })
    }

    fn stores(&self, caller: &Caller) -> Result<pb::ListStoresResponse, Fault> {
        caller.require_whole_suite()?;
        let stores = self.0.stores()?.into_iter().map(|(id, row)| pb::RegisteredStore {
            store_id: convert::store_id(id),
            kind: row.kind,
            register_time: Some(crate::convert::time(vocabulary::Timestamp::from_micros(row.register_micros))),
        });
        Ok(pb::ListStoresResponse { stores: stores.collect() })
    }

    async fn retire(&self, caller: Caller, request: pb::RetireStoreRequest) -> Result<pb::RetireStoreResponse, Fault> {
        caller.require_whole_suite()?;
        self.0.retire_store(convert::parse_store_id(&request.store_id)?).await?;
        Ok(pb::RetireStoreResponse {})
    }

    fn admitted(&self, caller: &Caller, tenant: &str) -> Result<TenantId, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", tenant);
        let tenant = fields.done(tenant)?;
        caller.require_tenant(&tenant)?;
        Ok(tenant)
    }
}

/// An erasure as its decision begins it, or would.
fn begun(decision: &consent_domain::Decision) -> Option<pb::Erasure> {
    let erasure = decision.erasure.as_ref()?;
    Some(pb::Erasure {
        number: erasure.number,
        position: decision.moment.position,
        mailboxes: decision.closed as i64,
        addresses: erasure.addresses.len() as i64,
        ..pb::Erasure::default()
    })
}

type Watched = ReceiverStream<Result<pb::WatchErasuresResponse, Status>>;

#[tonic::async_trait]
impl ErasureService for Erasing {
    type WatchErasuresStream = Watched;

    async fn erase_user(&self, request: Request<pb::EraseUserRequest>) -> Result<Response<pb::EraseUserResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.erase_one_user(caller?, request.into_inner()).await }.await)
    }

    async fn erase_person(&self, request: Request<pb::ErasePersonRequest>) -> Result<Response<pb::ErasePersonResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.erase_one_person(caller?, request.into_inner()).await }.await)
    }

    async fn erase_tenant(&self, request: Request<pb::EraseTenantRequest>) -> Result<Response<pb::EraseTenantResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.erase_whole_tenant(caller?, request.into_inner()).await }.await)
    }

    async fn get_erasure(&self, request: Request<pb::GetErasureRequest>) -> Result<Response<pb::GetErasureResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.get(&caller, request.get_ref())))
    }

    async fn list_erasures(&self, request: Request<pb::ListErasuresRequest>) -> Result<Response<pb::ListErasuresResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.list(&caller, request.get_ref())))
    }

    async fn watch_erasures(&self, request: Request<pb::WatchErasuresRequest>) -> Result<Response<Watched>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.watch(&caller, request.into_inner())))
    }

    async fn acknowledge_erasure(
        &self,
        request: Request<pb::AcknowledgeErasureRequest>,
    ) -> Result<Response<pb::AcknowledgeErasureResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.acknowledge(caller?, request.into_inner()).await }.await)
    }

    async fn list_stores(&self, request: Request<pb::ListStoresRequest>) -> Result<Response<pb::ListStoresResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.stores(&caller)))
    }

    async fn retire_store(&self, request: Request<pb::RetireStoreRequest>) -> Result<Response<pb::RetireStoreResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.retire(caller?, request.into_inner()).await }.await)
    }
}
