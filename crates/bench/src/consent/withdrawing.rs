//! Withdrawals of one user after the other, and the limit of their disk: the files that each must make durable, written and synced bare.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use hdrhistogram::Histogram;
use rapport::output::{said, thousands};
use vocabulary::Fault;

use super::crowd::{TENANT, gather, withdraw};
use super::silent::Silent;
use crate::meter::Stopwatch;
use crate::suite::Bench;

/// Significant digits of a latency.
const DIGITS: u8 = 3;

/// What each withdrawal makes durable, in bytes: the commit, a group of keys, the table of groups, the epoch record, the record it overwrites.
const SYNCED: [usize; 5] = [16 << 10, 30 << 10, 4 << 10, 128, 128];

/// Nanoseconds.
pub struct Withdrawals {
    /// With every holder awake.
    pub awake: Histogram<u64>,
    /// With one that says nothing.
    pub one_stopped: Histogram<u64>,
    /// Five bare files, written and synced one after the other.
    pub limit: Histogram<u64>,
}

/// Measures with that many open mailboxes. Ours and the limit take turns.
///
/// # Errors
/// What the suite answers, and when the disk refuses.
pub async fn run(bench: &Bench, users: usize, awake: usize, stopped: usize, out: &mut impl Write) -> Result<Withdrawals, Fault> {
    let suite = bench.suite().await?;
    let client = suite.client(TENANT)?;
    gather(&client, users).await?;
    said(writeln!(out, "{} open mailboxes", thousands(users as i64)))?;
    let mut measured = Withdrawals { awake: nanoseconds()?, one_stopped: nanoseconds()?, limit: nanoseconds()? };
    for number in 0..awake {
        let watch = Stopwatch::start();
        withdraw(&client, number).await?;
        record(&mut measured.awake, watch)?;
        let watch = Stopwatch::start();
        sync_bare(suite.path()).map_err(|error| Fault::internal(format!("the disk: {error}")))?;
        record(&mut measured.limit, watch)?;
    }
    for number in 0..stopped {
        let _silent = Silent::join(suite.consent(), number as u64 + 1_000).await?;
        let watch = Stopwatch::start();
        withdraw(&client, awake + number).await?;
        record(&mut measured.one_stopped, watch)?;
    }
    suite.end(|_| Ok(())).await?;
    Ok(measured)
}

fn nanoseconds() -> Result<Histogram<u64>, Fault> {
    Histogram::new(DIGITS).map_err(|error| Fault::internal(error.to_string()))
}

fn record(histogram: &mut Histogram<u64>, watch: Stopwatch) -> Result<(), Fault> {
    let nanos = u64::try_from(watch.elapsed().as_nanos()).unwrap_or(u64::MAX);
    histogram.record(nanos).map_err(|error| Fault::internal(error.to_string()))
}

fn sync_bare(directory: &Path) -> std::io::Result<()> {
    for bytes in SYNCED {
        let mut file = File::create(directory.join("bare"))?;
        file.write_all(&vec![7; bytes])?;
        file.sync_all()?;
    }
    Ok(())
}
