//! `rapport backup`: a backup of a serving suite, and whether one is what was written.

use std::io::Write;

use maintenance::{Manifest, Sources};
use runtime::Link;
use vocabulary::{Fault, SystemClock};

use super::serve::settings;
use crate::cli::{Backup, BackupCommand};
use crate::output::{said, table, thousands};

/// Runs the command.
///
/// # Errors
/// DEPENDENCY_UNAVAILABLE when an area does not run; BACKUP_DAMAGED; STORE_PRESENT when the folder is there.
pub async fn run(command: Backup, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Backup { command: Some(BackupCommand::Verify { backup, json }), .. } => {
            let manifest = maintenance::verify(&backup)?;
            show(&manifest, json, out)?;
            if json { Ok(()) } else { said(writeln!(out, "every row is what was written")) }
        }
        Backup { command: None, to, json, config } => {
            let to = to.ok_or_else(|| Fault::invalid_field("--to", "must name a new folder"))?;
            let config = settings(&config)?;
            let link = |area| Link::unix(config.socket(area));
            let sources = Sources { analytics: link("analytics"), ingestion: link("ingestion"), consent: link("consent") };
            let manifest = maintenance::take(sources, &to, &SystemClock).await?;
            show(&manifest, json, out)?;
            if json { Ok(()) } else { said(writeln!(out, "written to {}, and read once more; it holds no key", to.display())) }
        }
    }
}

fn show(manifest: &Manifest, json: bool, out: &mut impl Write) -> Result<(), Fault> {
    if json {
        return print(manifest, out);
    }
    said(writeln!(out, "taken {}", manifest.taken))?;
    let mut rows = vec![["part", ">rows", ">bytes", "store"].map(str::to_owned).to_vec()];
    rows.extend(manifest.parts.iter().map(|entry| {
        let number = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
        vec![entry.part.file().to_owned(), number(entry.rows), number(entry.bytes), format!("{:016x}", entry.moment.store)]
    }));
    table(out, 2, &rows)
}

/// Prints JSON.
///
/// # Errors
/// When it cannot be printed.
pub fn print(answer: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Fault> {
    let text = serde_json::to_string_pretty(answer).map_err(|error| Fault::internal(error.to_string()))?;
    said(writeln!(out, "{text}"))
}
