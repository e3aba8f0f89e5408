//! `rapport scrub`: stores written anew while their areas do not run, so that deleted rows leave the files.

use std::collections::BTreeMap;
use std::io::Write;

use maintenance::Place;
use runtime::Config;
use vocabulary::Fault;

use super::backup::print;
use super::serve::settings;
use crate::cli::Scrub;
use crate::output::{said, table, thousands};

/// Runs the command.
///
/// # Errors
/// STORE_FAILED when an area runs, or a store is damaged or cannot be written; those before it are written anew then.
pub async fn run(command: Scrub, out: &mut impl Write) -> Result<(), Fault> {
    let config = settings(&command.config)?;
    let mut done = BTreeMap::new();
    for area in &command.areas {
        for (name, place) in places(&config, area) {
            if let Some(scrubbed) = maintenance::scrub(&place).await? {
                done.insert(name, scrubbed);
            }
        }
    }
    if command.json {
        return print(&done, out);
    }
    if done.is_empty() {
        return said(writeln!(out, "there is no store here"));
    }
    let number = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let mut rows = vec![["store", ">rows", ">bytes before", ">bytes now"].map(str::to_owned).to_vec()];
    rows.extend(
        done.iter().map(|(name, done)| vec![(*name).to_owned(), number(done.rows), number(done.bytes_before), number(done.bytes_after)]),
    );
    table(out, 0, &rows)
}

/// The stores of an area.
fn places(config: &Config, area: &str) -> Vec<(&'static str, Place)> {
    match area {
        "consent" => {
            let mirror = consent::mirror_place(config).map(|mirror| ("consent, the mirror", mirror));
            std::iter::once(("consent", consent::place(config))).chain(mirror).collect()
        }
        "ingestion" => vec![("ingestion/log", ingestion::log_place(config))],
        "analytics" => {
            vec![("analytics/records", analytics::records_place(config)), ("analytics/timelines", analytics::timelines_place(config))]
        }
        _ => vec![("graph/ties", graph::ties_place(config))],
    }
}
