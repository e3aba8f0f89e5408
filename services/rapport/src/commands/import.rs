//! `rapport import`: reads files and sends what they tell.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use connectors::{Unreadable, mbox};
use contracts::common::v1::{Purpose, Source as Origin};
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use contracts::consent::v1::{CheckConsentRequest, GetTenantRequest, Tenant, UpdateTenantRequest};
use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::batch_source::Source;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;
use vocabulary::{Fault, Kind, Reason};

use crate::cli::Import;
use crate::client::{Client, told};
use crate::ingest::{BATCH, Summary, ingest};
use crate::output::{counted, said, thousands};
use crate::{convert, lines};

/// How many messages that could not be read are told one by one.
const TOLD: usize = 20;

/// Runs the command.
///
/// # Errors
/// When a file cannot be opened or broke off, and what the server answers.
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
    let style = ProgressStyle::with_template("{spinner} {human_pos} messages  {per_sec}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let (interactions, reading) = parse(&command.files)?;
    let sent = ingest(&client, source, String::new(), interactions, |done| bar.set_position(done.unsigned_abs())).await;
    bar.finish_and_clear();
    let mut summary = match sent {
        Err(fault) if fault.reason == Reason::NoConsent => return Err(with_gate(&client, command.mailbox, fault).await),
        sent => sent?,
    };
    let unread = reading.join().map_err(|_| Fault::internal("reading ended early"))?;
    summary.read += unread.messages;
    summary.malformed += unread.messages;
    for line in &unread.told {
        said(writeln!(std::io::stderr(), "{line}"))?;
    }
    let untold = unread.messages + unread.broken - unread.told.len() as i64;
    if untold > 0 {
        said(writeln!(std::io::stderr(), "and {untold} more"))?;
    }
    if command.json { print_json(&summary, out) } else { print(&summary, out) }?;
    match unread.broken {
        0 => Ok(()),
        broken => {
            let message = format!("{} broke off; everything before was read", counted(broken, "archive"));
            Err(Fault::new(Kind::InvalidArgument, Reason::InvalidFields, message))
        }
    }
}

/// Names the gate that keeps a mailbox closed, as far as the caller may know.
async fn with_gate(client: &Client, mailbox: Option<String>, fault: Fault) -> Fault {
    let request = CheckConsentRequest {
        tenant_id: client.tenant.clone(),
        user: mailbox.unwrap_or_default(),
        purpose: Purpose::Unspecified.into(),
        source: Origin::Mailbox.into(),
        ..Default::default()
    };
    match told(ConsentServiceClient::new(client.link.clone()).check_consent(request).await) {
        Ok(checked) if !checked.allowed => {
            let gate = checked.closed_gate().as_str_name().trim_start_matches("GATE_").to_lowercase().replace('_', " ");
            Fault { message: format!("{} (closed gate: {gate})", fault.message), ..fault }
        }
        _ => fault,
    }
}

/// What a parser could not read.
#[derive(Debug, Default)]
struct Unread {
    /// Messages.
    messages: i64,
    /// Archives that broke off.
    broken: i64,
    /// The first of both, for people.
    told: Vec<String>,
}

/// Reads the files on a thread of their own; the channel is what bounds how far it runs ahead.
fn parse(files: &[PathBuf]) -> Result<(mpsc::Receiver<pb::Interaction>, JoinHandle<Unread>), Fault> {
    let mut archives = Vec::new();
    for file in files {
        let archive = mbox::open(file).map_err(|error| Fault::invalid_field("file", format!("{}: {error}", file.display())))?;
        archives.push((file.clone(), archive));
    }
    let (sender, receiver) = mpsc::channel(2 * BATCH);
    let reading = std::thread::spawn(move || {
        let mut unread = Unread::default();
        for (file, archive) in archives {
            for message in archive {
                match message {
                    Ok(parsed) => {
                        if sender.blocking_send(convert::interaction(parsed.interaction)).is_err() {
                            return unread;
                        }
                    }
                    Err(refused) => {
                        let broken = matches!(refused.reason, Unreadable::Truncated | Unreadable::Failed(_));
                        unread.broken += i64::from(broken);
                        unread.messages += i64::from(!broken);
                        if unread.told.len() < TOLD {
                            unread.told.push(format!("{}: {refused}", file.display()));
                        }
                    }
                }
            }
        }
        unread
    });
    Ok((receiver, reading))
}

/// Adds the addresses of a file to the tenant's known lists.
async fn add_lists(client: &Client, file: &Path) -> Result<(), Fault> {
    let text = lines::text(file)?;
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
