//! CRM records of the generated company, in one shape for all four kinds, as the record service takes them.

use vocabulary::Timestamp;
use vocabulary::entry::{RecordKind, RecordRef};

/// How a lead or opportunity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// Open; contacts and accounts always are.
    Open,
    /// Won, or qualified.
    Won,
    /// Lost, or disqualified.
    Lost,
}

/// Somebody with a part in a lead or opportunity: a contact of the CRM, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakeholder {
    /// The record id of a contact.
    pub contact_id: Option<String>,
    /// An address, where there is no contact.
    pub address: Option<String>,
    /// The part they have.
    pub role: String,
}

/// A CRM record. What a kind has no use for is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which record: ids are `A-0001`, `C-0001`, `O-0001`, `L-0001` by kind.
    pub reference: RecordRef,
    /// Its name, for people.
    pub name: String,
    /// The primary address of its owner, one of ours.
    pub owner: String,
    /// Primary addresses of the sales team, besides the owner; opportunities.
    pub team: Vec<String>,
    /// Addresses of the contact or lead, the primary one first.
    pub addresses: Vec<String>,
    /// The account it belongs to; contacts and opportunities.
    pub account_id: Option<String>,
    /// The primary contact of an account, the customer contact of an opportunity.
    pub primary_contact_id: Option<String>,
    /// Stakeholders; leads and opportunities.
    pub stakeholders: Vec<Stakeholder>,
    /// How it stands.
    pub state: RecordState,
    /// Expected or actual revenue, in hundredths of the currency.
    pub revenue_minor: i64,
    /// ISO 4217; empty without revenue.
    pub currency: String,
    /// Expected or actual close; leads and opportunities.
    pub close_time: Option<Timestamp>,
    /// When the CRM made it.
    pub create_time: Timestamp,
    /// The job title; contacts and leads.
    pub job_title: String,
}

impl Record {
    /// A record with nothing but what every kind has.
    pub(crate) fn new(kind: RecordKind, number: usize, name: String, owner: &str, create_time: Timestamp) -> Self {
        Self {
            reference: RecordRef { kind, id: record_id(kind, number).into() },
            name,
            owner: owner.to_owned(),
            team: Vec::new(),
            addresses: Vec::new(),
            account_id: None,
            primary_contact_id: None,
            stakeholders: Vec::new(),
            state: RecordState::Open,
            revenue_minor: 0,
            currency: String::new(),
            close_time: None,
            create_time,
            job_title: String::new(),
        }
    }

    /// The CRM's id.
    pub fn id(&self) -> &str {
        &self.reference.id
    }
}

/// The id of the record that was made as number `number`, from 0, of its kind.
pub(crate) fn record_id(kind: RecordKind, number: usize) -> String {
    let letter = match kind {
        RecordKind::Account => 'A',
        RecordKind::Contact => 'C',
        RecordKind::Lead => 'L',
        RecordKind::Opportunity => 'O',
    };
    format!("{letter}-{:04}", number + 1)
}
