//! Records: what a CRM may say of one, and how it is said back.

use std::collections::{BTreeSet, HashMap};

use analytics_domain::upsert::Outcome;
use analytics_domain::{Known, Party, Record, Stakeholder, State};
use contracts::analytics::v1 as pb;
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, Etag, PersonId, Violation};

use super::{instant, is_id, reference, reference_message, timestamp};

const MOST_ADDRESSES: usize = 64;
const MOST_PEOPLE: usize = 500;
const LONGEST_NAME: usize = 512;
const LONGEST_TEXT: usize = 256;

/// A record whose fields are as they should be, but whose people are not known yet.
#[derive(Debug)]
pub struct Draft {
    message: pb::Record,
    reference: RecordRef,
    owner: Option<Address>,
    team: Vec<Address>,
    addresses: Vec<Address>,
    stakeholders: Vec<Option<Address>>,
}

impl Draft {
    /// The addresses of the people on their side.
    pub fn theirs(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter().chain(self.stakeholders.iter().flatten())
    }

    /// The record, once its people are known. Stakeholders who are not known were erased, and are left out.
    ///
    /// # Errors
    /// When it is about somebody who was erased.
    pub fn record(self, people: &HashMap<Address, PersonId>) -> Result<Record, Violation> {
        let known = |address: Address| Some(Known { person: *people.get(&address)?, address });
        let stakeholders = self.message.stakeholders.into_iter().zip(self.stakeholders).map(|(message, address)| {
            let party = match address {
                Some(address) => Party::Address(known(address)?),
                None => Party::Contact(message.contact_id.into()),
            };
            Some(Stakeholder { party, role: message.role })
        });
        let stakeholders = stakeholders.flatten().collect();
        let addresses = self.addresses.into_iter().map(known).collect::<Option<_>>();
        let addresses = addresses.ok_or_else(|| Violation::new("addresses", "belong to somebody who was erased"))?;
        let id = |id: String| (!id.is_empty()).then(|| id.into());
        let (revenue_minor, state) = (self.message.revenue_minor, state_of(self.message.state));
        Ok(Record {
            reference: self.reference,
            name: self.message.name,
            owner: self.owner,
            team: self.team,
            addresses,
            account: id(self.message.account_id),
            contacts: self.message.contact_ids.into_iter().map(Into::into).collect(),
            primary_contact: id(self.message.primary_contact_id),
            stakeholders,
            state,
            revenue_minor,
            currency: self.message.currency,
            close_time: self.message.close_time.as_ref().and_then(instant),
            create_time: self.message.create_time.as_ref().and_then(instant),
            job_title: self.message.job_title,
            version: 0,
        })
    }
}

