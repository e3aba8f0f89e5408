//! The one binary people install: reads the command line, runs the command, tells a fault in one line.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use rapport::cli::{Cli, Command};
use rapport::output::UNREAD;
use rapport::{commands, demo};
use vocabulary::{Fault, Reason};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout();
    match run(cli.command, &mut out).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) if fault.message == UNREAD => ExitCode::SUCCESS,
        Err(fault) => {
            let mut told = std::io::stderr();
            let _closed = writeln!(told, "rapport: {fault}");
            // One violation is the message already.
            if fault.violations.len() > 1 {
                for violation in &fault.violations {
                    let _closed = writeln!(told, "  {}: {}", violation.field, violation.description);
                }
            }
            if fault.reason == Reason::DependencyUnavailable {
                let _closed = writeln!(told, "  is the suite running? `rapport serve` starts it, --server names another one");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Command::Serve(command) => commands::serve::run(command, out).await,
        Command::Tenant(command) => commands::tenant::run(command, out).await,
        Command::Directory(command) => commands::directory::run(command, out).await,
        Command::Records(command) => commands::records::run(command, out).await,
        Command::Application(command) => commands::application::run(command, out).await,
        Command::Consent(command) => commands::consent::run(command, out).await,
        Command::Ledger(command) => commands::ledger::run(command, out).await,
        Command::Export(command) => commands::export::run(command, out).await,
        Command::Access(command) => commands::access::run(command, out).await,
        Command::Erase(command) => commands::erase::run(command, out).await,
        Command::Keyring(command) => commands::keyring::run(command, out).await,
        Command::Store(command) => commands::erase::stores(command, out).await,
        Command::Backup(command) => commands::backup::run(command, out).await,
        Command::Restore(command) => commands::restore::run(command, out).await,
        Command::Scrub(command) => commands::scrub::run(command, out).await,
        Command::Import(command) => commands::import::run(command, out).await,
        Command::Show(command) => commands::show::run(command, out).await,
        Command::Demo(command) => demo::run(command, out).await,
    }
}
