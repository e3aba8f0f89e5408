//! `rapport export`: everything held on a person, one item a line.

use std::fs::File;
use std::io::{BufWriter, Write};

use contracts::gateway::v1 as pb;
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use pb::export_person_response::Part;
use runtime::fault_of;
use vocabulary::{Fault, Kind, Reason};

use crate::cli::Export;
use crate::client::{Client, told};
use crate::json::Json;
use crate::output::{counted, said};

/// Runs the command.
///
/// # Errors
/// What the server answers; DEPENDENCY_UNAVAILABLE when an area could not tell everything, once the others have.
pub async fn run(command: Export, out: &mut impl Write) -> Result<(), Fault> {
    let Export { addresses, file, target } = command;
    let Client { link, tenant } = Client::of(&target).await?;
    let request = pb::ExportPersonRequest { tenant_id: tenant, addresses };
    let mut items = told(OverviewServiceClient::new(link).export_person(request).await)?;
    let Some(path) = file else { return write(&mut items, out).await.and_then(|areas| whole(&areas)) };
    let wrong = |error: std::io::Error| Fault::invalid_field("--out", format!("cannot be written: {error}"));
    let mut held = BufWriter::new(File::create(&path).map_err(wrong)?);
    let areas = write(&mut items, &mut held).await?;
    held.flush().map_err(wrong)?;
    for area in &areas {
        let gap = if area.complete { String::new() } else { format!(", incomplete: {}", area.message) };
        said(writeln!(out, "{}: {}{gap}", area.area, counted(area.items, "item")))?;
    }
    whole(&areas)
}

async fn write(items: &mut tonic::Streaming<pb::ExportPersonResponse>, out: &mut impl Write) -> Result<Vec<pb::ExportedArea>, Fault> {
    let (json, mut areas) = (Json::new()?, Vec::new());
    while let Some(item) = items.message().await.map_err(|status| fault_of(&status))? {
        said(writeln!(out, "{}", json.write("rapport.gateway.v1.ExportPersonResponse", &item)?))?;
        if let Some(Part::Area(area)) = item.part {
            areas.push(area);
        }
    }
    Ok(areas)
}

fn whole(areas: &[pb::ExportedArea]) -> Result<(), Fault> {
    let gaps: Vec<_> = areas.iter().filter(|area| !area.complete).map(|area| area.area.as_str()).collect();
    if gaps.is_empty() {
        return Ok(());
    }
    Err(Fault::new(Kind::Unavailable, Reason::DependencyUnavailable, format!("could not tell everything: {}", gaps.join(", "))))
}
