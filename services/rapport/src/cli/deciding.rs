//! What administrators say: tenants, directory, applications, consent.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Target;

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
    /// The token that says who asks, where the suite wants one.
    #[arg(long, value_name = "TOKEN", env = "RAPPORT_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
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
    /// Brings it back while nothing serves it: after a lost disk, or when decisions are missing.
    Recover(super::Recover),
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
