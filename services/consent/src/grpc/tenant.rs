//! TenantService.

use std::ops::Bound;
use std::sync::Arc;

use consent_domain::tenant;
use contracts::consent::v1 as pb;
use pb::tenant_service_server::TenantService;
use runtime::{Caller, answer};
use tonic::{Request, Response, Status};
use vocabulary::Fault;

use crate::convert::fields::Fields;
use crate::convert::tenant as convert;
use crate::events::Actor;
use crate::pages;
use crate::requests::Repeatable;
use crate::writer::{Command, Core};

/// Adapts TenantService.
pub(crate) struct Tenants(pub Arc<Core>);

#[tonic::async_trait]
impl TenantService for Tenants {
    async fn create_tenant(&self, request: Request<pb::CreateTenantRequest>) -> Result<Response<pb::CreateTenantResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.create(caller?, request.into_inner()).await }.await)
    }

    async fn get_tenant(&self, request: Request<pb::GetTenantRequest>) -> Result<Response<pb::GetTenantResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.get(&caller, request.get_ref())))
    }

    async fn list_tenants(&self, request: Request<pb::ListTenantsRequest>) -> Result<Response<pb::ListTenantsResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.list(&caller, request.get_ref())))
    }

    async fn update_tenant(&self, request: Request<pb::UpdateTenantRequest>) -> Result<Response<pb::UpdateTenantResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.update(caller?, request.into_inner()).await }.await)
    }
}

impl Tenants {
    async fn create(&self, caller: Caller, request: pb::CreateTenantRequest) -> Result<pb::CreateTenantResponse, Fault> {
        let (tenant, given) = convert::created(&request)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("CreateTenant", &request.request_id, &request);
        let command = Command {
            tenant: tenant.clone(),
            actor: Actor::Caller(caller.clone()),
            repeat,
            validate_only: false,
            narrows: false,
            named: Vec::new(),
        };
        let allowed_regions = Arc::clone(&self.0.allowed_regions);
        let made = self.0.create(
            command,
            move |held, moment| {
                let settings = convert::first_settings(given, moment.time, moment.position);
                Ok(tenant::create(held, tenant, settings, allowed_regions)?)
            },
            |state, revision| pb::CreateTenantResponse { tenant: Some(convert::tenant(state)), revision },
        );
        Ok(made.await?.answer)
    }

    fn get(&self, caller: &Caller, request: &pb::GetTenantRequest) -> Result<pb::GetTenantResponse, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", &request.tenant_id);
        let tenant = fields.done(tenant)?;
        caller.require_tenant(&tenant)?;
        let (held, _) = self.0.read(&tenant, "")?;
        Ok(pb::GetTenantResponse { tenant: Some(convert::tenant(&held.state)) })
    }

    fn list(&self, caller: &Caller, request: &pb::ListTenantsRequest) -> Result<pb::ListTenantsResponse, Fault> {
        let size = pages::size(request.page_size)?;
        let mut fields = Fields::default();
        let only = (!request.tenant_id.is_empty()).then(|| fields.tenant("tenant_id", &request.tenant_id)).flatten();
        fields.done(Some(()))?;
        if let Some(tenant) = &only {
            caller.require_tenant(tenant)?;
        }
        let list = ["ListTenants", &request.tenant_id];
        let after = pages::after(&self.0.page_key, &list, &request.page_token)?;
        let tenants = self.0.tenants.read();
        let first = after.as_deref().and_then(|text| vocabulary::TenantId::parse(text).ok()).map_or(Bound::Unbounded, Bound::Excluded);
        let seen = |id: &vocabulary::TenantId| only.as_ref().is_none_or(|only| only == id) && caller.require_tenant(id).is_ok();
        let mut found = tenants.held.range((first, Bound::Unbounded)).filter(|(id, _)| seen(id)).map(|(_, held)| held);
        let page: Vec<_> = found.by_ref().take(size).map(|held| convert::tenant(&held.state)).collect();
        let last = page.last().filter(|_| found.next().is_some());
        let next_page_token = last.map(|last| pages::token(&self.0.page_key, &list, &last.tenant_id)).unwrap_or_default();
        Ok(pb::ListTenantsResponse { tenants: page, next_page_token })
    }

    async fn update(&self, caller: Caller, request: pb::UpdateTenantRequest) -> Result<pb::UpdateTenantResponse, Fault> {
        let (tenant, update, allowed) = convert::updated(&request)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("UpdateTenant", &request.request_id, &request);
        let command = Command {
            tenant,
            actor: Actor::Caller(caller.clone()),
            repeat,
            validate_only: request.validate_only,
            narrows: true,
            named: Vec::new(),
        };
        let decided = self.0.decide(
            command,
            move |state, moment| Ok((tenant::update(state, &update, allowed, moment)?, ())),
            |state, decision, (), revision| {
                let (tenant, mailboxes_closed) = (Some(convert::tenant(state)), decision.closed as i64);
                pb::UpdateTenantResponse { tenant, revision, mailboxes_closed }
            },
        );
        let decided = decided.await?;
        self.0.enforced(&decided).await?;
        Ok(decided.answer)
    }
}
