//! Measurements of the suite against named peers: what is measured, where the stores lie, and the figures as a table and as JSON.

mod consent;
mod figure;
mod ingest;
mod meter;
mod overview;
mod peer;
mod suite;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use consent::Extent;
use rapport::output::said;
use suite::Bench;
use vocabulary::Fault;

/// Measures Rapport against named peers, in one run on one machine.
#[derive(Debug, Parser)]
#[command(name = "bench", max_term_width = 120)]
struct Cli {
    /// What is measured.
    #[command(subcommand)]
    command: Command,
    /// Writes the figures to a file, as an array of {"name", "value", "unit"}.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the stores lie while it runs; a disk whose speed is of interest. The system's temporary directory when absent.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    at: Option<PathBuf>,
}

/// What is measured.
#[derive(Debug, Subcommand)]
enum Command {
    /// How many interactions a second are taken in, durable and visible, against a server that only decodes them.
    Ingest {
        /// Mailbox copies.
        #[arg(long, default_value_t = 200_000, value_name = "N")]
        count: usize,
        /// Connections that send at the same time, each mailbox over one of them.
        #[arg(long, default_value_t = 2, value_name = "N")]
        connections: usize,
    },
    /// How long a withdrawal takes until it is in force, and an erasure until every store has done its part.
    Consent {
        /// Withdrawals that are measured with every holder awake.
        #[arg(long, default_value_t = 300, value_name = "N")]
        withdrawals: usize,
        /// Withdrawals that are measured with one holder that stands still; each waits for its lease.
        #[arg(long, default_value_t = 20, value_name = "N")]
        waits: usize,
        /// Interactions, of which a tenth are erased.
        #[arg(long, default_value_t = 1_000_000, value_name = "N")]
        interactions: usize,
    },
    /// How long an overview takes, against a server that answers with as many canned bytes.
    Overview {
        /// Rounds over every record of the demo's company.
        #[arg(long, default_value_t = 5, value_name = "N")]
        count: usize,
    },
}

/// Keys in the keyring while withdrawals are measured.
const KEYS: [usize; 2] = [10_000, 100_000];

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse(), &mut std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _closed = writeln!(std::io::stderr(), "bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, out: &mut impl Write) -> Result<(), Fault> {
    let bench = Bench::start(cli.at)?;
    let figures = match cli.command {
        Command::Ingest { count, connections } => ingest::run(&bench, count.max(1), connections.max(1), out).await?,
        Command::Consent { withdrawals, waits, interactions } => {
            let extent = Extent { withdrawals: withdrawals.max(1), waits: waits.max(1), keys: KEYS, interactions: interactions.max(1_000) };
            consent::run(&bench, extent, out).await?
        }
        Command::Overview { count } => overview::run(&bench, count.max(1), out).await?,
    };
    said(writeln!(out))?;
    figure::print(&figures, out)?;
    match cli.json {
        Some(file) => figure::write(&figures, &file),
        None => Ok(()),
    }
}
