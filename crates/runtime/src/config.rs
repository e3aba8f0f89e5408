//! Every setting of a process, with its default. Where settings come from is in `load`, which of them are refused in `check`.

mod check;
mod load;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use load::ConfigError;

const MIB: usize = 1024 * 1024;

/// The settings of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the stores lie; each area has a folder of its own in it.
    pub data_dir: PathBuf,
    /// Where the Unix sockets of the internal listeners lie; `data_dir/run` when absent.
    pub run_dir: Option<PathBuf>,
    /// For how long a service may act on what it knows of consent, in milliseconds.
    pub lease_ms: u64,
    /// For how long services may act on what they know while consent restarts, in milliseconds; 0: no longer than ever.
    pub farewell_ms: u64,
    /// For how long a draining process reports NOT_SERVING before it stops accepting, in milliseconds.
    pub drain_notice_ms: u64,
    /// For how long a draining process waits for the calls in flight, in seconds.
    pub drain_seconds: u64,
    /// Whether listeners describe their services to tools such as grpcurl.
    pub reflection: bool,
    /// The regions whose tenants' mailboxes may be read here (gate G7 of consent); none: every region. A tenant that names no region has
    /// the region `""`.
    pub allowed_regions: Vec<String>,
    /// A directory with texts that administrators are shown before they consent, each `VERSION.txt`; beside the suite's own.
    pub consent_texts: Option<PathBuf>,
    /// The public listeners.
    pub listen: Listen,
    /// How callers say who they are.
    pub authentication: Authentication,
    /// What a listener and a call may use.
    pub limits: Limits,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// Where the keys' keys come from.
    pub keyring: Keyring,
    /// The stores.
    pub store: Store,
    /// What is counted of reads of personal data.
    pub access: Access,
}

/// How callers say who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Authentication {
    /// They are believed: loopback only.
    #[default]
    None,
    /// By static tokens, for development: loopback only.
    Tokens {
        /// One JSON object a line: token, tenant, user, roles.
        file: PathBuf,
    },
    /// By JSON Web Tokens.
    Jwt(JwtSettings),
}

/// Which JSON Web Tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSettings {
    /// The only issuer (`iss`).
    pub issuer: String,
    /// The audience every token must name (`aud`).
    pub audience: String,
    /// The file with the issuer's public keys, a JSON Web Key Set; read again when it changes.
    pub jwks_file: PathBuf,
    /// The algorithms that are taken; none with a shared secret.
    #[serde(default = "JwtSettings::usual_algorithms")]
    pub algorithms: Vec<String>,
    /// How far clocks may differ, in seconds.
    #[serde(default = "JwtSettings::usual_leeway")]
    pub leeway_seconds: u32,
    /// The claim that names the tenant.
    #[serde(default = "JwtSettings::usual_tenant")]
    pub tenant_claim: String,
    /// The claim that names the person, by address.
    #[serde(default = "JwtSettings::usual_user")]
    pub user_claim: String,
    /// The claim with the roles: a list, or text with spaces between.
    #[serde(default = "JwtSettings::usual_roles")]
    pub roles_claim: String,
}

impl JwtSettings {
    fn usual_algorithms() -> Vec<String> {
        ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec()
    }

    fn usual_leeway() -> u32 {
        30
    }

    fn usual_tenant() -> String {
        "tenant".to_owned()
    }

    fn usual_user() -> String {
        "email".to_owned()
    }

    fn usual_roles() -> String {
        "roles".to_owned()
    }
}

/// The address of each area's public listener; port 0 lets the system choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// The one address clients need.
    pub gateway: SocketAddr,
    /// The consent service.
    pub consent: SocketAddr,
    /// The ingestion service.
    pub ingestion: SocketAddr,
    /// The analytics service.
    pub analytics: SocketAddr,
    /// The graph service.
    pub graph: SocketAddr,
}

/// What a listener and a call may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest message a public service takes, in bytes.
    pub receive_bytes: usize,
    /// The largest message a public service sends, in bytes.
    pub send_bytes: usize,
    /// The largest message of an internal service, either way, in bytes.
    pub internal_bytes: usize,
    /// Calls in flight on one connection.
    pub concurrent_streams: u32,
    /// The largest header list, in bytes.
    pub header_list_bytes: u32,
    /// Connections open at one listener.
    pub connections: usize,
}

