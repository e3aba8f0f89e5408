//! Messages to our words and back: the only place of the service where both appear.

mod interaction;

use consent_client::{Permit, Side};
use contracts::ingestion::v1 as pb;
use ingestion_domain::{IgnoredReason, RULES_VERSION};
use vocabulary::entry::Version;
use vocabulary::{Address, Fault, Identity, PersonId, TenantId, Timestamp};

use crate::batch::{BatchSource, Outcome, Taken};
use crate::export::Asked;
use crate::known::Sighting;
use crate::mailboxes::Standing;
use crate::people::Question;

pub use interaction::interaction;

/// The most interactions of one batch.
pub const MOST_INTERACTIONS: usize = 5_000;

/// The tenant a request names.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn tenant(text: &str) -> Result<TenantId, Fault> {
    TenantId::parse(text).map_err(|error| Fault::invalid_field("tenant_id", error.to_string()))
}

/// An address that a request names.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn address(field: impl Into<String>, text: &str) -> Result<Address, Fault> {
    Address::parse(text).map_err(|error| Fault::invalid_field(field, error.to_string()))
}

/// Where a batch comes from.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn source(message: Option<pb::BatchSource>) -> Result<BatchSource, Fault> {
    match message.and_then(|message| message.source) {
        Some(pb::batch_source::Source::Mailbox(text)) => Ok(BatchSource::Mailbox(address("source.mailbox", &text)?)),
        Some(pb::batch_source::Source::Journal(_)) => Ok(BatchSource::Journal),
        Some(pb::batch_source::Source::Crm(_)) => Ok(BatchSource::Crm),
        None => Err(Fault::invalid_field("source", "must be a mailbox, the journal or the CRM")),
    }
}

/// The interactions of a batch, still as messages: they are converted one by one, so that one that is wrong stops no other.
///
/// # Errors
/// INVALID_ARGUMENT above [`MOST_INTERACTIONS`].
pub fn interactions(messages: Vec<pb::Interaction>) -> Result<Vec<pb::Interaction>, Fault> {
    if messages.len() > MOST_INTERACTIONS {
        return Err(Fault::invalid_field("interactions", format!("must be at most {MOST_INTERACTIONS}")));
    }
    Ok(messages)
}

/// What is asked of the dictionary.
///
/// # Errors
/// INVALID_ARGUMENT where an id is to be minted for what is no address.
pub fn question(request: pb::ResolvePeopleRequest) -> Result<Question, Fault> {
    let tenant = tenant(&request.tenant_id)?;
    let mut addresses = Vec::with_capacity(request.addresses.len());
    for (number, text) in request.addresses.iter().enumerate() {
        addresses.push(match address(format!("addresses[{number}]"), text) {
            Err(fault) if request.mint => return Err(fault),
            parsed => parsed.ok(),
        });
    }
    let ids = request.person_ids.into_iter().map(PersonId).collect();
    Ok(Question { tenant, addresses, mint: request.mint, ids })
}

/// On which side the directory has an address, in the words of the rules.
pub fn side(permit: &Permit, address: &Address) -> ingestion_domain::Side {
    if permit.is_erased(address) {
        return ingestion_domain::Side::Erased;
    }
    match permit.side(address) {
        Side::Ours(user) => ingestion_domain::Side::Ours(user),
        Side::InsideUnknown => ingestion_domain::Side::InsideUnknown,
        Side::Guest => ingestion_domain::Side::Guest,
        Side::List => ingestion_domain::Side::List,
        Side::Room => ingestion_domain::Side::Room,
        Side::Outside => ingestion_domain::Side::Outside,
    }
}

/// What of an entry decides whether it is known.
pub fn sighting(entry: &pb::Entry) -> Sighting {
    Sighting {
        identity: Identity(u128::from(entry.identity_high) << 64 | u128::from(entry.identity_low)),
        version: Version { sequence: entry.sequence, stamp: Timestamp::from_micros(entry.stamp_micros) },
        time: Timestamp::from_micros(entry.time_micros),
        stub: entry.stub,
    }
}

/// What became of a batch.
pub fn batch_outcome(taken: Taken, revision: String) -> pb::BatchOutcome {
    let mut message = pb::BatchOutcome { copies: taken.copies, revision, ..Default::default() };
    for outcome in &taken.outcomes {
        match outcome {
            Outcome::Accepted => message.accepted += 1,
            Outcome::Duplicate => message.duplicate += 1,
            Outcome::Ignored(_) => message.ignored += 1,
            Outcome::Malformed(_) => message.malformed += 1,
        }
    }
    message.results = taken.outcomes.into_iter().map(interaction_outcome).collect();
    message
}

fn interaction_outcome(outcome: Outcome) -> pb::InteractionOutcome {
    let of = |code: pb::OutcomeCode| pb::InteractionOutcome { code: code.into(), ..Default::default() };
    match outcome {
        Outcome::Accepted => of(pb::OutcomeCode::Accepted),
        Outcome::Duplicate => of(pb::OutcomeCode::Duplicate),
        Outcome::Ignored(reason) => {
            pb::InteractionOutcome { ignored_reason: ignored_reason(reason).into(), ..of(pb::OutcomeCode::Ignored) }
        }
        Outcome::Malformed(violation) => {
            pb::InteractionOutcome { field: violation.field, description: violation.description, ..of(pb::OutcomeCode::Malformed) }
        }
    }
}

