//! `rapport serve`: runs the suite, or some areas of it, until SIGTERM.

use std::io::Write;
use std::sync::Arc;

use runtime::{Config, shutdown_signal, telemetry};
use vocabulary::{Fault, Kind, Reason, SystemClock};

use crate::cli::Serve;
use crate::output::said;
use crate::suite::{AREAS, Suite};

/// Runs the command. Prints one line for each area once it is bound: `AREA ADDRESS`.
///
/// # Errors
/// When the configuration is wrong, or an area cannot be opened.
pub async fn run(command: Serve, out: &mut impl Write) -> Result<(), Fault> {
    let wrong = |error: &dyn std::error::Error| Fault::new(Kind::InvalidArgument, Reason::InvalidFields, error.to_string());
    let config = Config::load(command.config.config.as_deref(), &command.config.settings).map_err(|error| wrong(&error))?;
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
    for (area, address) in suite.addresses() {
        said(writeln!(out, "{area} {address}"))?;
    }
    said(out.flush())?;
    let served = suite.serve(shutdown_signal()).await;
    telemetry.shutdown();
    served
}
