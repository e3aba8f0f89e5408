//! The suite that is measured: all areas in this process, real stores, reached through the gateway's socket as any client reaches it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use contracts::consent::v1 as consent;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use rapport::client::{Client, told};
use rapport::suite::Suite;
use runtime::config::Listen;
use runtime::{Config, Link, TelemetryGuard, telemetry};
use synthetic::DEMO_NOW;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vocabulary::Fault;
use vocabulary::clock::FrozenClock;

/// The spans of calls as the product makes them, because they cost; of the lines only those that tell of a defect.
const LOG: &str = "error,runtime::trace=info";

/// What every measurement stands on: telemetry, and a place for stores.
pub struct Bench {
    at: Option<PathBuf>,
    _telemetry: TelemetryGuard,
}

impl Bench {
    /// Starts telemetry as `rapport serve` does: what it costs is part of what is measured.
    ///
    /// # Errors
    /// When it was started before.
    pub fn start(at: Option<PathBuf>) -> Result<Self, Fault> {
        let mut config = Config::default();
        config.telemetry.log = LOG.to_owned();
        let telemetry = telemetry::start(&config, "bench").map_err(|error| Fault::internal(error.to_string()))?;
        Ok(Self { at, _telemetry: telemetry })
    }

    /// A fresh suite that lives at the frozen instant of the generated companies.
    ///
    /// # Errors
    /// When there is no place for it, or it cannot be opened.
    pub async fn suite(&self) -> Result<Running, Fault> {
        let directory = match &self.at {
            Some(at) => tempfile::tempdir_in(at),
            None => tempfile::tempdir(),
        };
        let directory = directory.map_err(|error| Fault::internal(format!("no directory for the stores: {error}")))?;
        let config = Config { data_dir: directory.path().join("data"), listen: Listen::any_port(), ..Config::default() };
        let suite = Suite::open(&[], Arc::new(config), Arc::new(FrozenClock(DEMO_NOW))).await?;
        let gateway = suite.addresses().into_iter().find(|(area, _)| *area == "gateway").map(|(_, address)| address);
        let gateway = gateway.ok_or_else(|| Fault::internal("the gateway has no address"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(suite.serve(async move {
            let _dropped = stopped.await;
        }));
        Ok(Running { directory, uri: format!("http://{gateway}"), stop, serving })
    }
}

/// A running suite.
pub struct Running {
    directory: TempDir,
    /// The gateway's address.
    pub uri: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), Fault>>,
}

impl Running {
    /// A client of a tenant, over a connection of its own.
    ///
    /// # Errors
    /// Never, but for an address that is none.
    pub fn client(&self, tenant: &str) -> Result<Client, Fault> {
        Ok(Client { link: Link::tcp(&self.uri)?, tenant: tenant.to_owned() })
    }

    /// Where its stores lie, and whatever a measurement puts beside them.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Consent's private socket, as the suite's own services reach it.
    pub fn consent(&self) -> Link {
        Link::unix(self.directory.path().join("data/run/consent.sock"))
    }

    /// Ends it as an operator would, looks at its stores, and removes them.
    ///
    /// # Errors
    /// When it did not end well, and what `look` says.
    pub async fn end<T>(self, look: impl FnOnce(&Path) -> Result<T, Fault>) -> Result<T, Fault> {
        drop(self.stop);
        self.serving.await.map_err(|error| Fault::internal(error.to_string()))??;
        look(&self.directory.path().join("data"))
    }
}

/// Opens every mailbox of a tenant; answers the revision that the first sender demands.
///
/// # Errors
/// What the suite answers.
pub async fn grant(client: &Client) -> Result<String, Fault> {
    let request = consent::GrantConsentRequest {
        tenant_id: client.tenant.clone(),
        consent_type: consent::ConsentType::IdentifiableInsights.into(),
        legal_basis: "a measurement".to_owned(),
        text_version: "1".to_owned(),
        ..Default::default()
    };
    Ok(told(ConsentServiceClient::new(client.link.clone()).grant_consent(request).await)?.revision)
}
