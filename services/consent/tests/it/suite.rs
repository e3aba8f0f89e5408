//! A consent service in a temporary directory, with one tenant that has everything switched on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use consent::Service;
use contracts::consent::v1 as pb;
use pb::application_service_client::ApplicationServiceClient;
use pb::consent_service_client::ConsentServiceClient;
use pb::directory_service_client::DirectoryServiceClient;
use pb::tenant_service_client::TenantServiceClient;
use runtime::{Config, Context, Link, fault_of};
use tempfile::TempDir;
use tonic::{Response, Status};
use vocabulary::{Clock, Fault, SystemClock};

pub const TENANT: &str = "contoso";

pub struct Suite {
    pub context: Context,
    pub link: Link,
    dir: TempDir,
    service: Service,
}

impl Suite {
    /// Empty, with leases of that length.
    pub async fn bare(lease: Duration) -> Self {
        Self::at(tempfile::tempdir().unwrap(), lease).await.unwrap()
    }

    /// With the tenant, its application and five users: two persons, a shared mailbox, a room and a guest.
    pub async fn start(lease: Duration) -> Self {
        let suite = Self::bare(lease).await;
        suite.fill().await;
        suite
    }

    /// Makes the tenant, its application and its users.
    pub async fn fill(&self) {
        let suite = self;
        suite.tenants().create_tenant(create_tenant()).await.unwrap();
        suite.applications().register_application(register(true, true, true)).await.unwrap();
        suite.sync(pb::SyncMode::Full, users()).await.unwrap();
    }

    async fn at(dir: TempDir, lease: Duration) -> Result<Self, (TempDir, Fault)> {
        Self::at_with(dir, lease, Arc::new(SystemClock), &[]).await
    }

    /// With a clock of the test's, and regions that the operator allows.
    pub async fn at_with(dir: TempDir, lease: Duration, clock: Arc<dyn Clock>, regions: &[&str]) -> Result<Self, (TempDir, Fault)> {
        let allowed_regions = regions.iter().map(|region| (*region).to_owned()).collect();
        let lease_ms = lease.as_millis() as u64;
        let config = Config { data_dir: dir.path().to_owned(), lease_ms, allowed_regions, ..Config::default() };
        Self::configured(dir, clock, config).await
    }

    /// With these settings, and its files somewhere in that directory.
    pub async fn configured(dir: TempDir, clock: Arc<dyn Clock>, config: Config) -> Result<Self, (TempDir, Fault)> {
        Self::observed(dir, clock, config, Arc::new(|_| {})).await
    }

    /// The same, with somebody who looks on.
    pub async fn observed(
        dir: TempDir,
        clock: Arc<dyn Clock>,
        config: Config,
        observer: consent::Observer,
    ) -> Result<Self, (TempDir, Fault)> {
        let context = Context::new(Arc::new(config), clock);
        match consent::open_observed(&context, observer).await {
            Ok(service) => Ok(Self { link: service.area().link(&context.authenticator), context, dir, service }),
            Err(fault) => Err((dir, fault)),
        }
    }

    /// Ends the service; the files stay.
    pub async fn stop(self) -> TempDir {
        self.service.close().await;
        self.dir
    }

    /// Ends the service and starts it on the same files, with leases of another length.
    pub async fn restart(self, lease: Duration) -> Self {
        Self::at(self.stop().await, lease).await.unwrap()
    }

    /// Why a service does not start on these files.
    pub async fn refused(dir: TempDir) -> Fault {
        Self::at(dir, Duration::from_millis(200)).await.err().unwrap().1
    }

    /// Why it is closed, if it is.
    pub fn closed(&self) -> Option<&Fault> {
        self.service.closed()
    }

