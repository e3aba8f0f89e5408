//! `rapport tenant`: makes, changes and shows tenants.

use std::io::Write;

use contracts::consent::v1 as pb;
use contracts::consent::v1::application_service_client::ApplicationServiceClient;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use vocabulary::Fault;

use crate::cli::{Departed, InOrOut, Tenant, TenantCreate, TenantSettings, TenantUpdate, Visibility};
use crate::client::{link, told};
use crate::output::{counted, said};

/// The application that `create` registers.
const APPLICATION: &str = "default";

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Tenant, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Tenant::Create(create) => make(create, out).await,
        Tenant::Update(update) => change(update, out).await,
        Tenant::List(server) => {
            let mut tenants = TenantServiceClient::new(link(&server.server, server.token.as_deref())?);
            let mut page_token = String::new();
            loop {
                let page = told(tenants.list_tenants(pb::ListTenantsRequest { page_token, ..Default::default() }).await)?;
                for tenant in page.tenants {
                    said(writeln!(out, "{}  {}  {}", tenant.tenant_id, tenant.display_name, tenant.domains.join(" ")))?;
                }
                if page.next_page_token.is_empty() {
                    return Ok(());
                }
                page_token = page.next_page_token;
            }
        }
    }
}

async fn make(create: TenantCreate, out: &mut impl Write) -> Result<(), Fault> {
    let link = link(&create.server.server, create.server.token.as_deref())?;
    let tenant = settings(&create.settings);
    let request = pb::CreateTenantRequest { tenant_id: create.id.clone(), tenant: Some(tenant), request_id: String::new() };
    let made = told(TenantServiceClient::new(link.clone()).create_tenant(request).await)?.tenant.unwrap_or_default();
    said(writeln!(out, "tenant {} made, data window {} days", made.tenant_id, made.data_window_days))?;
    if create.no_application {
        return Ok(());
    }
    let application = pb::Application {
        application_id: APPLICATION.to_owned(),
        display_name: "Rapport".to_owned(),
        relationship_analytics: true,
        connection_graph: true,
        mailbox_source: true,
        ..Default::default()
    };
    let request = pb::RegisterApplicationRequest { tenant_id: create.id, application: Some(application), request_id: String::new() };
    told(ApplicationServiceClient::new(link).register_application(request).await)?;
    said(writeln!(out, "application {APPLICATION} registered: features and mailbox source on; mailboxes open with `rapport consent grant`"))
}

async fn change(update: TenantUpdate, out: &mut impl Write) -> Result<(), Fault> {
    if settings(&update.settings) == pb::Tenant::default() {
        return Err(Fault::invalid_field("tenant update", "names nothing to change: see --help"));
    }
    let tenant = Some(settings(&update.settings));
    let TenantUpdate { id: tenant_id, validate_only, expect_destroyed: expected_destroyed, .. } = update;
    let request = pb::UpdateTenantRequest { tenant_id, tenant, validate_only, expected_destroyed, ..Default::default() };
    let mut tenants = TenantServiceClient::new(link(&update.server.server, update.server.token.as_deref())?);
    let changed = told(tenants.update_tenant(request).await)?;
    let closed = counted(changed.mailboxes_closed, "mailbox");
    let id = changed.tenant.unwrap_or_default().tenant_id;
    match (validate_only, changed.mailboxes_closed) {
        (true, _) => said(writeln!(out, "the change would destroy the keys of {closed}")),
        (false, 0) => said(writeln!(out, "tenant {id} changed")),
        (false, _) => said(writeln!(out, "tenant {id} changed: the keys of {closed} are destroyed")),
    }
}

fn settings(given: &TenantSettings) -> pb::Tenant {
    let unrecorded_people = match given.unrecorded_people {
        None => pb::UnrecordedPeople::Unspecified,
        Some(Visibility::Hidden) => pb::UnrecordedPeople::Hidden,
        Some(Visibility::Visible) => pb::UnrecordedPeople::Visible,
    };
    let user_default = match given.user_default {
        None => pb::UserDefault::Unspecified,
        Some(InOrOut::In) => pb::UserDefault::In,
        Some(InOrOut::Out) => pb::UserDefault::Out,
    };
    let departed_policy = match given.departed {
        None => pb::DepartedPolicy::Unspecified,
        Some(Departed::Keep) => pb::DepartedPolicy::Keep,
        Some(Departed::Erase) => pb::DepartedPolicy::Erase,
    };
    pb::Tenant {
        display_name: given.name.clone().unwrap_or_default(),
        domains: given.domains.clone(),
        data_window_days: given.data_window_days.unwrap_or_default(),
        unrecorded_people: unrecorded_people.into(),
        region: given.region.clone().unwrap_or_default(),
        user_default: user_default.into(),
        departed_policy: departed_policy.into(),
        ..Default::default()
    }
}
