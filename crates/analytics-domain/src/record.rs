//! A CRM record as it is kept: contacts, accounts, leads and opportunities in one shape, as the CRM tells them.

use vocabulary::entry::RecordRef;
use vocabulary::{Address, PersonId, Timestamp};

/// An address of somebody outside, with the person it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    /// The address.
    pub address: Address,
    /// Whose it is.
    pub person: PersonId,
}

/// Somebody with a part in a lead or opportunity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakeholder {
    /// Who.
    pub party: Party,
    /// The part they have, in the CRM's own words.
    pub role: String,
}

/// How a record names somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// A contact of the CRM, by record id.
    Contact(Box<str>),
    /// An address without a contact.
    Address(Known),
}

/// How a lead or opportunity stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Open, or not said.
    #[default]
    Open,
    /// Won, or qualified.
    Won,
    /// Lost, or disqualified.
    Lost,
}

/// A CRM record. Debug shows its id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Which record.
    pub reference: RecordRef,
    /// Its name, for people.
    pub name: String,
    /// Its owner, one of ours.
    pub owner: Option<Address>,
    /// The sales team besides the owner; opportunities.
    pub team: Vec<Address>,
    /// Addresses of the contact or lead, the primary one first.
    pub addresses: Vec<Known>,
    /// The account it belongs to; contacts and opportunities.
    pub account: Option<Box<str>>,
    /// The account's contacts besides those that name the account themselves.
    pub contacts: Vec<Box<str>>,
    /// The primary contact of an account, the customer contact of an opportunity.
    pub primary_contact: Option<Box<str>>,
    /// Stakeholders; leads and opportunities.
    pub stakeholders: Vec<Stakeholder>,
    /// How it stands; leads and opportunities.
    pub state: State,
    /// Expected or actual revenue, in hundredths of the currency.
    pub revenue_minor: i64,
    /// ISO 4217; may be empty.
    pub currency: String,
    /// Expected or actual close.
    pub close_time: Option<Timestamp>,
    /// When the CRM made it.
    pub create_time: Option<Timestamp>,
    /// The job title; contacts and leads; may be empty.
    pub job_title: String,
    /// Rises with every change of the record.
    pub version: u64,
}

impl Record {
    /// A record of which nothing is known but its name.
    pub fn named(reference: RecordRef) -> Self {
        Self {
            reference,
            name: String::new(),
            owner: None,
            team: Vec::new(),
            addresses: Vec::new(),
            account: None,
            contacts: Vec::new(),
            primary_contact: None,
            stakeholders: Vec::new(),
            state: State::Open,
            revenue_minor: 0,
            currency: String::new(),
            close_time: None,
            create_time: None,
            job_title: String::new(),
            version: 0,
        }
    }

    /// Every address it names: its own, its stakeholders', its owner's and its team's.
    pub fn named_addresses(&self) -> impl Iterator<Item = &Address> {
        let stakeholders = self.stakeholders.iter().filter_map(|stakeholder| match &stakeholder.party {
            Party::Address(known) => Some(&known.address),
            Party::Contact(_) => None,
        });
        self.addresses.iter().map(|known| &known.address).chain(stakeholders).chain(&self.owner).chain(&self.team)
    }

    /// Every contact it names as customer contact, primary contact or stakeholder.
    pub fn named_contacts(&self) -> impl Iterator<Item = &Box<str>> {
        let stakeholders = self.stakeholders.iter().filter_map(|stakeholder| match &stakeholder.party {
            Party::Contact(id) => Some(id),
            Party::Address(_) => None,
        });
        stakeholders.chain(&self.primary_contact)
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({:?})", self.reference)
    }
}
