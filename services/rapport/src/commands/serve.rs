//! `rapport serve`: runs the suite, or some areas of it, until SIGTERM.

use std::io::Write;
use std::sync::Arc;

use runtime::{Config, shutdown_signal, telemetry};
use vocabulary::{Fault, Kind, Reason, SystemClock};

use crate::cli::{ConfigArgs, Serve};
use crate::output::said;
use crate::suite::{AREAS, Suite};

/// The settings of a suite.
///
/// # Errors
/// INVALID_FIELDS: what is wrong, and where it comes from.
pub fn settings(from: &ConfigArgs) -> Result<Config, Fault> {
    Config::load(from.config.as_deref(), &from.settings).map_err(|error| wrong(&error))
}

fn wrong(error: &dyn std::error::Error) -> Fault {
    Fault::new(Kind::InvalidArgument, Reason::InvalidFields, error.to_string())
}

/// Runs the command. Prints one line for each area once it is bound: `AREA ADDRESS`.
///
/// # Errors
/// When the configuration is wrong, or an area cannot be opened.
pub async fn run(command: Serve, out: &mut impl Write) -> Result<(), Fault> {
    let config = settings(&command.config)?;
    if command.print_config {
        let printed = config.print().map_err(|error| wrong(&error))?;
        return said(write!(out, "{printed}"));
    }
    let names: Vec<&'static str> = AREAS.into_iter().filter(|area| command.areas.iter().any(|named| named == area)).collect();
    let service = match names.as_slice() {
        [only] => only,
        _ => "rapport",
    };
    let telemetry = telemetry::start(&config, service).map_err(|error| wrong(&error))?;
    let suite = Suite::open(&names, Arc::new(config), Arc::new(SystemClock)).await?;
    let asked_to_end = shutdown_signal();
    for (area, address) in suite.addresses() {
        said(writeln!(out, "{area} {address}"))?;
    }
    said(out.flush())?;
    let served = suite.serve(asked_to_end).await;
    telemetry.shutdown();
    served
}
