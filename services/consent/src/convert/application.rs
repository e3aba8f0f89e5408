//! Applications and their switches.

use consent_domain::{Application, PerPurpose};
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
    let (id, mailbox_source) = (application.application_id.as_str().into(), application.mailbox_source);
    Some(Application { id, display_name, feature, mailbox_source, position: 0 })
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
    }
}
