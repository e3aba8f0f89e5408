//! Who there is before anything happens: the directory, accounts, contacts, opportunities and leads.

mod accounts;
mod colleagues;
mod deals;

use std::ops::Range;

use crate::company::Tenant;
use crate::dice::{Part, dice};
use crate::names::Names;
use crate::{Record, Spec, User};

pub(crate) use colleagues::Department;

/// Our primary domain.
pub(crate) const DOMAIN: &str = "quellmark.example";

/// Everybody and every record.
pub(crate) struct Cast {
    pub spec: Spec,
    pub tenant: Tenant,
    /// People first, then the shared mailbox, rooms and lists.
    pub users: Vec<User>,
    /// How many of the users are people.
    pub people: usize,
    pub accounts: Vec<Account>,
    pub contacts: Vec<Contact>,
    pub opportunities: Vec<Opportunity>,
    pub leads: Vec<Lead>,
}

pub(crate) struct Account {
    pub record: Record,
    /// Index of a user.
    pub owner: usize,
    /// Indices of its contacts, the primary one first.
    pub contacts: Range<usize>,
}

pub(crate) struct Contact {
    pub record: Record,
    pub address: String,
    /// Index of an account.
    pub account: usize,
}

pub(crate) struct Opportunity {
    pub record: Record,
    /// Index of its customer contact.
    pub contact: usize,
    /// Index of a user.
    pub owner: usize,
    /// Indices of users.
    pub team: Vec<usize>,
}

pub(crate) struct Lead {
    pub record: Record,
    pub address: String,
    /// Index of a user.
    pub owner: usize,
}

impl Cast {
    /// The cast of a company of size `spec`, raised to what the stories need.
    pub fn found(spec: Spec) -> Self {
        let spec = spec.raised();
        let (mut dice, mut names) = (dice(spec.seed, Part::Cast), Names::default());
        let users = colleagues::hire(&mut dice, &mut names, spec.users);
        let mut cast = Self {
            spec,
            tenant: Tenant {
                id: "quellmark-demo".to_owned(),
                name: "Quellmark Instruments".to_owned(),
                domains: vec![DOMAIN.to_owned(), "quellmark-service.example".to_owned()],
            },
            people: spec.users,
            users,
            accounts: Vec::new(),
            contacts: Vec::new(),
            opportunities: Vec::new(),
            leads: Vec::new(),
        };
        accounts::open(&mut cast, &mut dice, &mut names);
        deals::open(&mut cast, &mut dice, &mut names);
        cast
    }

    /// The primary address of a user.
    pub fn user(&self, index: usize) -> &str {
        self.users.get(index).map_or("", User::address)
    }

    /// Indices of the people of a department, at least one.
    pub fn members(&self, department: Department) -> Vec<usize> {
        (0..self.people).filter(|index| self.users[*index].works_in(department)).collect()
    }

    /// The `nth` person of a department, counted round.
    pub fn member(&self, department: Department, nth: usize) -> usize {
        let members = self.members(department);
        members[nth % members.len()]
    }

    /// The contacts of an account, the primary one first.
    pub fn contacts_of(&self, account: usize) -> &[Contact] {
        &self.contacts[self.accounts[account].contacts.clone()]
    }

    /// Every record: accounts, contacts, opportunities, leads, each by id.
    pub fn records(&self) -> Vec<Record> {
        let accounts = self.accounts.iter().map(|account| &account.record);
        let contacts = self.contacts.iter().map(|contact| &contact.record);
        let opportunities = self.opportunities.iter().map(|opportunity| &opportunity.record);
        let leads = self.leads.iter().map(|lead| &lead.record);
        accounts.chain(contacts).chain(opportunities).chain(leads).cloned().collect()
    }
}
