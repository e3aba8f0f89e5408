//! `rapport ledger`: what was decided, as the suite tells it, and as anybody can verify it without the suite.

use std::fs;
use std::io::{Read as _, Write};
use std::path::Path;

use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use ledger::{Checkpoint, Disclosed, Hash, Verified, Verifier, leaf_hash, verify_inclusion};
use pb::consent_event_body::About;
use runtime::Link;
use vocabulary::{Fault, Kind, Reason};

use crate::cli::{EventKind, Ledger};
use crate::client::{Client, from_timestamp, told};
use crate::json::Json;
use crate::output::{counted, said, table};

/// Events that one answer holds.
const PAGE: i32 = 1000;

/// Runs the command.
///
/// # Errors
/// What the server answers; LEDGER_CHANGED when an export or a proof is not what was signed.
pub async fn run(command: Ledger, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Ledger::Events { user, kinds, since, until, json, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let kinds = kinds.into_iter().map(|kind| wanted(kind).into()).collect();
            let (since_time, until_time) = (instant("--since", since.as_deref())?, instant("--until", until.as_deref())?);
            let request = pb::ListConsentEventsRequest { tenant_id: tenant, user, kinds, since_time, until_time, ..Default::default() };
            show(&listed(link, request, i64::MAX).await?, json, out)
        }
        Ledger::Checkpoint { key, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let answer = checkpoint(&link, &tenant).await?;
            if key { said(writeln!(out, "{}", answer.verifier_key)) } else { said(write!(out, "{}", answer.checkpoint)) }
        }
        Ledger::Export { file, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            // First, so that what is decided meanwhile is not in it.
            let answer = checkpoint(&link, &tenant).await?;
            let request = pb::ListConsentEventsRequest { tenant_id: tenant, ..Default::default() };
            let events = listed(link, request, answer.ledger_size).await?;
            let text = exported(&events, &answer)?;
            if file == Path::new("-") {
                return said(write!(out, "{text}"));
            }
            fs::write(&file, text).map_err(|error| Fault::invalid_field("file", format!("cannot be written: {error}")))?;
            said(writeln!(out, "{} written to {}", counted(answer.ledger_size, "event"), file.display()))
        }
        Ledger::Verify { file, key, older } => {
            let key = key.as_deref().map(|key| Verifier::parse(key).ok_or_else(|| Fault::invalid_field("--key", "is no key of a ledger")));
            let (text, older) = (read(&file)?, older.as_deref().map(read).transpose()?);
            verified(&ledger::verify(&text, key.transpose()?.as_ref(), older.as_deref()), out)
        }
        Ledger::Prove { index, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let key = checkpoint(&link, &tenant).await?.verifier_key;
            let request = pb::ProveConsentEventRequest { tenant_id: tenant, index, ..Default::default() };
            let proof = told(ConsentServiceClient::new(link).prove_consent_event(request).await)?;
            let size = proven(&proof, &key)?;
            show(proof.event.as_slice(), false, out)?;
            said(writeln!(out, "stands in the ledger of {}, as its signed root shows", counted(size, "event")))
        }
        Ledger::Text { version, target } => {
            let Client { link, .. } = Client::of(&target).await?;
            let text = told(ConsentServiceClient::new(link).get_consent_text(pb::GetConsentTextRequest { version }).await)?;
            said(write!(out, "{}", text.text))
        }
    }
}

async fn checkpoint(link: &Link, tenant: &str) -> Result<pb::GetCheckpointResponse, Fault> {
    let request = pb::GetCheckpointRequest { tenant_id: tenant.to_owned(), ..Default::default() };
    told(ConsentServiceClient::new(link.clone()).get_checkpoint(request).await)
}

/// The events, page by page, those whose places are below `end`.
async fn listed(link: Link, mut request: pb::ListConsentEventsRequest, end: i64) -> Result<Vec<pb::ConsentEvent>, Fault> {
    let (mut consents, mut events) = (ConsentServiceClient::new(link), Vec::new());
    request.page_size = PAGE;
    loop {
        let page = told(consents.list_consent_events(request.clone()).await)?;
        let over = page.next_page_token.is_empty() || page.events.last().is_some_and(|event| event.index >= end);
        events.extend(page.events.into_iter().filter(|event| event.index < end));
        if over {
            return Ok(events);
        }
        request.page_token = page.next_page_token;
    }
}

fn exported(events: &[pb::ConsentEvent], checkpoint: &pb::GetCheckpointResponse) -> Result<String, Fault> {
    let part = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_vec());
    let disclosed =
        |event: &pb::ConsentEvent| Disclosed { leaf: event.leaf.clone(), body: part(&event.salted_body), actor: part(&event.salted_actor) };
    let verifier = Verifier::parse(&checkpoint.verifier_key).ok_or_else(|| Fault::internal("the answer names no key"))?;
    Ok(ledger::write(&events.iter().map(disclosed).collect::<Vec<_>>(), &verifier, &checkpoint.checkpoint))
}

fn verified(verified: &Verified, out: &mut impl Write) -> Result<(), Fault> {
    if !verified.findings.is_empty() {
        for finding in &verified.findings {
            said(writeln!(out, "{finding}"))?;
        }
        return Err(changed("the export is not what was signed"));
    }
    let size = verified.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    said(writeln!(out, "{}, each as it was signed, in order, none missing", counted(size as i64, "event")))?;
    said(writeln!(out, "signed by {}", verified.key))
}

