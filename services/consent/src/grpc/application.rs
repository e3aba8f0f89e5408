//! ApplicationService.

use std::ops::Bound;
use std::sync::Arc;

use consent_domain::{State, switch};
use contracts::consent::v1 as pb;
use pb::application_service_server::ApplicationService;
use runtime::{Caller, answer};
use tonic::{Request, Response, Status};
use vocabulary::Fault;

use crate::convert::application as convert;
use crate::convert::fields::Fields;
use crate::events::Actor;
use crate::pages;
use crate::requests::Repeatable;
use crate::writer::{Command, Core};

/// Adapts ApplicationService.
pub(crate) struct Applications(pub Arc<Core>);

#[tonic::async_trait]
impl ApplicationService for Applications {
    async fn register_application(
        &self,
        request: Request<pb::RegisterApplicationRequest>,
    ) -> Result<Response<pb::RegisterApplicationResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.register(caller?, request.into_inner()).await }.await)
    }

    async fn list_applications(
        &self,
        request: Request<pb::ListApplicationsRequest>,
    ) -> Result<Response<pb::ListApplicationsResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.list(&caller, request.get_ref())))
    }

    async fn update_application(
        &self,
        request: Request<pb::UpdateApplicationRequest>,
    ) -> Result<Response<pb::UpdateApplicationResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.update(caller?, request.into_inner()).await }.await)
    }
}

impl Applications {
    async fn register(&self, caller: Caller, request: pb::RegisterApplicationRequest) -> Result<pb::RegisterApplicationResponse, Fault> {
        let (tenant, application) = convert::registered(&request)?;
        caller.require_tenant(&tenant)?;
        let id = application.id.clone();
        let repeat = Repeatable::of("RegisterApplication", &request.request_id, &request);
        let command =
            Command { tenant, actor: Actor::Caller(caller.clone()), repeat, validate_only: false, narrows: false, named: Vec::new() };
        let decided = self.0.decide(
            command,
            move |state, moment| Ok((switch::register(state, application, moment)?, ())),
            move |state, _, (), revision| pb::RegisterApplicationResponse { application: found(state, &id), revision },
        );
        // Its filter of roles may take names away that the applications before it left.
        let decided = decided.await?;
        self.0.enforced(&decided).await?;
        Ok(decided.answer)
    }

    fn list(&self, caller: &Caller, request: &pb::ListApplicationsRequest) -> Result<pb::ListApplicationsResponse, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", &request.tenant_id);
        let tenant = fields.done(tenant)?;
        caller.require_tenant(&tenant)?;
        let size = pages::size(request.page_size)?;
        let list = ["ListApplications", tenant.as_str()];
        let after = pages::after(&self.0.page_key, &list, &request.page_token)?;
        let (held, _) = self.0.read(&tenant, "")?;
        let first = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut found = held.state.applications.range::<str, _>((first, Bound::Unbounded)).map(|(_, application)| application);
        let applications: Vec<_> = found.by_ref().take(size).map(convert::application).collect();
        let last = applications.last().filter(|_| found.next().is_some());
        let next_page_token = last.map(|last| pages::token(&self.0.page_key, &list, &last.application_id)).unwrap_or_default();
        Ok(pb::ListApplicationsResponse { applications, next_page_token })
    }

    async fn update(&self, caller: Caller, request: pb::UpdateApplicationRequest) -> Result<pb::UpdateApplicationResponse, Fault> {
        let (tenant, application, expected) = convert::updated(&request)?;
        caller.require_tenant(&tenant)?;
        let id = application.id.clone();
        let repeat = Repeatable::of("UpdateApplication", &request.request_id, &request);
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
            move |state, moment| Ok((switch::update(state, application, expected, moment)?, state.mailboxes_open())),
            move |state, _, open_before, revision| {
                let mailboxes_held = open_before.saturating_sub(state.mailboxes_open()) as i64;
                pb::UpdateApplicationResponse { application: found(state, &id), revision, mailboxes_held }
            },
        );
        let decided = decided.await?;
        self.0.enforced(&decided).await?;
        Ok(decided.answer)
    }
}

/// The fault of an application that nobody registered.
pub(super) fn unknown() -> Fault {
    Fault::not_found(vocabulary::Reason::ApplicationNotFound, "no such application")
}

fn found(state: &State, id: &str) -> Option<pb::Application> {
    state.applications.get(id).map(convert::application)
}
