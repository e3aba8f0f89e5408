//! Whom an answer is about, as it is counted: each record that is shown, and whoever of ours it names.

use analytics_domain::{Party, Record};
use consent_client::Permit;
use vocabulary::{Address, Subject};

/// A record that is shown, with those in the directory whom it names. Outside people on it are counted as the record.
pub fn about<'a>(permit: &'a Permit, record: &'a Record) -> impl Iterator<Item = Subject> + 'a {
    let stakeholders = record.stakeholders.iter().filter_map(|stakeholder| match &stakeholder.party {
        Party::Address(known) => Some(&known.address),
        Party::Contact(_) => None,
    });
    let named = record.owner.iter().chain(&record.team).chain(record.addresses.iter().map(|known| &known.address)).chain(stakeholders);
    [Subject::Record(record.reference.clone())].into_iter().chain(named.filter_map(|address| of_ours(permit, address)))
}

/// Somebody in the directory.
pub fn of_ours(permit: &Permit, address: &Address) -> Option<Subject> {
    permit.user_at(address).map(|user| Subject::User(user.id))
}