/// The size of the ledger in which a proof shows its event.
fn proven(proof: &pb::ProveConsentEventResponse, key: &str) -> Result<i64, Fault> {
    let holds = || {
        let signed = Checkpoint::open(&proof.checkpoint, &Verifier::parse(key)?).ok()?;
        let hashes: Vec<_> = proof.inclusion.iter().map(|hash| hash.as_slice().try_into().map(Hash)).collect::<Result<_, _>>().ok()?;
        let event = proof.event.as_ref()?;
        let index = u64::try_from(event.index).ok()?;
        verify_inclusion(&leaf_hash(&event.leaf), index, signed.size, &hashes, &signed.root).then_some(signed.size as i64)
    };
    holds().ok_or_else(|| changed("the proof does not show the event in the signed ledger"))
}

fn changed(message: &str) -> Fault {
    Fault::new(Kind::FailedPrecondition, Reason::LedgerChanged, message)
}

fn show(events: &[pb::ConsentEvent], json: bool, out: &mut impl Write) -> Result<(), Fault> {
    if json {
        let json = Json::new()?;
        return events.iter().try_for_each(|event| said(writeln!(out, "{}", json.write("rapport.consent.v1.ConsentEvent", event)?)));
    }
    let mut rows = vec![[">event", "time", "what", "about", "by"].map(str::to_owned).to_vec()];
    rows.extend(events.iter().map(|event| {
        let time = event.time.as_ref().map(|time| from_timestamp(time).to_string()).unwrap_or_default();
        vec![event.index.to_string(), time, word(event.kind().as_str_name(), "CONSENT_EVENT_KIND_"), about(event), by(event)]
    }));
    table(out, 0, &rows)
}

fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase().replace('_', " ")
}

/// What an event is about, in a few words.
fn about(event: &pb::ConsentEvent) -> String {
    let Some(body) = &event.body else { return "(erased)".to_owned() };
    let word = match &body.about {
        None => String::new(),
        Some(About::Tenant(tenant)) => format!("window {} days", tenant.data_window_days),
        Some(About::Grant(grant)) => format!("text {}, {}", grant.text_version, grant.legal_basis),
        Some(About::End(end)) => end.purposes().map(|purpose| word(purpose.as_str_name(), "PURPOSE_")).collect::<Vec<_>>().join(", "),
        Some(About::Application(application)) => application.application_id.clone(),
        Some(About::Group(group)) if group.opt_outs.is_empty() => group.group_id.clone(),
        Some(About::Group(group)) => format!("{}, opted out", group.group_id),
        Some(About::Directory(directory)) => format!(
            "{} added, {} changed, {} departed, {} returned",
            directory.added, directory.changed, directory.departed, directory.returned
        ),
        Some(About::Choice(choice)) => {
            let chosen = |purposes: &mut dyn Iterator<Item = contracts::common::v1::Purpose>, verb: &str| {
                let purposes: Vec<_> = purposes.map(|purpose| word(purpose.as_str_name(), "PURPOSE_")).collect();
                (!purposes.is_empty()).then(|| format!("{verb} {}", purposes.join(", ")))
            };
            let parts = [chosen(&mut choice.opted_out(), "out of"), chosen(&mut choice.opted_in(), "into")];
            let parts: Vec<_> = [Some(event.user.clone())].into_iter().chain(parts).flatten().filter(|part| !part.is_empty()).collect();
            parts.join(" ")
        }
        Some(About::Erasure(erasure)) => format!("erasure {}, {}", erasure.number, word(erasure.kind().as_str_name(), "ERASURE_KIND_")),
        Some(About::Names(names)) => format!("generation {}", names.generation),
    };
    let count = |number: i64, verb: &str| (number > 0).then(|| format!("{} {verb}", counted(number, "mailbox")));
    let counts = [count(body.mailboxes_opened, "opened"), count(body.mailboxes_closed, "closed")];
    [Some(word)].into_iter().chain(counts).flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn by(event: &pb::ConsentEvent) -> String {
    match &event.actor {
        None => "(erased)".to_owned(),
        Some(_) if !event.actor_user.is_empty() => event.actor_user.clone(),
        Some(actor) => word(actor.kind().as_str_name(), "CONSENT_ACTOR_KIND_"),
    }
}

fn read(file: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(file).map(|held| text = held)
    };
    read.map_err(|error| Fault::invalid_field(file.display().to_string(), format!("cannot be read: {error}")))?;
    Ok(text)
}

fn instant(option: &str, text: Option<&str>) -> Result<Option<prost_types::Timestamp>, Fault> {
    let wrong = |_| Fault::invalid_field(option, "must be as 2026-05-04T00:00:00Z");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

const fn wanted(kind: EventKind) -> pb::ConsentEventKind {
    match kind {
        EventKind::TenantCreated => pb::ConsentEventKind::TenantCreated,
        EventKind::TenantChanged => pb::ConsentEventKind::TenantChanged,
        EventKind::ConsentGranted => pb::ConsentEventKind::ConsentGranted,
        EventKind::ConsentWithdrawn => pb::ConsentEventKind::ConsentWithdrawn,
        EventKind::ConsentEnded => pb::ConsentEventKind::ConsentEnded,
        EventKind::ApplicationChanged => pb::ConsentEventKind::ApplicationChanged,
        EventKind::GroupChanged => pb::ConsentEventKind::GroupChanged,
        EventKind::DirectoryChanged => pb::ConsentEventKind::DirectoryChanged,
        EventKind::UserChose => pb::ConsentEventKind::UserChose,
        EventKind::Erased => pb::ConsentEventKind::Erased,
        EventKind::ErasedNamed => pb::ConsentEventKind::ErasedNamed,
        EventKind::NamesReplaced => pb::ConsentEventKind::NamesReplaced,
        EventKind::MailboxesChanged => pb::ConsentEventKind::MailboxesChanged,
    }
}
