//! One user erased out of many interactions, while somebody goes on reading.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contracts::consent::v1 as pb;
use contracts::consent::v1::erasure_service_client::ErasureServiceClient;
use contracts::ingestion::v1::IngestRequest;
use contracts::ingestion::v1::batch_source::Source;
use contracts::ingestion::v1::interaction::Detail;
use rapport::client::{Client, told};
use rapport::output::{said, thousands};
use vocabulary::Fault;

use crate::ingest::{Lane, send, visible, workload};
use crate::meter::Stopwatch;
use crate::overview::{Asker, questions};
use crate::suite::{Bench, grant};

/// The share of all interactions that lies in the mailbox of the user who is erased.
const SHARE: usize = 10;

/// Connections that send.
const CONNECTIONS: usize = 2;

/// How often it is asked whether the erasure is finished.
const LOOK: Duration = Duration::from_millis(20);

/// What was measured.
pub struct Erased {
    /// Interactions sent from the mailbox that is erased.
    pub mailbox: usize,
    /// Until nobody saw the user any more.
    pub answered: Duration,
    /// Until every store had reported and the key was replaced.
    pub finished: Duration,
    /// Reads answered meanwhile.
    pub reads: u64,
    /// Reads that failed meanwhile.
    pub failed: u64,
}

/// Measures.
///
/// # Errors
/// What the suite answers.
pub async fn run(bench: &Bench, count: usize, out: &mut impl Write) -> Result<Erased, Fault> {
    let suite = bench.suite().await?;
    let company = workload::company(count);
    let client = suite.client(&company.tenant.id)?;
    rapport::demo::load::company(&client, &company).await?;
    let granted = grant(&client).await?;
    let mut lanes = workload::lanes(count - count / SHARE, CONNECTIONS);
    let (user, mailbox) = add_heavy(&mut lanes, count / SHARE)?;
    workload::demand(&mut lanes, &granted);
    let sent = send(&suite.uri, lanes).await?;
    visible::wait(&client, &sent.revision).await?;
    said(writeln!(out, "{} interactions visible", thousands(sent.accepted)))?;

    let asker = Asker::new(&suite.uri, questions(&client, &company, ""))?;
    asker.answers().await?;
    let over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let over = Arc::clone(&over);
        async move {
            let (mut reads, mut failed) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                let (answered, refused) = asker.once(&over).await;
                reads += answered;
                failed += refused;
            }
            (reads, failed)
        }
    });
    let watch = Stopwatch::start();
    let request = pb::EraseUserRequest { tenant_id: client.tenant.clone(), user, ..Default::default() };
    let answer = told(ErasureServiceClient::new(client.link.clone()).erase_user(request).await)?;
    let answered = watch.elapsed();
    let number = answer.erasure.map(|erasure| erasure.number).unwrap_or_default();
    while !finished(&client, number).await? {
        tokio::time::sleep(LOOK).await;
    }
    let finished = watch.elapsed();
    over.store(true, Ordering::Relaxed);
    let (reads, failed) = reading.await.map_err(|error| Fault::internal(error.to_string()))?;
    suite.end(|_| Ok(())).await?;
    Ok(Erased { mailbox, answered, finished, reads, failed })
}

async fn finished(client: &Client, number: u64) -> Result<bool, Fault> {
    let request = pb::GetErasureRequest { tenant_id: client.tenant.clone(), number };
    let erasure = told(ErasureServiceClient::new(client.link.clone()).get_erasure(request).await)?.erasure;
    Ok(erasure.is_some_and(|erasure| erasure.finish_time.is_some()))
}

/// Adds mail to the mailbox that is sent first, under Message-IDs of its own, until it holds `count`. Whose it is, and how many it holds.
fn add_heavy(lanes: &mut [Lane], count: usize) -> Result<(String, usize), Fault> {
    let lane = lanes.first_mut().ok_or_else(|| Fault::internal("nobody sends"))?;
    let source = lane.first().and_then(|first| first.source.clone());
    let Some(Source::Mailbox(user)) = source.clone().and_then(|source| source.source) else {
        return Err(Fault::internal("the first batch is of no mailbox"));
    };
    let of_user: Vec<IngestRequest> = lane.iter().filter(|batch| batch.source == source).cloned().collect();
    let mut held: usize = of_user.iter().map(|batch| batch.interactions.len()).sum();
    let mut more = Vec::new();
    let mut round = 0;
    while held < count {
        round += 1;
        for batch in &of_user {
            let mut batch = batch.clone();
            batch.interactions.truncate(count - held);
            for interaction in &mut batch.interactions {
                if let Some(Detail::Email(email)) = &mut interaction.detail {
                    email.message_id = format!("<{round}-{}", email.message_id.trim_start_matches('<'));
                }
            }
            held += batch.interactions.len();
            more.push(batch);
        }
    }
    lane.extend(more);
    for (sequence, batch) in (1..).zip(lane.iter_mut()) {
        batch.sequence = sequence;
    }
    Ok((user, held))
}