/// Logs and traces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// The OTLP collector, as in `http://127.0.0.1:4317`; nothing is exported when absent.
    pub otlp_endpoint: Option<String>,
    /// What is logged, as a filter of `tracing-subscriber`: `info,store=debug`.
    pub log: String,
    /// How a line of the log is written.
    pub log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the keys' keys come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keyring {
    /// Where the epoch record lies, apart from every data directory and backup; beside the keyring when absent.
    pub epoch_path: Option<PathBuf>,
    /// The file with the root key that wraps the epoch record; `root.key` beside the keyring when nothing names another source.
    pub root_key_file: Option<PathBuf>,
    /// The variable of the environment that holds the root key. Its value is no setting: settings are printed.
    pub root_key_env: Option<String>,
    /// The program that prints the root key, with its arguments.
    pub root_key_command: Vec<String>,
    /// A folder on another disk that receives every key and every decision before it is answered.
    pub mirror: Option<PathBuf>,
}

impl Keyring {
    /// How many sources of the root key are named; one at most is taken.
    pub(crate) fn root_keys(&self) -> usize {
        let command = !self.root_key_command.is_empty();
        [self.root_key_file.is_some(), self.root_key_env.is_some(), command].into_iter().filter(|named| *named).count()
    }
}

/// The stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The cache of all stores of the process together, in bytes.
    pub cache_bytes: u64,
}

/// What is counted of reads of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// How often a service reports what it counted to consent, in milliseconds: a killed one loses what it counted since.
    pub report_ms: u64,
    /// For how many days consent keeps the counts.
    pub kept_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("rapport-data"),
            run_dir: None,
            lease_ms: 2_000,
            farewell_ms: 60_000,
            drain_notice_ms: 0,
            drain_seconds: 10,
            reflection: true,
            allowed_regions: Vec::new(),
            consent_texts: None,
            listen: Listen::default(),
            authentication: Authentication::None,
            limits: Limits::default(),
            telemetry: Telemetry::default(),
            keyring: Keyring::default(),
            store: Store::default(),
            access: Access::default(),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { gateway: at(7600), consent: at(7601), ingestion: at(7602), analytics: at(7603), graph: at(7604) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            receive_bytes: 4 * MIB,
            send_bytes: 16 * MIB,
            internal_bytes: 64 * MIB,
            concurrent_streams: 200,
            header_list_bytes: 16 * 1024,
            connections: 10_000,
        }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: None, log: "info".into(), log_format: LogFormat::Text }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { cache_bytes: 256 * MIB as u64 }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self { report_ms: 2_000, kept_days: 90 }
    }
}

impl Listen {
    /// Every area with its address.
    pub fn all(&self) -> [(&'static str, SocketAddr); 5] {
        [
            ("gateway", self.gateway),
            ("consent", self.consent),
            ("ingestion", self.ingestion),
            ("analytics", self.analytics),
            ("graph", self.graph),
        ]
    }

    /// The address of an area; nothing for a name that is no area.
    pub fn of(&self, area: &str) -> Option<SocketAddr> {
        self.all().into_iter().find_map(|(name, address)| (name == area).then_some(address))
    }

    /// Port 0 of loopback for every area: for tests and for several suites on one machine.
    pub fn any_port() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { gateway: any, consent: any, ingestion: any, analytics: any, graph: any }
    }
}

impl Config {
    /// The folder of an area's stores.
    pub fn area_dir(&self, area: &str) -> PathBuf {
        self.data_dir.join(area)
    }

    /// The folder of the Unix sockets.
    pub fn run_dir(&self) -> PathBuf {
        self.run_dir.clone().unwrap_or_else(|| self.data_dir.join("run"))
    }

    /// The Unix socket of an area's internal listener.
    pub fn socket(&self, area: &str) -> PathBuf {
        self.run_dir().join(format!("{area}.sock"))
    }

    /// For how long a service may act on what it knows of consent.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }
}
