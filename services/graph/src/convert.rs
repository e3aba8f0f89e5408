//! Messages into the service's words and back. Field violations end here.

use std::ops::RangeInclusive;

use consent_client::UserMirror;
use contracts::common::v1 as common;
use contracts::graph::v1 as pb;
use contracts::graph::v1::list_introducers_request::Target;
use graph_domain::{Evidence, Introducer, Kind, Standing};
use measures::strength::{Direction, Label};
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, Fault, Revision, Subject, TenantId, Timestamp, Violation};

const PAGE_SIZE: usize = 5;
const PAGE_SIZES: RangeInclusive<i32> = 0..=100;
const LONGEST_RECORD_ID: usize = 128;

/// Who knows somebody, as it was asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The tenant.
    pub tenant: TenantId,
    /// Whom.
    pub whom: Whom,
    /// The instant, if one is named.
    pub as_of: Option<Timestamp>,
    /// From 1.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
    /// What the answer must know of.
    pub demanded: Revision,
}

/// Whom a question is about.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A person.
    Address(Address),
    /// The people of a record.
    Record(common::RecordRef),
}

/// Reads a request; `now` bounds the instant it may ask about.
///
/// # Errors
/// INVALID_ARGUMENT with every field that is wrong; REVISION_INVALID.
pub fn question(request: pb::ListIntroducersRequest, now: Timestamp) -> Result<Question, Fault> {
    let mut violations = Vec::new();
    let mut wrong = |field: &str, description: String| violations.push(Violation::new(field, description));
    let tenant = TenantId::parse(&request.tenant_id).map_err(|error| wrong("tenant_id", error.to_string())).ok();
    let whom = match request.target {
        Some(Target::Address(text)) => Address::parse(&text).map(Whom::Address).map_err(|error| wrong("address", error.to_string())).ok(),
        Some(Target::Record(record)) => {
            let named = (1..=LONGEST_RECORD_ID).contains(&record.record_id.chars().count());
            let printable = !record.record_id.chars().any(char::is_control);
            if record.kind() == common::RecordKind::Unspecified {
                wrong("record.kind", "must be a contact, an account, a lead or an opportunity".into());
            }
            if !named || !printable {
                wrong("record.record_id", "must be 1 to 128 printable characters".into());
            }
            Some(Whom::Record(record))
        }
        None => {
            wrong("target", "names nobody: an address or a record is needed".into());
            None
        }
    };
    let as_of = request.as_of.and_then(|instant| {
        let parsed = instant_of(&instant);
        match parsed {
            None => wrong("as_of", "is no instant".into()),
            Some(at) if at > now => wrong("as_of", "lies in the future".into()),
            Some(_) => {}
        }
        parsed
    });
    if !PAGE_SIZES.contains(&request.page_size) {
        wrong("page_size", "must be from 1 to 100, or 0 for 5".into());
    }
    let (Some(tenant), Some(whom), true) = (tenant, whom, violations.is_empty()) else {
        return Err(Fault::invalid(violations));
    };
    let page_size = usize::try_from(request.page_size).ok().filter(|size| *size > 0).unwrap_or(PAGE_SIZE);
    let demanded = Revision::parse(&request.revision)?;
    Ok(Question { tenant, whom, as_of, page_size, page_token: request.page_token, demanded })
}

/// About whom a question counts: the person, whom `person` finds, or the record.
pub fn asked_about(whom: &Whom, person: impl FnOnce(&Address) -> Subject) -> Option<Subject> {
    match whom {
        Whom::Address(address) => Some(person(address)),
        Whom::Record(record) => {
            let kind = match record.kind() {
                common::RecordKind::Unspecified => return None,
                common::RecordKind::Contact => RecordKind::Contact,
                common::RecordKind::Account => RecordKind::Account,
                common::RecordKind::Lead => RecordKind::Lead,
                common::RecordKind::Opportunity => RecordKind::Opportunity,
            };
            Some(Subject::Record(RecordRef { kind, id: record.record_id.as_str().into() }))
        }
    }
}

/// An introducer on the wire; `contact` is whom of a record's people they know.
pub fn introducer(introducer: Introducer, user: &UserMirror, contact: Option<&Address>) -> pb::Introducer {
    let (tier, strength, word) = match introducer.standing {
        Standing::Enhanced { score, label: word } => (pb::TieTier::Enhanced, Some(i32::from(score)), label(word)),
        Standing::Basic { .. } => (pb::TieTier::Basic, None, pb::StrengthLabel::Unspecified),
    };
    pb::Introducer {
        display_name: user.display_name.clone(),
        address: user.address().map(|address| address.as_str().to_owned()).unwrap_or_default(),
        strength,
        label: word.into(),
        last_interaction_time: Some(timestamp(introducer.last.time)),
        last_interaction_kind: kind(introducer.last.kind).into(),
        last_interaction_direction: direction(introducer.last.direction).into(),
        evidence: Some(evidence(&introducer.evidence)),
        reasons: introducer.reasons,
        tier: tier.into(),
        contact_address: contact.map(|address| address.as_str().to_owned()).unwrap_or_default(),
    }
}

/// An instant on the wire.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: instant.seconds(), nanos: instant.subsecond_nanos() }
}

fn instant_of(instant: &prost_types::Timestamp) -> Option<Timestamp> {
    let nanos = u32::try_from(instant.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let micros = instant.seconds.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?;
    Some(Timestamp::from_micros(micros))
}

fn evidence(evidence: &Evidence) -> pb::TieEvidence {
    pb::TieEvidence {
        sent: evidence.sent.into(),
        received: evidence.received.into(),
        active_days: i32::try_from(evidence.active_days).unwrap_or(i32::MAX),
        last_two_way_time: evidence.last_two_way_day.map(|day| timestamp(day.start())),
        one_to_one_share: evidence.one_to_one_share,
        half_life_days: evidence.half_life.map_or(0, |half_life| half_life.days().into()),
        one_sided: evidence.one_sided,
    }
}

const fn label(label: Label) -> pb::StrengthLabel {
    match label {
        Label::Strong => pb::StrengthLabel::Strong,
        Label::Medium => pb::StrengthLabel::Medium,
        Label::Weak => pb::StrengthLabel::Weak,
        // Never listed, so never sent.
        Label::Dormant => pb::StrengthLabel::Unspecified,
    }
}

const fn kind(kind: Kind) -> common::InteractionKind {
    match kind {
        Kind::Email => common::InteractionKind::Email,
        Kind::Meeting => common::InteractionKind::Meeting,
        Kind::Call => common::InteractionKind::Call,
    }
}

const fn direction(direction: Direction) -> common::Direction {
    match direction {
        Direction::Outbound => common::Direction::Sent,
        Direction::Inbound => common::Direction::Received,
        Direction::Both => common::Direction::Mutual,
    }
}
