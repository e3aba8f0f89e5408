//! Applications and their switches.

use consent_domain::application::ROLES_PER_APPLICATION;
use consent_domain::{Application, PerPurpose, Purpose};
use contracts::consent::v1 as pb;
use vocabulary::{Etag, Fault, TenantId};

use super::fields::Fields;

/// An application to be registered.
pub(crate) fn registered(request: &pb::RegisterApplicationRequest) -> Result<(TenantId, Application), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let application = switches(&mut fields, request.application.as_ref());
    fields.done(tenant.zip(application))
}

/// An application as it is to be, and the position of the one its caller saw.
pub(crate) fn updated(request: &pb::UpdateApplicationRequest) -> Result<(TenantId, Application, Option<u64>), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let application = switches(&mut fields, request.application.as_ref());
    let expected = fields.etag(&request.etag);
    fields.done(tenant.zip(application).map(|(tenant, application)| (tenant, application, expected)))
}

fn switches(fields: &mut Fields, application: Option<&pb::Application>) -> Option<Application> {
    let Some(application) = application else {
        fields.wrong("application", "is missing");
        return None;
    };
    // An application's id has the form of a tenant's.
    if TenantId::parse(&application.application_id).is_err() {
        fields.wrong("application.application_id", "must be 1 to 63 of a-z, 0-9 and '-', starting with a letter or digit");
    }
    let display_name = fields.words("application.display_name", &application.display_name, 128)?;
    let feature = PerPurpose { analytics: application.relationship_analytics, graph: application.connection_graph };
    if application.roles.len() > ROLES_PER_APPLICATION {
        fields.wrong("application.roles", format!("has more than {ROLES_PER_APPLICATION} roles"));
    }
    let roles = application.roles.iter().enumerate();
    let mut roles: Vec<Box<str>> =
        roles.filter_map(|(at, role)| fields.words(format!("application.roles[{at}]"), role, 64)).filter(|role| !role.is_empty()).collect();
    roles.sort_unstable();
    roles.dedup();
    let (id, mailbox_source) = (application.application_id.as_str().into(), application.mailbox_source);
    let (feature_since, lapsed) = Default::default();
    Some(Application { id, display_name, feature, feature_since, lapsed, mailbox_source, roles, position: 0 })
}

/// An application as clients see it.
pub(crate) fn application(application: &Application) -> pb::Application {
    pb::Application {
        application_id: application.id.to_string(),
        display_name: application.display_name.to_string(),
        relationship_analytics: application.feature.analytics,
        connection_graph: application.feature.graph,
        mailbox_source: application.mailbox_source,
        etag: Etag(application.position).to_string(),
        roles: application.roles.iter().map(ToString::to_string).collect(),
        lapsed: Purpose::ALL
            .into_iter()
            .filter(|purpose| *application.lapsed.of(*purpose))
            .map(|purpose| super::purpose_word(purpose).into())
            .collect(),
    }
}
