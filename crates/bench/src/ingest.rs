//! `bench ingest`: how many mailbox copies a second are durable, and durable and visible in both views, against a server that only
//! decodes the same messages and answers.

mod limit;
mod sender;
pub mod visible;
pub mod workload;

use std::io::Write;
use std::time::Duration;

use rapport::output::{said, thousands};
use vocabulary::Fault;

use crate::figure::{Figure, figure};
use crate::meter::{self, Stopwatch};
use crate::suite::{Bench, Running, grant};
pub use sender::{Sent, send};
pub use workload::Lane;

/// Runs of the limit, of which the middle one counts: it takes so short that chance weighs.
const LIMIT_RUNS: usize = 3;

/// Longer than a view keeps what it folded in memory alone: from then on the disk holds all that it will hold.
const WRITTEN: Duration = Duration::from_secs(12);

/// Measures.
///
/// # Errors
/// What the suite or the peer answers.
pub async fn run(bench: &Bench, count: usize, connections: usize, out: &mut impl Write) -> Result<Vec<Figure>, Fault> {
    said(writeln!(out, "{} mailbox copies over {connections} connection(s), in runs of {}", thousands(count as i64), synthetic::RUN))?;
    let (limit, limit_processor) = limit(count, connections).await?;
    said(writeln!(out, "the bare limit is measured"))?;

    let suite = bench.suite().await?;
    let company = workload::company(count);
    let client = suite.client(&company.tenant.id)?;
    rapport::demo::load::company(&client, &company).await?;
    let mut lanes = workload::lanes(count, connections);
    let granted = grant(&client).await?;
    workload::demand(&mut lanes, &granted);
    let batches = lanes.iter().map(Vec::len).sum::<usize>();
    said(writeln!(out, "{} records loaded, {} batches wait", thousands(company.records.len() as i64), thousands(batches as i64)))?;
    meter::forget_peak();
    let before = meter::resident_bytes()?;
    let taken = rapport(&suite, &company.tenant.id, lanes).await?;
    let peak = meter::peak_resident_bytes()?;
    tokio::time::sleep(WRITTEN).await;
    let disk = suite.end(meter::disk_bytes).await?;
    let Sent { accepted, copies, refused, .. } = taken.sent;
    said(writeln!(out, "{} accepted, {} copies stored, {} not taken", thousands(accepted), thousands(copies), thousands(refused)))?;

    let per_second = |taken: Duration| count as f64 / taken.as_secs_f64();
    let each = |bytes: u64| bytes as f64 / count as f64;
    for (area, bytes) in disk.iter().filter(|(_, bytes)| each(**bytes) >= 0.1) {
        said(writeln!(out, "{area}: {:.1} bytes a copy on disk", each(*bytes)))?;
    }
    Ok(vec![
        figure("limit_per_s", per_second(limit), "copies/s"),
        figure("durable_per_s", per_second(taken.durable), "copies/s"),
        figure("rapport_per_s", per_second(taken.visible), "copies/s"),
        figure("ratio_limit", limit.as_secs_f64() / taken.visible.as_secs_f64(), "x"),
        figure("limit_cpu_s", limit_processor.as_secs_f64(), "s"),
        figure("cpu_s", taken.processor.as_secs_f64(), "s"),
        figure("peak_rss_bytes", peak as f64, "bytes"),
        figure("rss_before_bytes", before as f64, "bytes"),
        figure("disk_bytes_per_interaction", each(disk.values().sum()), "bytes"),
    ])
}

/// What a run of the suite took, each from the first message on.
struct Taken {
    sent: Sent,
    /// Until the last batch was acknowledged.
    durable: Duration,
    /// Until both views told of it.
    visible: Duration,
    /// Processor time, client included.
    processor: Duration,
}

async fn rapport(suite: &Running, tenant: &str, lanes: Vec<Lane>) -> Result<Taken, Fault> {
    let (processor, watch) = (meter::processor_time(), Stopwatch::start());
    let sent = send(&suite.uri, lanes).await?;
    let durable = watch.elapsed();
    visible::wait(&suite.client(tenant)?, &sent.revision).await?;
    Ok(Taken { sent, durable, visible: watch.elapsed(), processor: meter::processor_time().saturating_sub(processor) })
}

/// How long the peer took, and how much processor time, client included.
async fn limit(count: usize, connections: usize) -> Result<(Duration, Duration), Fault> {
    let mut taken = Vec::with_capacity(LIMIT_RUNS);
    for _ in 0..LIMIT_RUNS {
        let (peer, lanes) = (limit::serve()?, workload::lanes(count, connections));
        let (processor, watch) = (meter::processor_time(), Stopwatch::start());
        send(&peer.uri, lanes).await?;
        taken.push((watch.elapsed(), meter::processor_time().saturating_sub(processor)));
    }
    taken.sort_unstable();
    taken.get(LIMIT_RUNS / 2).copied().ok_or_else(|| Fault::internal("the limit was not measured"))
}