/// Reads a record.
///
/// # Errors
/// The first field that is wrong.
pub fn draft(message: pb::Record) -> Result<Draft, Violation> {
    let reference = reference("ref", message.r#ref.as_ref())?;
    fits(&message, reference.kind)?;
    text("name", &message.name, LONGEST_NAME)?;
    text("job_title", &message.job_title, LONGEST_TEXT)?;
    let currency = &message.currency;
    if !(currency.is_empty() || currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Err(Violation::new("currency", "must be three capital letters, as in EUR"));
    }
    for (field, time) in [("close_time", &message.close_time), ("create_time", &message.create_time)] {
        if time.as_ref().is_some_and(|time| instant(time).is_none()) {
            return Err(Violation::new(field, "is no instant"));
        }
    }
    for (field, id) in [("account_id", &message.account_id), ("primary_contact_id", &message.primary_contact_id)] {
        if !(id.is_empty() || is_id(id)) {
            return Err(Violation::new(field, "must be 1 to 128 printable characters"));
        }
    }
    at_most("contact_ids", message.contact_ids.len(), MOST_PEOPLE)?;
    if let Some(wrong) = message.contact_ids.iter().position(|id| !is_id(id)) {
        return Err(Violation::new(format!("contact_ids[{wrong}]"), "must be 1 to 128 printable characters"));
    }
    let owner = if message.owner.is_empty() { None } else { Some(address("owner", &message.owner)?) };
    let team = addresses("team", &message.team, MOST_PEOPLE)?;
    let own = addresses("addresses", &message.addresses, MOST_ADDRESSES)?;
    at_most("stakeholders", message.stakeholders.len(), MOST_PEOPLE)?;
    let stakeholders = message.stakeholders.iter().enumerate().map(|(number, stakeholder)| self::stakeholder(number, stakeholder));
    let stakeholders = stakeholders.collect::<Result<_, _>>()?;
    Ok(Draft { reference, owner, team, addresses: own, stakeholders, message })
}

/// Refuses what a kind of record has no use for.
fn fits(message: &pb::Record, kind: RecordKind) -> Result<(), Violation> {
    let (person, deal) =
        (matches!(kind, RecordKind::Contact | RecordKind::Lead), matches!(kind, RecordKind::Lead | RecordKind::Opportunity));
    let closed = matches!(message.state(), pb::RecordState::Won | pb::RecordState::Lost);
    let rules = [
        ("team", message.team.is_empty() || kind == RecordKind::Opportunity, "only an opportunity has a team"),
        ("addresses", message.addresses.is_empty() || person, "only a contact or lead has addresses"),
        (
            "account_id",
            message.account_id.is_empty() || matches!(kind, RecordKind::Contact | RecordKind::Opportunity),
            "only a contact or opportunity belongs to an account",
        ),
        ("contact_ids", message.contact_ids.is_empty() || kind == RecordKind::Account, "only an account has contacts"),
        (
            "primary_contact_id",
            message.primary_contact_id.is_empty() || matches!(kind, RecordKind::Account | RecordKind::Opportunity),
            "only an account or opportunity has a primary contact",
        ),
        ("stakeholders", message.stakeholders.is_empty() || deal, "only a lead or opportunity has stakeholders"),
        ("state", !closed || deal, "only a lead or opportunity is won or lost"),
        ("job_title", message.job_title.is_empty() || person, "only a contact or lead has a job title"),
    ];
    match rules.into_iter().find(|(_, fits, _)| !fits) {
        Some((field, _, description)) => Err(Violation::new(field, description)),
        None => Ok(()),
    }
}

fn stakeholder(number: usize, message: &pb::Stakeholder) -> Result<Option<Address>, Violation> {
    let field = |name: &str| format!("stakeholders[{number}].{name}");
    text(&field("role"), &message.role, LONGEST_TEXT)?;
    match (message.contact_id.is_empty(), message.address.is_empty()) {
        (true, false) => Ok(Some(address(&field("address"), &message.address)?)),
        (false, true) if is_id(&message.contact_id) => Ok(None),
        (false, true) => Err(Violation::new(field("contact_id"), "must be 1 to 128 printable characters")),
        (true, true) | (false, false) => Err(Violation::new(format!("stakeholders[{number}]"), "must be a contact or an address")),
    }
}

fn address(field: &str, text: &str) -> Result<Address, Violation> {
    Address::parse(text).map_err(|error| Violation::new(field, error.to_string()))
}

/// Addresses in the order in which they came, each once.
fn addresses(field: &str, texts: &[String], most: usize) -> Result<Vec<Address>, Violation> {
    at_most(field, texts.len(), most)?;
    let mut seen = BTreeSet::new();
    let mut addresses = Vec::with_capacity(texts.len());
    for (number, text) in texts.iter().enumerate() {
        let address = address(&format!("{field}[{number}]"), text)?;
        if seen.insert(address.clone()) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), Violation> {
    if count > most { Err(Violation::new(field, format!("must be at most {most}"))) } else { Ok(()) }
}

fn text(field: &str, text: &str, longest: usize) -> Result<(), Violation> {
    if text.chars().count() > longest { Err(Violation::new(field, format!("must be at most {longest} characters"))) } else { Ok(()) }
}

fn state_of(state: i32) -> State {
    match pb::RecordState::try_from(state) {
        Ok(pb::RecordState::Won) => State::Won,
        Ok(pb::RecordState::Lost) => State::Lost,
        Ok(pb::RecordState::Open | pb::RecordState::Unspecified) | Err(_) => State::Open,
    }
}

/// A record on the wire.
pub fn message(record: &Record) -> pb::Record {
    let text = |address: &Address| address.as_str().to_owned();
    let state = match (record.reference.kind, record.state) {
        (RecordKind::Contact | RecordKind::Account, _) => pb::RecordState::Unspecified,
        (RecordKind::Lead | RecordKind::Opportunity, State::Open) => pb::RecordState::Open,
        (RecordKind::Lead | RecordKind::Opportunity, State::Won) => pb::RecordState::Won,
        (RecordKind::Lead | RecordKind::Opportunity, State::Lost) => pb::RecordState::Lost,
    };
    let stakeholders = record.stakeholders.iter().map(|stakeholder| {
        let (contact_id, address) = match &stakeholder.party {
            Party::Contact(id) => (id.to_string(), String::new()),
            Party::Address(known) => (String::new(), text(&known.address)),
        };
        pb::Stakeholder { contact_id, address, role: stakeholder.role.clone() }
    });
    let id = |id: &Option<Box<str>>| id.as_deref().unwrap_or_default().to_owned();
    pb::Record {
        r#ref: Some(reference_message(&record.reference)),
        name: record.name.clone(),
        owner: record.owner.as_ref().map(text).unwrap_or_default(),
        team: record.team.iter().map(text).collect(),
        addresses: record.addresses.iter().map(|known| text(&known.address)).collect(),
        account_id: id(&record.account),
        contact_ids: record.contacts.iter().map(ToString::to_string).collect(),
        primary_contact_id: id(&record.primary_contact),
        stakeholders: stakeholders.collect(),
        state: state.into(),
        revenue_minor: record.revenue_minor,
        currency: record.currency.clone(),
        close_time: record.close_time.map(timestamp),
        create_time: record.create_time.map(timestamp),
        job_title: record.job_title.clone(),
        etag: Etag(record.version).to_string(),
    }
}

/// What became of a record, on the wire.
pub fn upserted(named: Option<contracts::common::v1::RecordRef>, outcome: Result<(Outcome, u64), Violation>) -> pb::UpsertResult {
    let result = pb::UpsertResult { r#ref: named, ..Default::default() };
    match outcome {
        Ok((outcome, version)) => {
            let code = match outcome {
                Outcome::Created => pb::UpsertCode::Created,
                Outcome::Updated => pb::UpsertCode::Updated,
                Outcome::Unchanged => pb::UpsertCode::Unchanged,
            };
            pb::UpsertResult { code: code.into(), etag: Etag(version).to_string(), ..result }
        }
        Err(Violation { field, description }) => pb::UpsertResult { code: pb::UpsertCode::Refused.into(), field, description, ..result },
    }
}
