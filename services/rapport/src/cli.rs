//! The command line: what can be said, and nothing of what it does.

mod accessing;
mod deciding;
mod erasing;
mod keeping;
mod ledger;
mod storing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use accessing::Access;
pub use deciding::{
    Application, Consent, Departed, Directory, Grouped, InOrOut, OnOrOff, Personal, Purpose, Server, Switches, Tenant, TenantCreate,
    TenantSettings, TenantUpdate, Visibility,
};

pub use erasing::{Erase, Export, Store};
pub use keeping::{Keyring, NextRoot, Recover};
pub use ledger::{EventKind, Ledger};
pub use storing::{Backup, BackupCommand, Restore, Scrub};

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
    /// Shows, exports, proves and verifies what was decided.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Writes everything held on a person, as JSON lines.
    Export(Export),
    /// Shows who read personal data, and about whom.
    #[command(subcommand)]
    Access(Access),
    /// Erases people, and tells how far that is.
    #[command(subcommand)]
    Erase(Erase),
    /// Shows and retires the stores that erasures wait for.
    #[command(subcommand)]
    Store(Store),
    /// Looks after the keyring of a suite that does not run.
    #[command(subcommand)]
    Keyring(Keyring),
    /// Takes a backup of a serving suite, or reads one.
    Backup(Backup),
    /// Puts a backup back, while the suite does not run.
    Restore(Restore),
    /// Writes the stores of areas that do not run anew, so that deleted rows leave their files.
    Scrub(Scrub),
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
    /// The token that says who asks, where the suite wants one.
    #[arg(long, value_name = "TOKEN", env = "RAPPORT_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
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
