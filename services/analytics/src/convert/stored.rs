//! Records at rest.

use std::collections::HashMap;

use analytics_domain::{Party, Record};
use contracts::analytics::v1 as pb;
use prost::Message;
use vocabulary::{Address, Fault, PersonId};

use super::record::{draft, message};

/// A record as it is sealed.
pub fn bytes(record: &Record) -> Vec<u8> {
    let stakeholders = record.stakeholders.iter().filter_map(|stakeholder| match &stakeholder.party {
        Party::Address(known) => Some(known),
        Party::Contact(_) => None,
    });
    let people = record.addresses.iter().chain(stakeholders);
    let people = people.map(|known| pb::StoredPerson { address: known.address.as_str().to_owned(), person_id: known.person.0 });
    pb::StoredRecord { record: Some(message(record)), people: people.collect(), position: record.version }.encode_to_vec()
}

/// The record of what [`bytes`] wrote.
///
/// # Errors
/// INTERNAL when it is not what was written.
pub fn record(bytes: &[u8]) -> Result<Record, Fault> {
    let damaged = || Fault::internal("a kept record cannot be read");
    let stored = pb::StoredRecord::decode(bytes).map_err(|_| damaged())?;
    let people = stored.people.into_iter().map(|person| Some((Address::parse(&person.address).ok()?, PersonId(person.person_id))));
    let people: HashMap<Address, PersonId> = people.collect::<Option<_>>().ok_or_else(damaged)?;
    let draft = draft(stored.record.ok_or_else(damaged)?).map_err(|_| damaged())?;
    let record = draft.record(&people).map_err(|_| damaged())?;
    Ok(Record { version: stored.position, ..record })
}
