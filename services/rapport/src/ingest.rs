//! Interactions to the ingestion service: in batches that fit a message, a few ahead of the answers, and what became of them.

use std::collections::BTreeMap;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::batch_source::Source;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use prost::Message;
use runtime::fault_of;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use vocabulary::Fault;

use crate::client::{ANSWER_LIMIT, Client, told};

/// Interactions sent in one message.
pub const BATCH: usize = 1_000;
/// Bytes after which a message is sent, whatever it holds: half of what a server takes by default.
const BATCH_BYTES: usize = 2 << 20;
/// Messages sent ahead of their answers.
const AHEAD: usize = 4;

/// What became of everything that was read: `read = accepted + duplicate + ignored by reason + malformed`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Interactions read.
    pub read: i64,
    /// Kept for the first time.
    pub accepted: i64,
    /// Kept already.
    pub duplicate: i64,
    /// Kept out, by rule.
    pub ignored: BTreeMap<&'static str, i64>,
    /// Unreadable, by the parser or by the rules.
    pub malformed: i64,
    /// Copies stored, over all mailboxes.
    pub copies: i64,
    /// From which revision on they count.
    pub revision: String,
}

/// Sends interactions, from `revision` on, and adds up what became of them. At least one message is sent, so that a source that may not
/// be read says so even when there is nothing to read.
///
/// # Errors
/// What the server answers; everything acknowledged before is kept.
pub async fn ingest(
    client: &Client,
    source: Source,
    revision: String,
    interactions: mpsc::Receiver<pb::Interaction>,
    progress: impl Fn(i64),
) -> Result<Summary, Fault> {
    let (sender, requests) = mpsc::channel(AHEAD);
    let opening = pb::IngestRequest {
        tenant_id: client.tenant.clone(),
        source: Some(pb::BatchSource { source: Some(source) }),
        revision,
        ..Default::default()
    };
    let sending = tokio::spawn(send(opening, interactions, sender));
    let mut service = IngestionServiceClient::new(client.link.clone()).max_decoding_message_size(ANSWER_LIMIT);
    let mut answers = told(service.ingest(ReceiverStream::new(requests)).await)?;
    let mut summary = Summary::default();
    while let Some(answer) = answers.message().await.map_err(|status| fault_of(&status))? {
        summary.add(answer.outcome.unwrap_or_default());
        progress(summary.read);
    }
    sending.await.map_err(|_| Fault::internal("reading ended early"))?;
    Ok(summary)
}

/// Sends `opening` again and again, each time with as much as fits.
async fn send(opening: pb::IngestRequest, mut interactions: mpsc::Receiver<pb::Interaction>, sender: mpsc::Sender<pb::IngestRequest>) {
    let mut batch = opening.clone();
    let mut bytes = 0;
    let mut sent = 0;
    loop {
        let next = interactions.recv().await;
        let size = next.as_ref().map_or(0, Message::encoded_len);
        let full = batch.interactions.len() == BATCH || (bytes + size > BATCH_BYTES && !batch.interactions.is_empty());
        let last = next.is_none() && (sent == 0 || !batch.interactions.is_empty());
        if full || last {
            sent += 1;
            batch.sequence = sent;
            bytes = 0;
            if sender.send(std::mem::replace(&mut batch, opening.clone())).await.is_err() {
                return;
            }
        }
        let Some(next) = next else { return };
        bytes += size;
        batch.interactions.push(next);
    }
}

impl Summary {
    /// Adds what became of another source; its revision is the later one.
    pub fn join(&mut self, other: Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.malformed += other.malformed;
        self.copies += other.copies;
        for (reason, count) in other.ignored {
            *self.ignored.entry(reason).or_default() += count;
        }
        self.revision = other.revision;
    }

    fn add(&mut self, outcome: pb::BatchOutcome) {
        self.read += outcome.accepted + outcome.duplicate + outcome.ignored + outcome.malformed;
        self.accepted += outcome.accepted;
        self.duplicate += outcome.duplicate;
        self.malformed += outcome.malformed;
        self.copies += outcome.copies;
        for result in outcome.results.iter().filter(|result| result.code() == pb::OutcomeCode::Ignored) {
            *self.ignored.entry(result.ignored_reason().as_str_name().trim_start_matches("IGNORED_REASON_")).or_default() += 1;
        }
        self.revision = outcome.revision;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the batches that interactions of these many references each are sent in.
    async fn check(references: &[usize]) -> Vec<usize> {
        let (give, given) = mpsc::channel(references.len() + 1);
        for count in references {
            let email = pb::Email { references: vec!["x".repeat(1_000); *count], ..Default::default() };
            give.send(pb::Interaction { detail: Some(pb::interaction::Detail::Email(email)), ..Default::default() }).await.unwrap();
        }
        drop(give);
        let (sender, mut sent) = mpsc::channel(references.len() + 2);
        send(pb::IngestRequest { tenant_id: "a".to_owned(), ..Default::default() }, given, sender).await;
        let mut sizes = Vec::new();
        while let Some(batch) = sent.recv().await {
            assert_eq!((batch.tenant_id.as_str(), batch.sequence), ("a", sizes.len() as u64 + 1));
            sizes.push(batch.interactions.len());
        }
        sizes
    }

    #[tokio::test]
    async fn batches_fit_a_message_however_heavy_the_mail() {
        assert_eq!(check(&[]).await, [0], "a source is asked even when there is nothing to send");
        assert_eq!(check(&[0; 2_500]).await, [1_000, 1_000, 500]);
        assert_eq!(check(&[0; 1_000]).await, [1_000]);
        assert_eq!(check(&[1_500, 1_500, 100, 3_000, 1]).await, [1, 2, 1, 1]);
    }
}
