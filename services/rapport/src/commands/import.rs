//! `rapport import`: reads files and sends what they tell, in batches, a few ahead of the answers.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use connectors::{Unreadable, mbox};
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use contracts::consent::v1::{GetTenantRequest, Tenant, UpdateTenantRequest};
use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::batch_source::Source;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use indicatif::{ProgressBar, ProgressStyle};
use runtime::fault_of;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use vocabulary::Fault;

use crate::cli::{Import, ImportMbox};
use crate::client::{ANSWER_LIMIT, Client, told};
use crate::commands::directory::read;
use crate::convert;
use crate::output::{said, thousands};

/// Interactions sent in one message.
const BATCH: usize = 1_000;
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

/// Runs the command.
///
/// # Errors
/// When a file cannot be opened, and what the server answers.
pub async fn run(command: Import, out: &mut impl Write) -> Result<(), Fault> {
    let Import::Mbox(command) = command;
    let client = Client::of(&command.target).await?;
    if let Some(lists) = &command.lists {
        add_lists(&client, lists).await?;
    }
    let source = match &command.mailbox {
        Some(address) => Source::Mailbox(address.clone()),
        None => Source::Journal(pb::JournalSource {}),
    };
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {human_pos} messages  {per_sec}  {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let (interactions, unreadable) = parse(&command)?;
    let mut summary = ingest(&client, source, String::new(), interactions, |done| bar.set_position(done.unsigned_abs())).await?;
    bar.finish_and_clear();
    for Unread { message, told } in unreadable {
        summary.read += i64::from(message);
        summary.malformed += i64::from(message);
        said(writeln!(std::io::stderr(), "{told}"))?;
    }
    if command.json { print_json(&summary, out) } else { print(&summary, out) }
}

/// What a parser could not read: a message, or, where an archive broke off, only word of it.
struct Unread {
    message: bool,
    told: String,
}

/// Reads the files on a thread of their own; the channel is what bounds how far it runs ahead.
fn parse(command: &ImportMbox) -> Result<(mpsc::Receiver<pb::Interaction>, std::sync::mpsc::Receiver<Unread>), Fault> {
    let mut archives = Vec::new();
    for file in &command.files {
        let archive = mbox::open(file).map_err(|error| Fault::invalid_field("file", format!("{}: {error}", file.display())))?;
        archives.push((file.clone(), archive));
    }
    let (sender, receiver) = mpsc::channel(2 * BATCH);
    let (refuse, refused) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for (file, archive) in archives {
            for message in archive {
                match message {
                    Ok(parsed) => {
                        if sender.blocking_send(convert::interaction(parsed.interaction)).is_err() {
                            return;
                        }
                    }
                    Err(refused) => {
                        let message = !matches!(refused.reason, Unreadable::Truncated | Unreadable::Failed(_));
                        let _closed = refuse.send(Unread { message, told: format!("{}: {refused}", file.display()) });
                    }
                }
            }
        }
    });
    Ok((receiver, refused))
}

/// Sends interactions, from `revision` on, and adds up what became of them.
///
/// # Errors
/// What the server answers; everything acknowledged before is kept.
pub async fn ingest(
    client: &Client,
    source: Source,
    revision: String,
    mut interactions: mpsc::Receiver<pb::Interaction>,
    progress: impl Fn(i64),
) -> Result<Summary, Fault> {
    let (sender, requests) = mpsc::channel(AHEAD);
    let tenant_id = client.tenant.clone();
    let sending = tokio::spawn(async move {
        let source = pb::BatchSource { source: Some(source) };
        let mut sequence = 0;
        let mut batch = Vec::with_capacity(BATCH);
        while interactions.recv_many(&mut batch, BATCH).await > 0 {
            loop {
                let room = BATCH - batch.len();
                if room == 0 || interactions.recv_many(&mut batch, room).await == 0 {
                    break;
                }
            }
            sequence += 1;
            let interactions = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            let request = pb::IngestRequest {
                tenant_id: tenant_id.clone(),
                source: Some(source.clone()),
                interactions,
                sequence,
                revision: revision.clone(),
            };
            if sender.send(request).await.is_err() {
                return;
            }
        }
    });
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

/// Adds the addresses of a file to the tenant's known lists.
async fn add_lists(client: &Client, file: &Path) -> Result<(), Fault> {
    let text = read(file)?;
    let named = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned);
    let mut tenants = TenantServiceClient::new(client.link.clone());
    let held = told(tenants.get_tenant(GetTenantRequest { tenant_id: client.tenant.clone() }).await)?.tenant.unwrap_or_default();
    let mut known_lists = held.known_lists;
    known_lists.extend(named);
    known_lists.sort_unstable();
    known_lists.dedup();
    let tenant = Some(Tenant { known_lists, ..Default::default() });
    let request = UpdateTenantRequest { tenant_id: client.tenant.clone(), tenant, etag: held.etag, ..Default::default() };
    told(tenants.update_tenant(request).await).map(drop)
}

fn print(summary: &Summary, out: &mut impl Write) -> Result<(), Fault> {
    let mut line = |label: &str, count: i64| said(writeln!(out, "{:>12}  {label}", thousands(count)));
    line("messages read", summary.read)?;
    line("accepted", summary.accepted)?;
    line("duplicate", summary.duplicate)?;
    for (reason, count) in &summary.ignored {
        line(&format!("ignored: {}", reason.to_lowercase().replace('_', " ")), *count)?;
    }
    line("malformed", summary.malformed)?;
    line("copies stored", summary.copies)
}

fn print_json(summary: &Summary, out: &mut impl Write) -> Result<(), Fault> {
    let Summary { read, accepted, duplicate, ignored, malformed, copies, revision } = summary;
    let value = serde_json::json!({
        "read": read, "accepted": accepted, "duplicate": duplicate, "ignored": ignored, "malformed": malformed, "copies": copies,
        "revision": revision,
    });
    said(writeln!(out, "{value:#}"))
}
