//! ConsentService.

use std::sync::Arc;

use consent_domain::{State, User, expire, grant, opt_in, opt_out, revoke};
use contracts::consent::v1 as pb;
use pb::consent_service_server::ConsentService;
use runtime::{Caller, Role, answer};
use tonic::{Request, Response, Status};
use vocabulary::{Address, Fault, Reason, Subject};

use super::{access, events, groups, user_at};
use crate::convert::consent::{self as convert, Choice};
use crate::convert::fields::Fields;
use crate::events::Actor;
use crate::requests::Repeatable;
use crate::writer::{Command, Core};

/// Who may know everybody's choice.
const PRIVY: [Role; 2] = [Role::Operator, Role::DirectoryAdministrator];

/// Adapts ConsentService.
pub(crate) struct Consents(pub Arc<Core>);

#[tonic::async_trait]
impl ConsentService for Consents {
    async fn grant_consent(&self, request: Request<pb::GrantConsentRequest>) -> Result<Response<pb::GrantConsentResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.grant(caller?, request.into_inner()).await }.await)
    }

    async fn revoke_consent(&self, request: Request<pb::RevokeConsentRequest>) -> Result<Response<pb::RevokeConsentResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.revoke(caller?, request.into_inner()).await }.await)
    }

    async fn get_consent(&self, request: Request<pb::GetConsentRequest>) -> Result<Response<pb::GetConsentResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.get(&caller, request.get_ref())))
    }

    async fn check_consent(&self, request: Request<pb::CheckConsentRequest>) -> Result<Response<pb::CheckConsentResponse>, Status> {
        answer(Caller::of(&request).and_then(|caller| self.check(&caller, request.get_ref())))
    }

    async fn opt_out_user(&self, request: Request<pb::OptOutUserRequest>) -> Result<Response<pb::OptOutUserResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.opt_out(caller?, request.into_inner()).await }.await)
    }

    async fn opt_out_group(&self, request: Request<pb::OptOutGroupRequest>) -> Result<Response<pb::OptOutGroupResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { groups::opt_out(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn opt_in_group(&self, request: Request<pb::OptInGroupRequest>) -> Result<Response<pb::OptInGroupResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { groups::opt_in(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn list_access(&self, request: Request<pb::ListAccessRequest>) -> Result<Response<pb::ListAccessResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { access::list(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn opt_in_user(&self, request: Request<pb::OptInUserRequest>) -> Result<Response<pb::OptInUserResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { self.opt_in(caller?, request.into_inner()).await }.await)
    }

    async fn get_consent_text(&self, request: Request<pb::GetConsentTextRequest>) -> Result<Response<pb::GetConsentTextResponse>, Status> {
        answer(Caller::of(&request).and_then(|_| events::text(&self.0, request.get_ref())))
    }

    async fn list_consent_events(
        &self,
        request: Request<pb::ListConsentEventsRequest>,
    ) -> Result<Response<pb::ListConsentEventsResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { events::list(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn get_checkpoint(&self, request: Request<pb::GetCheckpointRequest>) -> Result<Response<pb::GetCheckpointResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { events::checkpoint(&self.0, caller?, request.into_inner()).await }.await)
    }

    async fn prove_consent_event(
        &self,
        request: Request<pb::ProveConsentEventRequest>,
    ) -> Result<Response<pb::ProveConsentEventResponse>, Status> {
        let caller = Caller::of(&request);
        answer(async { events::prove(&self.0, caller?, request.into_inner()).await }.await)
    }
}

impl Consents {
    async fn grant(&self, caller: Caller, request: pb::GrantConsentRequest) -> Result<pb::GrantConsentResponse, Fault> {
        let (tenant, given) = convert::granted(&request, &self.0.texts)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("GrantConsent", &request.request_id, &request);
        let command = Command {
            tenant,
            actor: Actor::Caller(caller.clone()),
            repeat,
            validate_only: request.validate_only,
            narrows: false,
            named: Vec::new(),
        };
        let decided = self.0.decide(
            command,
            move |state, moment| Ok((grant::decide(state, &given, moment)?, ())),
            |state, decision, (), revision| {
                let mailboxes_opened = decision.opened as i64;
                pb::GrantConsentResponse { consent: Some(convert::consent(state)), mailboxes_opened, revision }
            },
        );
        Ok(decided.await?.answer)
    }

    async fn revoke(&self, caller: Caller, request: pb::RevokeConsentRequest) -> Result<pb::RevokeConsentResponse, Fault> {
        let (tenant, revoke) = convert::revoked(&request)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("RevokeConsent", &request.request_id, &request);
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
            move |state, moment| Ok((revoke::decide(state, &revoke, moment)?, ())),
            |state, decision, (), revision| {
                let (consent, mailboxes_closed) = (Some(convert::consent(state)), decision.closed as i64);
                pb::RevokeConsentResponse { consent, mailboxes_closed, enforced_time: None, revision }
            },
        );
        let decided = decided.await?;
        let enforced = self.0.enforced(&decided).await?;
        let enforced_time = (!request.validate_only).then(|| crate::convert::time(enforced));
        Ok(pb::RevokeConsentResponse { enforced_time, ..decided.answer })
    }

    fn get(&self, caller: &Caller, request: &pb::GetConsentRequest) -> Result<pb::GetConsentResponse, Fault> {
        let mut fields = Fields::default();
        let tenant = fields.tenant("tenant_id", &request.tenant_id);
        let tenant = fields.done(tenant)?;
        caller.require_tenant(&tenant)?;
        let (held, revision) = self.0.read(&tenant, &request.revision)?;
        Ok(pb::GetConsentResponse { consent: Some(convert::consent(&held.state)), revision })
    }

    fn check(&self, caller: &Caller, request: &pb::CheckConsentRequest) -> Result<pb::CheckConsentResponse, Fault> {
        let check = convert::checked(request)?;
        caller.require_tenant(&check.tenant)?;
        let (ledger_size, held, revision) = self.0.read_ledger(&check.tenant, &request.revision, |ledger| ledger.size() as i64)?;
        let state = &held.state;
        let user = user_at(state, &check.user)?;
        let (consent, applications) = expire::present(state, self.0.clock.now());
        let asking = applications.iter().filter(|held| check.application.as_ref().is_none_or(|id| *id == held.id)).collect::<Vec<_>>();
        if check.application.is_some() && asking.is_empty() {
            return Err(Fault::not_found(Reason::ApplicationNotFound, "no such application"));
        }
        let gates = state.gates_under(asking, &consent);
        let shareable = may_know(caller, state, user);
        let closed = check.purposes.iter().filter_map(|purpose| gates.first_closed(user, *purpose, check.source)).min();
        let closed_gate = match closed {
            None => pb::Gate::Unspecified,
            Some(gate) if gate.is_private() && !shareable => pb::Gate::NotShareable,
            Some(gate) => convert::gate(gate),
        };
        self.0.access.count(caller, &check.tenant, "rapport.consent.v1.ConsentService/CheckConsent", [Subject::User(user.id)]);
        let told = check.purposes.iter().flat_map(|purpose| convert::user_gates(&gates, user, *purpose, check.source, shareable));
        Ok(pb::CheckConsentResponse {
            allowed: closed.is_none(),
            closed_gate: closed_gate.into(),
            position: state.position as i64,
            revision,
            gates: told.collect(),
            ledger_size,
        })
    }

    async fn opt_out(&self, caller: Caller, request: pb::OptOutUserRequest) -> Result<pb::OptOutUserResponse, Fault> {
        let Choice { tenant, user, purposes } = convert::choice(&request.tenant_id, &request.user, &request.purposes, &request.request_id)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("OptOutUser", &request.request_id, &request);
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
            move |state, moment| {
                let user = user_at(state, &user)?;
                may_choose(&caller, state, user)?;
                Ok((opt_out::decide(state, user, purposes, moment), ()))
            },
            |_, decision, (), revision| pb::OptOutUserResponse { mailbox_closed: decision.closed > 0, enforced_time: None, revision },
        );
        let decided = decided.await?;
        let enforced = self.0.enforced(&decided).await?;
        let enforced_time = (!request.validate_only).then(|| crate::convert::time(enforced));
        Ok(pb::OptOutUserResponse { enforced_time, ..decided.answer })
    }

    async fn opt_in(&self, caller: Caller, request: pb::OptInUserRequest) -> Result<pb::OptInUserResponse, Fault> {
        let Choice { tenant, user, purposes } = convert::choice(&request.tenant_id, &request.user, &request.purposes, &request.request_id)?;
        caller.require_tenant(&tenant)?;
        let repeat = Repeatable::of("OptInUser", &request.request_id, &request);
        let command =
            Command { tenant, actor: Actor::Caller(caller.clone()), repeat, validate_only: false, narrows: false, named: Vec::new() };
        let decided = self.0.decide(
            command,
            move |state, moment| {
                let user = user_at(state, &user)?;
                may_choose(&caller, state, user)?;
                Ok((opt_in::decide(state, user, purposes, moment), user.id))
            },
            |state, _, user, revision| {
                let mailbox_open = state.directory.get(user).is_some_and(|user| user.mailbox.is_readable_at_all());
                pb::OptInUserResponse { mailbox_open, revision }
            },
        );
        Ok(decided.await?.answer)
    }
}

/// Everybody decides for themselves; administrators decide for everybody.
fn may_choose(caller: &Caller, state: &State, user: &User) -> Result<(), Fault> {
    caller.require_own(is(caller, state, user))
}

/// Somebody's private choice is told to administrators, to the suite and to the person (domain.md, section 5).
fn may_know(caller: &Caller, state: &State, user: &User) -> bool {
    is(caller, state, user) || PRIVY.iter().any(|role| caller.has(*role))
}

pub(super) fn is(caller: &Caller, state: &State, user: &User) -> bool {
    let address = caller.user.as_deref().and_then(|text| Address::parse(text).ok());
    address.and_then(|address| state.directory.at_address(&address)).is_some_and(|own| own.id == user.id)
}