    /// Starts a service on these files.
    pub async fn on(dir: TempDir, lease: Duration) -> Self {
        Self::at(dir, lease).await.unwrap()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn boot_time(&self) -> Duration {
        self.context.clock.boot_time()
    }

    pub fn tenants(&self) -> TenantServiceClient<Link> {
        TenantServiceClient::new(self.link.clone())
    }

    pub fn applications(&self) -> ApplicationServiceClient<Link> {
        ApplicationServiceClient::new(self.link.clone())
    }

    pub fn consents(&self) -> ConsentServiceClient<Link> {
        ConsentServiceClient::new(self.link.clone())
    }

    pub fn directory(&self) -> DirectoryServiceClient<Link> {
        DirectoryServiceClient::new(self.link.clone())
    }

    pub async fn sync(&self, mode: pb::SyncMode, users: Vec<pb::User>) -> Result<pb::SyncUsersResponse, Fault> {
        let message = pb::SyncUsersRequest { tenant_id: TENANT.into(), mode: mode.into(), users, ..Default::default() };
        told(self.directory().sync_users(tokio_stream::once(message)).await)
    }

    pub async fn sync_groups(&self, mode: pb::SyncMode, groups: Vec<pb::Group>) -> Result<pb::SyncGroupsResponse, Fault> {
        let message = pb::SyncGroupsRequest { tenant_id: TENANT.into(), mode: mode.into(), groups, ..Default::default() };
        told(self.directory().sync_groups(tokio_stream::once(message)).await)
    }

    /// Whole turns of the writer: what was asked before has by then been decided, and waits only for holders.
    pub async fn turns(&self) {
        for _ in 0..3 {
            let request = pb::GrantConsentRequest { validate_only: true, ..grant() };
            self.consents().grant_consent(request).await.unwrap();
        }
    }

    /// Until nothing is decided any more.
    pub async fn turns_until_refused(&self) {
        let request = || pb::GrantConsentRequest { validate_only: true, ..grant() };
        while self.consents().grant_consent(request()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    pub async fn grant(&self) -> pb::GrantConsentResponse {
        self.consents().grant_consent(grant()).await.unwrap().into_inner()
    }

    pub async fn consent(&self) -> pb::Consent {
        let request = pb::GetConsentRequest { tenant_id: TENANT.into(), ..Default::default() };
        self.consents().get_consent(request).await.unwrap().into_inner().consent.unwrap()
    }
}

/// The answer, or the fault behind the status.
pub fn told<T>(answer: Result<Response<T>, Status>) -> Result<T, Fault> {
    answer.map(Response::into_inner).map_err(|status| fault_of(&status))
}

pub fn create_tenant() -> pb::CreateTenantRequest {
    let tenant = pb::Tenant {
        display_name: "Contoso Limited".into(),
        domains: vec!["Contoso.example".into()],
        known_lists: vec!["everybody@contoso.example".into()],
        ..Default::default()
    };
    pb::CreateTenantRequest { tenant_id: TENANT.into(), tenant: Some(tenant), request_id: "create-1".into() }
}

pub fn application(analytics: bool, graph: bool, mailbox_source: bool) -> pb::Application {
    pb::Application {
        application_id: "crm".into(),
        display_name: "The CRM".into(),
        relationship_analytics: analytics,
        connection_graph: graph,
        mailbox_source,
        ..Default::default()
    }
}

pub fn register(analytics: bool, graph: bool, mailbox_source: bool) -> pb::RegisterApplicationRequest {
    let application = Some(application(analytics, graph, mailbox_source));
    pb::RegisterApplicationRequest { tenant_id: TENANT.into(), application, ..Default::default() }
}

pub fn user(id: &str, kind: pb::UserKind) -> pb::User {
    pb::User {
        external_id: format!("directory-{id}"),
        addresses: vec![format!("{id}@contoso.example"), format!("{id}.alias@contoso.example")],
        display_name: format!("{id} Surname-{id}"),
        kind: kind.into(),
        roles: vec!["Seller".into()],
        department: "Sales".into(),
        ..Default::default()
    }
}

pub fn users() -> Vec<pb::User> {
    vec![
        user("ada", pb::UserKind::Person),
        user("bob", pb::UserKind::Person),
        user("support", pb::UserKind::Shared),
        user("boardroom", pb::UserKind::Room),
        user("guest", pb::UserKind::Guest),
    ]
}

pub fn grant() -> pb::GrantConsentRequest {
    pb::GrantConsentRequest {
        tenant_id: TENANT.into(),
        consent_type: pb::ConsentType::IdentifiableInsights.into(),
        legal_basis: "legitimate interest".into(),
        text_version: "1".into(),
        ..Default::default()
    }
}

pub fn revoke() -> pb::RevokeConsentRequest {
    pb::RevokeConsentRequest { tenant_id: TENANT.into(), ..Default::default() }
}

pub fn opt_out(user: &str) -> pb::OptOutUserRequest {
    pb::OptOutUserRequest { tenant_id: TENANT.into(), user: format!("{user}@contoso.example"), ..Default::default() }
}
