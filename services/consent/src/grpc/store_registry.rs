//! StoreRegistryService: internal.

use std::sync::Arc;

use contracts::consent::v1 as pb;
use pb::store_registry_service_server::StoreRegistryService;
use runtime::answer;
use tonic::{Request, Response, Status};
use vocabulary::{Fault, PersonId, TenantId};

use crate::convert::fields::Fields;
use crate::erasures::reports::Said;
use crate::writer::Core;

/// Adapts StoreRegistryService.
pub(crate) struct Registry(pub Arc<Core>);

#[tonic::async_trait]
impl StoreRegistryService for Registry {
    async fn register_store(&self, request: Request<pb::RegisterStoreRequest>) -> Result<Response<pb::RegisterStoreResponse>, Status> {
        let request = request.into_inner();
        let registered = match request.kind() {
            pb::StoreKind::Unspecified => Err(Fault::invalid_field("kind", "must name what the store holds")),
            kind => self.0.register_store(request.store_id, kind, request.replaced_store_ids).await,
        };
        answer(registered.map(|()| pb::RegisterStoreResponse {}))
    }

    async fn name_erased(&self, request: Request<pb::NameErasedRequest>) -> Result<Response<pb::NameErasedResponse>, Status> {
        let request = request.into_inner();
        let people = request.person_ids.into_iter().map(PersonId).collect();
        let named = match tenant(&request.tenant_id) {
            Ok(tenant) => self.0.name_erased(tenant, people, request.number).await,
            Err(fault) => Err(fault),
        };
        answer(named.map(|()| pb::NameErasedResponse {}))
    }

    async fn report_erasure(&self, request: Request<pb::ReportErasureRequest>) -> Result<Response<pb::ReportErasureResponse>, Status> {
        let pb::ReportErasureRequest { store_id, tenant_id, number, rows, names_generation } = request.into_inner();
        let reported = match tenant(&tenant_id) {
            Ok(tenant) => self.0.report_erasure(store_id, &tenant, Said { number, rows, names_generation }).await,
            Err(fault) => Err(fault),
        };
        answer(reported.map(|()| pb::ReportErasureResponse {}))
    }
}

fn tenant(text: &str) -> Result<TenantId, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", text);
    fields.done(tenant)
}
