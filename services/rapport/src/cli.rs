//! The command line: what can be said, and nothing of what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Relationship intelligence that reads nothing without consent.
#[derive(Debug, Parser)]
#[command(name = "rapport", version, about, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the suite, or some areas of it.
    Serve(Serve),
    /// Makes and shows tenants.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Takes in and shows the directory.
    #[command(subcommand)]
    Directory(Directory),
    /// Takes in, shows and deletes CRM records.
    #[command(subcommand)]
    Records(Records),
    /// Turns the switches of applications.
    #[command(subcommand)]
    Application(Application),
    /// Grants, withdraws and explains consent.
    #[command(subcommand)]
    Consent(Consent),
    /// Reads interactions from files.
    #[command(subcommand)]
    Import(Import),
    /// Shows a relationship, or who knows whom.
    #[command(subcommand)]
    Show(Show),
    /// Shows, on a generated company, what the suite does.
    Demo(Demo),
}

/// Runs the suite.
#[derive(Debug, Args)]
pub struct Serve {
    /// The areas to run: consent, ingestion, analytics, graph, gateway. None: all of them, in one process.
    #[arg(value_parser = ["consent", "ingestion", "analytics", "graph", "gateway"])]
    pub areas: Vec<String>,
    /// Where settings come from.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Prints the configuration and where it would run, and stops.
    #[arg(long)]
    pub print_config: bool,
}

/// Where settings come from, besides the environment (`RAPPORT_…`).
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// A TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, as in `listen.gateway=127.0.0.1:7700`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub settings: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a setting is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Which suite is asked, and for which tenant.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:7600", value_name = "URL")]
    pub server: String,
    /// The tenant; may be left out while there is only one.
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
}

/// Makes and shows tenants.
#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// Makes a tenant, with an application `default` whose features and mailbox source are on: consent is the gate that remains.
    Create(TenantCreate),
    /// Changes settings of a tenant.
    Update(TenantUpdate),
    /// Shows the tenants.
    List(Server),
}

/// Which suite is asked.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:7600", value_name = "URL")]
    pub server: String,
}

/// Settings of a tenant.
#[derive(Debug, Args)]
pub struct TenantSettings {
    /// For people.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A verified domain: whoever has an address there is inside; may be repeated.
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// How far back interactions count, in days.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=3650))]
    pub data_window_days: Option<i32>,
    /// Whether people who are on no CRM record may be asked about.
    #[arg(long, value_enum)]
    pub unrecorded_people: Option<Visibility>,
    /// Where the tenant's data belongs; the operator's `allowed_regions` are compared with it.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// What holds for a user who has chosen nothing.
    #[arg(long, value_enum)]
    pub user_default: Option<InOrOut>,
    /// What becomes of the mailboxes of those who leave.
    #[arg(long, value_enum)]
    pub departed: Option<Departed>,
}

/// What holds for a user who has chosen nothing.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum InOrOut {
    /// In, unless they opt out.
    In,
    /// Out, unless they opt in.
    Out,
}

/// What becomes of the mailboxes of those who leave.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Departed {
    /// What was collected goes on counting.
    Keep,
    /// Their keys are destroyed.
    Erase,
}

/// Whether people who are on no CRM record may be asked about.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Visibility {
    /// Only people on a record.
    Hidden,
    /// Anybody.
    Visible,
}

/// Makes a tenant.
#[derive(Debug, Args)]
pub struct TenantCreate {
    /// Its id: 1 to 63 of a-z, 0-9 and '-'.
    pub id: String,
    /// The settings.
    #[command(flatten)]
    pub settings: TenantSettings,
    /// Registers no application: every feature stays off until one is registered.
    #[arg(long)]
    pub no_application: bool,
    /// Which suite.
    #[command(flatten)]
    pub server: Server,
}

/// Changes settings of a tenant.
#[derive(Debug, Args)]
pub struct TenantUpdate {
    /// Its id.
    pub id: String,
    /// The settings.
    #[command(flatten)]
    pub settings: TenantSettings,
    /// Only says how many mailboxes' keys it would destroy.
    #[arg(long)]
    pub validate_only: bool,
    /// How many mailboxes' keys it may destroy: needed where that is more than a slip may.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub expect_destroyed: i64,
    /// Which suite.
    #[command(flatten)]
    pub server: Server,
}

