//! `bench consent`: how long a withdrawal takes until it is in force everywhere and its keys are gone, with every holder awake and with one that
//! stands still; and how long it takes until a user is erased, every store included, while reads go on.

mod crowd;
mod erasing;
mod silent;
mod withdrawing;

use std::io::Write;

use rapport::output::{said, thousands};
use vocabulary::Fault;

use crate::figure::{Figure, figure};
use crate::suite::Bench;

/// Keys of an open mailbox.
const KEYS: usize = 3;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Withdrawals with every holder awake.
    pub withdrawals: usize,
    /// Withdrawals with one holder that stands still: each waits for a lease.
    pub waits: usize,
    /// Keys in the keyring, few and many.
    pub keys: [usize; 2],
    /// Interactions in all mailboxes together; a tenth of them in that of the user who is erased.
    pub interactions: usize,
}

/// Measures.
///
/// # Errors
/// What the suite answers.
pub async fn run(bench: &Bench, extent: Extent, out: &mut impl Write) -> Result<Vec<Figure>, Fault> {
    let [few, many] = extent.keys;
    let small = withdrawing::run(bench, few / KEYS, extent.withdrawals, extent.waits, out).await?;
    let large = withdrawing::run(bench, many / KEYS, extent.withdrawals, 0, out).await?;
    let erased = erasing::run(bench, extent.interactions, out).await?;
    let [all, its] = [extent.interactions, erased.mailbox].map(|count| thousands(count as i64));
    said(writeln!(out, "erased: {its} of {all} interactions; {} reads meanwhile, {} failed", erased.reads, erased.failed))?;
    let millis = |nanos: u64| nanos as f64 / 1e6;
    Ok(vec![
        figure("withdraw_p50_ms", millis(small.awake.value_at_quantile(0.5)), "ms"),
        figure("withdraw_p99_ms", millis(small.awake.value_at_quantile(0.99)), "ms"),
        figure("withdraw_p99_ms_100k", millis(large.awake.value_at_quantile(0.99)), "ms"),
        figure("withdraw_p99_ms_one_stopped", millis(small.one_stopped.value_at_quantile(0.99)), "ms"),
        figure("five_syncs_p50_ms", millis(small.limit.value_at_quantile(0.5)), "ms"),
        figure("five_syncs_p99_ms", millis(small.limit.value_at_quantile(0.99)), "ms"),
        figure("withdraw_ratio_five_syncs", small.awake.value_at_quantile(0.5) as f64 / small.limit.value_at_quantile(0.5) as f64, "x"),
        figure("erase_user_answer_ms", erased.answered.as_secs_f64() * 1e3, "ms"),
        figure("erase_user_s", erased.finished.as_secs_f64(), "s"),
        figure("reads_failed_while_erasing", erased.failed as f64, "reads"),
    ])
}
