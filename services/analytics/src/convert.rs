//! Messages to the domain's words and back: the only place of the service where both appear. Field violations end here.

mod deletion;
mod export;
mod fields;
mod question;
mod record;
mod relationship;
pub mod stored;

use contracts::common::v1 as common;
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Timestamp, Violation};

pub use deletion::deletion;
pub use export::{Exporting, exported, exported_timeline, exporting};
pub use question::{GridQuestion, about, grid, list, one};
pub use record::{Draft, draft, message as record_message, upserted};
pub use relationship::message as relationship_message;

/// The longest id of a record, in characters.
const LONGEST_ID: usize = 128;

/// Whether a text can be the id of a record: 1 to 128 printable characters.
fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The name of a record, or what is wrong with it.
fn reference(field: &str, message: Option<&common::RecordRef>) -> Result<RecordRef, Violation> {
    let named = message.ok_or_else(|| Violation::new(field, "names no record"))?;
    let kind = record_kind(named.kind())
        .ok_or_else(|| Violation::new(format!("{field}.kind"), "must be a contact, account, lead or opportunity"))?;
    if !is_id(&named.record_id) {
        return Err(Violation::new(format!("{field}.record_id"), "must be 1 to 128 printable characters"));
    }
    Ok(RecordRef { kind, id: named.record_id.as_str().into() })
}

fn record_kind(kind: common::RecordKind) -> Option<RecordKind> {
    match kind {
        common::RecordKind::Unspecified => None,
        common::RecordKind::Contact => Some(RecordKind::Contact),
        common::RecordKind::Account => Some(RecordKind::Account),
        common::RecordKind::Lead => Some(RecordKind::Lead),
        common::RecordKind::Opportunity => Some(RecordKind::Opportunity),
    }
}

fn reference_message(reference: &RecordRef) -> common::RecordRef {
    let kind = match reference.kind {
        RecordKind::Contact => common::RecordKind::Contact,
        RecordKind::Account => common::RecordKind::Account,
        RecordKind::Lead => common::RecordKind::Lead,
        RecordKind::Opportunity => common::RecordKind::Opportunity,
    };
    common::RecordRef { kind: kind.into(), record_id: reference.id.to_string() }
}

fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: instant.seconds(), nanos: instant.subsecond_nanos() }
}

/// The instant of a message; none when it is out of range.
fn instant(message: &prost_types::Timestamp) -> Option<Timestamp> {
    let nanos = u32::try_from(message.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let micros = message.seconds.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?;
    Some(Timestamp::from_micros(micros))
}
