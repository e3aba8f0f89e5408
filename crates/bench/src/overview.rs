//! `bench overview`: how long `GetOverview` takes over every record of the demo's company, one at a time and eight at a time, against a
//! server that answers the same call with as many canned bytes.

mod asking;
mod echo;
mod grid;

use std::io::Write;

use contracts::gateway::v1::{GetOverviewRequest, GetOverviewResponse};
use prost::Message;
use rapport::client::Client;
use rapport::demo::load;
use rapport::output::{said, thousands};
use synthetic::{Company, Spec};
use vocabulary::Fault;

use crate::figure::{Figure, figure};
use crate::suite::{Bench, grant};
pub use asking::Asker;
use asking::Series;

/// Measures.
///
/// # Errors
/// What the suite or the peer answers.
pub async fn run(bench: &Bench, rounds: usize, out: &mut impl Write) -> Result<Vec<Figure>, Fault> {
    let suite = bench.suite().await?;
    let company = Company::generate(Spec::demo());
    let client = suite.client(&company.tenant.id)?;
    let tracked = load::company(&client, &company).await?;
    let granted = grant(&client).await?;
    let read = load::mailboxes(&client, &company, &granted).await?;
    let questions = questions(&client, &company, &read.revision);
    let interactions = thousands(tracked.accepted + read.accepted);
    said(writeln!(out, "{interactions} interactions loaded; {rounds} round(s) over {} records", questions.len()))?;

    let ours = Asker::new(&suite.uri, questions.clone())?;
    let canned = median(ours.answers().await?)?;
    let bytes = canned.encoded_len();
    let peer = echo::serve(canned)?;
    let theirs = Asker::new(&peer.uri, questions)?;
    theirs.answers().await?;
    // Ours and theirs take turns, so that what else the machine does meets both.
    let (mut overview, mut echo) = (Series::new()?, Series::new()?);
    for _ in 0..rounds {
        ours.measure(&mut overview).await?;
        theirs.measure(&mut echo).await?;
    }
    let (grid, rows) = grid::measure(&client, &read.revision, rounds).await?;
    said(writeln!(out, "an overview has {bytes} bytes in the middle; the grid has {rows} rows"))?;
    suite.end(|_| Ok(())).await?;

    Ok(vec![
        figure("overview_p50_ms", overview.milliseconds(0.5), "ms"),
        figure("overview_p99_ms", overview.milliseconds(0.99), "ms"),
        figure("overview_per_s", overview.per_second(), "calls/s"),
        figure("overview_cpu_ms", overview.processor_milliseconds(), "ms"),
        figure("echo_p50_ms", echo.milliseconds(0.5), "ms"),
        figure("echo_p99_ms", echo.milliseconds(0.99), "ms"),
        figure("echo_per_s", echo.per_second(), "calls/s"),
        figure("echo_cpu_ms", echo.processor_milliseconds(), "ms"),
        figure("overview_ratio_echo", overview.per_second() / echo.per_second(), "x"),
        figure("overview_bytes", bytes as f64, "bytes"),
        figure("grid_ms", grid, "ms"),
    ])
}

/// One question about each record.
pub fn questions(client: &Client, company: &Company, revision: &str) -> Vec<GetOverviewRequest> {
    let question = |record: &synthetic::Record| GetOverviewRequest {
        tenant_id: client.tenant.clone(),
        r#ref: Some(rapport::convert::record_ref(record.reference.clone())),
        revision: revision.to_owned(),
        ..Default::default()
    };
    company.records.iter().map(question).collect()
}

/// The answer of median size, once it is certain that no part of any is missing.
fn median(mut answers: Vec<GetOverviewResponse>) -> Result<GetOverviewResponse, Fault> {
    if let Some(part) = answers.iter().find_map(|answer| answer.unavailable.first()) {
        return Err(Fault::internal(format!("{}: {}", part.part().as_str_name(), part.message)));
    }
    answers.sort_by_key(Message::encoded_len);
    let middle = answers.len() / 2;
    answers.into_iter().nth(middle).ok_or_else(|| Fault::internal("a company without records"))
}
