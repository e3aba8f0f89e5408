//! What can be said of backups and stores as files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;

/// Takes a backup of a serving suite, or reads one.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Backup {
    /// Something else than taking one.
    #[command(subcommand)]
    pub command: Option<BackupCommand>,
    /// The folder of the backup, which must not exist. It holds no key.
    #[arg(long, value_name = "DIR", required = true)]
    pub to: Option<PathBuf>,
    /// Prints what the backup says of itself as JSON.
    #[arg(long)]
    pub json: bool,
    /// Whose internal sockets are asked: the settings that the suite runs with.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Something else than taking a backup.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Reads a whole backup, and says whether it is what was written.
    Verify {
        /// The folder of the backup.
        backup: PathBuf,
        /// Prints what the backup says of itself as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Puts a backup back, while the suite does not run.
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup. Further backups are looked at for a newer dictionary only.
    #[arg(required = true)]
    pub backups: Vec<PathBuf>,
    /// Puts log and records in the place of stores that hold rows.
    #[arg(long)]
    pub replace: bool,
    /// Puts only the log back, with the newest dictionary, or only the records.
    #[arg(long, value_name = "PART", value_parser = ["log", "records"])]
    pub only: Option<String>,
    /// Puts decisions back too, where there are none: after the disk of the consent service was lost.
    #[arg(long)]
    pub consent: bool,
    /// Prints what was restored as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the stores lie: the settings that the suite runs with.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Writes the stores of areas anew.
#[derive(Debug, Args)]
pub struct Scrub {
    /// The areas: consent, ingestion, analytics, graph.
    #[arg(required = true, value_parser = ["consent", "ingestion", "analytics", "graph"])]
    pub areas: Vec<String>,
    /// Prints what was done as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the stores lie: the settings that the suite runs with.
    #[command(flatten)]
    pub config: ConfigArgs,
}