/// Takes in and shows the directory.
#[derive(Debug, Subcommand)]
pub enum Directory {
    /// Takes in users: JSON lines, or CSV or TSV with the columns external_id, addresses (separated by ';'), display_name, kind
    /// (PERSON, GUEST, SHARED, ROOM, LIST), department, roles (separated by ';'); only addresses is required.
    Sync {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Users that the file does not name have departed.
        #[arg(long)]
        full: bool,
        /// Only says what would happen, and how many mailboxes' keys it would destroy.
        #[arg(long)]
        validate_only: bool,
        /// How many mailboxes' keys it may destroy: needed where that is more than a slip may.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        expect_destroyed: i64,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Shows the users.
    List(Target),
    /// Takes in security groups: JSON lines with the fields of rapport.consent.v1.Group, or CSV or TSV with the columns external_id,
    /// display_name, member_ids and group_ids (each separated by ';'); lines of the same group add up.
    SyncGroups {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Groups that the file does not name are gone, but for those that are opted out.
        #[arg(long)]
        full: bool,
        /// Only says what would happen, and how many mailboxes' keys it would destroy.
        #[arg(long)]
        validate_only: bool,
        /// How many mailboxes' keys it may destroy: needed where that is more than a slip may.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        expect_destroyed: i64,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Shows the security groups.
    Groups(Target),
}

/// Takes in, shows and deletes CRM records.
#[derive(Debug, Subcommand)]
pub enum Records {
    /// Takes in records: JSON lines, one record each, with the fields of rapport.analytics.v1.Record; `kind` and `id` name it.
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Shows the records.
    List(Target),
    /// Deletes a record; what refers to it stays.
    Delete {
        /// The record, as in `contact/c-0042`.
        #[arg(value_name = "KIND/ID")]
        record: String,
        /// Only says whether it would be deleted.
        #[arg(long)]
        validate_only: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}

/// Turns the switches of applications.
#[derive(Debug, Subcommand)]
pub enum Application {
    /// Registers an application, with every switch off that is not named.
    Register(Switches),
    /// Turns the switches that are named.
    Update(Switches),
    /// Shows the applications.
    List(Target),
}

/// The switches of an application.
#[derive(Debug, Args)]
pub struct Switches {
    /// Its id: 1 to 63 of a-z, 0-9 and '-'.
    pub id: String,
    /// For people.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// G1: KPIs, health and trend of records.
    #[arg(long, value_name = "ON_OR_OFF")]
    pub relationship_analytics: Option<OnOrOff>,
    /// G1: who knows whom.
    #[arg(long, value_name = "ON_OR_OFF")]
    pub connection_graph: Option<OnOrOff>,
    /// G2: mailboxes as a source.
    #[arg(long, value_name = "ON_OR_OFF")]
    pub mailbox_source: Option<OnOrOff>,
    /// G4: only users with this role; may be repeated.
    #[arg(long = "role", value_name = "ROLE", conflicts_with = "any_role")]
    pub roles: Vec<String>,
    /// G4: users of every role.
    #[arg(long)]
    pub any_role: bool,
    /// Which suite and tenant.
    #[command(flatten)]
    pub target: Target,
}

/// A switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOrOff {
    /// On.
    On,
    /// Off.
    Off,
}

/// Grants, withdraws and explains consent.
#[derive(Debug, Subcommand)]
pub enum Consent {
    /// Records the tenant's consent to identifiable insights.
    Grant {
        /// The legal basis, for the record.
        #[arg(long, default_value = "consent of the directory administrator", value_name = "TEXT")]
        legal_basis: String,
        /// The version of the text that was shown.
        #[arg(long, default_value = "1", value_name = "VERSION")]
        text_version: String,
        /// A legacy grant for this purpose alone.
        #[arg(long, value_enum)]
        purpose: Option<Purpose>,
        /// When the legacy grant ends by itself, as in `2026-05-04T00:00:00Z`.
        #[arg(long, value_name = "TIME", requires = "purpose")]
        expires: Option<String>,
        /// Only says how many mailboxes it would open.
        #[arg(long)]
        validate_only: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Withdraws it: keys are destroyed before the answer.
    Revoke {
        /// Only says how many mailboxes it would close.
        #[arg(long)]
        validate_only: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Leaves a user out.
    OptOut(Personal),
    /// Takes a user in again.
    OptIn(Personal),
    /// Leaves a security group out, everybody in it.
    OptOutGroup {
        /// Which group, for which purposes.
        #[command(flatten)]
        grouped: Grouped,
        /// Keeps what was collected before, and collects nothing more.
        #[arg(long)]
        future_only: bool,
        /// Only says how many mailboxes' keys it would destroy.
        #[arg(long)]
        validate_only: bool,
        /// How many mailboxes' keys it may destroy: needed where that is more than a slip may.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        expect_destroyed: i64,
    },
    /// Takes a security group in again: only what is new is collected.
    OptInGroup(Grouped),
    /// Shows the gates.
    Show(Target),
    /// Shows how every gate stands for one user.
    Explain {
        /// The user, by any of their addresses.
        user: String,
        /// For which application; none: whether any may.
        #[arg(long, value_name = "ID", default_value = "")]
        application: String,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}

/// A security group.
#[derive(Debug, Args)]
pub struct Grouped {
    /// The group, by the directory's id.
    pub group: String,
    /// For which purpose; none: both.
    #[arg(long = "purpose", value_enum)]
    pub purposes: Vec<Purpose>,
    /// Which suite and tenant.
    #[command(flatten)]
    pub target: Target,
}

/// A user's own choice.
#[derive(Debug, Args)]
pub struct Personal {
    /// The user, by any of their addresses.
    pub user: String,
    /// For which purpose; none: both.
    #[arg(long = "purpose", value_enum)]
    pub purposes: Vec<Purpose>,
    /// Which suite and tenant.
    #[command(flatten)]
    pub target: Target,
}

/// What mailbox data may be read for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Purpose {
    /// KPIs, health and trend of records.
    RelationshipAnalytics,
    /// Who knows whom.
    ConnectionGraph,
}

/// Reads interactions from files.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Mail in mbox files, gzipped or not.
    Mbox(ImportMbox),
}

/// Mail in mbox files.
#[derive(Debug, Args)]
pub struct ImportMbox {
    /// The files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Whose mailbox it is, by any address of its owner.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "journal", required_unless_present = "journal")]
    pub mailbox: Option<String>,
    /// It is an archive of the whole organisation: each of our people on a message gets it as from their own mailbox.
    #[arg(long)]
    pub journal: bool,
    /// A file with one mailing list address a line, for lists that no header names: added to the tenant's known lists.
    #[arg(long, value_name = "FILE")]
    pub lists: Option<PathBuf>,
    /// Prints the summary as JSON.
    #[arg(long)]
    pub json: bool,
    /// Which suite and tenant.
    #[command(flatten)]
    pub target: Target,
}

/// Shows a relationship, or who knows whom.
#[derive(Debug, Subcommand)]
pub enum Show {
    /// Record, KPIs, health and introducers of a record.
    Relationship {
        /// The record, as in `contact/c-0042`.
        record: String,
        /// At which instant, in which form.
        #[command(flatten)]
        at: At,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Who knows a person or a company.
    Introducers {
        /// An address, or a record as in `account/a-7`.
        whom: String,
        /// At most this many.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..=100))]
        count: i32,
        /// At which instant, in which form.
        #[command(flatten)]
        at: At,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}

/// At which instant, in which form.
#[derive(Clone, Debug, Args)]
pub struct At {
    /// The instant, as in `2026-05-04T00:00:00Z`; now when left out.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// The window of the KPIs, in days.
    #[arg(long, default_value_t = 0, value_name = "DAYS")]
    pub window_days: i32,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Shows what the suite does.
#[derive(Debug, Args)]
pub struct Demo {
    /// Stops after the last act.
    #[arg(long)]
    pub once: bool,
    /// Prints the facts as JSON.
    #[arg(long)]
    pub json: bool,
}