/// Adds what became of a batch to the tenant's counts.
pub fn count(tally: &mut pb::StoredTally, outcomes: &[Outcome]) {
    tally.read += outcomes.len() as i64;
    for outcome in outcomes {
        match outcome {
            Outcome::Accepted => tally.accepted += 1,
            Outcome::Duplicate => tally.duplicate += 1,
            Outcome::Malformed(_) => tally.malformed += 1,
            Outcome::Ignored(reason) => {
                let reason = ignored_reason(*reason).into();
                match tally.ignored.iter_mut().find(|held| held.reason == reason) {
                    Some(held) => held.count += 1,
                    None => tally.ignored.push(pb::FilterCount { reason, count: 1 }),
                }
            }
        }
    }
}

/// What was kept out so far, in the order of the rules.
pub fn filter_report(tally: pb::StoredTally) -> pb::GetFilterReportResponse {
    let mut ignored = tally.ignored;
    ignored.sort_by_key(|count| count.reason);
    pb::GetFilterReportResponse {
        rules_version: RULES_VERSION,
        read: tally.read,
        accepted: tally.accepted,
        duplicate: tally.duplicate,
        malformed: tally.malformed,
        ignored,
    }
}

/// How a mailbox stands.
pub fn mailbox(standing: Standing, revision: String) -> pb::GetMailboxResponse {
    let (status, interactions, high_water) = match standing {
        Standing::Never => (pb::MailboxStatus::None, 0, None),
        Standing::Blocked => (pb::MailboxStatus::Blocked, 0, None),
        Standing::Open { interactions: 0, .. } => (pb::MailboxStatus::Activating, 0, None),
        Standing::Open { interactions, high_water } => (pb::MailboxStatus::Active, interactions, high_water),
    };
    let high_water_time = high_water.map(|time| prost_types::Timestamp { seconds: time.seconds(), nanos: time.subsecond_nanos() });
    pb::GetMailboxResponse { status: status.into(), interactions: interactions as i64, high_water_time, revision }
}

const fn ignored_reason(reason: IgnoredReason) -> pb::IgnoredReason {
    match reason {
        IgnoredReason::Automatic => pb::IgnoredReason::Automatic,
        IgnoredReason::NoReplySender => pb::IgnoredReason::NoReplySender,
        IgnoredReason::CalendarNotification => pb::IgnoredReason::CalendarNotification,
        IgnoredReason::Private => pb::IgnoredReason::Private,
        IgnoredReason::OutsideWindow => pb::IgnoredReason::OutsideWindow,
        IgnoredReason::BeforeScope => pb::IgnoredReason::BeforeScope,
        IgnoredReason::ListAuthor => pb::IgnoredReason::ListAuthor,
        IgnoredReason::Suppressed => pb::IgnoredReason::Suppressed,
        IgnoredReason::ListOnly => pb::IgnoredReason::ListOnly,
        IgnoredReason::TooManyPeople => pb::IgnoredReason::TooManyPeople,
        IgnoredReason::OnlyOneself => pb::IgnoredReason::OnlyOneself,
        IgnoredReason::NobodyOfOurs => pb::IgnoredReason::NobodyOfOurs,
        IgnoredReason::NobodyReadable => pb::IgnoredReason::NobodyReadable,
        IgnoredReason::OwnerNotNamed => pb::IgnoredReason::OwnerNotNamed,
    }
}

/// Whose export is asked for.
pub fn exporting(request: &pb::ExportRequest) -> Result<Asked, Fault> {
    let tenant = tenant(&request.tenant_id)?;
    let addresses = request.addresses.iter().enumerate().map(|(at, text)| address(format!("addresses[{at}]"), text));
    Ok(Asked { tenant, addresses: addresses.collect::<Result<_, _>>()? })
}

/// An interaction as it is exported of somebody who is on it; without a participant, of its author.
pub fn exported(
    entry: &pb::Entry,
    address: &Address,
    participant: Option<&pb::EntryParticipant>,
    mailbox: &str,
) -> pb::ExportedInteraction {
    let identity = u128::from(entry.identity_high) << 64 | u128::from(entry.identity_low);
    let time = Timestamp::from_micros(entry.time_micros);
    pb::ExportedInteraction {
        interaction_id: format!("{identity:032x}"),
        mailbox: mailbox.to_owned(),
        kind: entry.kind,
        time: Some(prost_types::Timestamp { seconds: time.seconds(), nanos: time.subsecond_nanos() }),
        address: address.as_str().to_owned(),
        author: participant.is_none(),
        role: participant.map_or(0, |participant| participant.role),
        answer: participant.map_or(0, |participant| participant.answer),
        others: i32::try_from(entry.others).unwrap_or(i32::MAX),
        duration_seconds: i32::try_from(entry.duration_seconds).unwrap_or(i32::MAX),
        cancelled: entry.cancelled,
        regarding: entry.regarding.clone(),
        activity_type: entry.activity_type.clone(),
    }
}
