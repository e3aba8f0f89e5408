//! The records of a tenant, and who refers to whom among them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, PersonId};

use crate::interactions::Map;
use crate::record::{Record, State};

/// The records of a tenant by kind and id.
#[derive(Debug, Default)]
pub struct Records {
    by_ref: BTreeMap<RecordRef, Arc<Record>>,
    by_address: Map<Address, BTreeSet<RecordRef>>,
    contacts_at: Map<PersonId, BTreeSet<Box<str>>>,
    contacts_of: Map<Box<str>, BTreeSet<Box<str>>>,
    accounts_listing: Map<Box<str>, BTreeSet<Box<str>>>,
    naming_contact: Map<Box<str>, BTreeSet<RecordRef>>,
}

impl Records {
    /// Takes in a record, in the place of the one of that name.
    pub fn put(&mut self, record: Arc<Record>) {
        if let Some(before) = self.by_ref.insert(record.reference.clone(), Arc::clone(&record)) {
            self.unlink(&before);
        }
        self.link(&record);
    }

    /// Takes out the record of that name. What refers to it stays, and leads nowhere until one of that name is put in again.
    pub fn remove(&mut self, reference: &RecordRef) -> Option<Arc<Record>> {
        let removed = self.by_ref.remove(reference)?;
        self.unlink(&removed);
        Some(removed)
    }

    /// The record of that name.
    pub fn get(&self, reference: &RecordRef) -> Option<&Arc<Record>> {
        self.by_ref.get(reference)
    }

    /// The contact of that id.
    pub fn contact(&self, id: &str) -> Option<&Arc<Record>> {
        self.by_ref.get(&RecordRef { kind: RecordKind::Contact, id: id.into() })
    }

    /// The account of that id.
    pub fn account(&self, id: &str) -> Option<&Arc<Record>> {
        self.by_ref.get(&RecordRef { kind: RecordKind::Account, id: id.into() })
    }

    /// Records by kind and id: of one kind or of all, after a name or from the beginning.
    pub fn range(&self, kind: Option<RecordKind>, after: Option<&RecordRef>) -> impl Iterator<Item = &Arc<Record>> {
        let first = RecordRef { kind: kind.unwrap_or(RecordKind::Contact), id: "".into() };
        let start = match after {
            Some(after) if *after >= first => Bound::Excluded(after.clone()),
            Some(_) | None => Bound::Included(first),
        };
        let of_kind = move |reference: &RecordRef| kind.is_none_or(|kind| reference.kind == kind);
        self.by_ref.range((start, Bound::Unbounded)).take_while(move |(reference, _)| of_kind(reference)).map(|(_, record)| record)
    }

    /// The records that name an address, by kind and id.
    pub fn at_address(&self, address: &Address) -> impl Iterator<Item = &RecordRef> {
        self.by_address.get(address).into_iter().flatten()
    }

    /// The contacts of an account that are there: those that name it, those it names, and its primary contact; by id.
    pub fn contacts_of(&self, account: &Record) -> Vec<&Arc<Record>> {
        let naming = self.contacts_of.get(&account.reference.id).into_iter().flatten();
        let ids: BTreeSet<&Box<str>> = naming.chain(&account.contacts).chain(&account.primary_contact).collect();
        ids.into_iter().filter_map(|id| self.contact(id)).collect()
    }

    /// Whether a person is another contact of an account of the contact's. What is no account on record has no contacts.
    pub fn share_account(&self, contact: &Record, person: PersonId) -> bool {
        let accounts: BTreeSet<&Box<str>> = self.accounts_of(contact).collect();
        let at = self.contacts_at.get(&person).into_iter().flatten().filter(|id| **id != contact.reference.id);
        at.filter_map(|id| self.contact(id)).any(|other| self.accounts_of(other).any(|account| accounts.contains(account)))
    }

    /// The accounts of a contact that are there: the one it names, those that list it, and those whose primary contact it is.
    fn accounts_of<'a>(&'a self, contact: &'a Record) -> impl Iterator<Item = &'a Box<str>> {
        let listing = self.accounts_listing.get(&contact.reference.id).into_iter().flatten();
        listing.chain(&contact.account).filter(|id| self.account(id).is_some())
    }

    /// How many open opportunities have the contact for customer contact or stakeholder, by id or by one of its addresses.
    ///
    /// Source: relationship-analytics-kpi-calculations, 2023-02-07, "open opportunities"; who counts as having a part, Rapport rule.
    pub fn open_opportunities(&self, contact: &Record) -> u32 {
        let by_id = self.naming_contact.get(&contact.reference.id).into_iter().flatten();
        let by_address = contact.addresses.iter().flat_map(|known| self.at_address(&known.address));
        let naming: BTreeSet<&RecordRef> = by_id.chain(by_address).filter(|reference| reference.kind == RecordKind::Opportunity).collect();
        let open = |reference: &&RecordRef| self.get(reference).is_some_and(|opportunity| opportunity.state == State::Open);
        naming.into_iter().filter(open).count() as u32
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.by_ref.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_ref.is_empty()
    }

    fn link(&mut self, record: &Record) {
        for address in record.named_addresses() {
            self.by_address.entry(address.clone()).or_default().insert(record.reference.clone());
        }
        for contact in record.named_contacts() {
            self.naming_contact.entry(contact.clone()).or_default().insert(record.reference.clone());
        }
        if let Some(account) = account_of_contact(record) {
            self.contacts_of.entry(account.into()).or_default().insert(record.reference.id.clone());
        }
        for contact in contacts_on_list(record) {
            self.accounts_listing.entry(contact.clone()).or_default().insert(record.reference.id.clone());
        }
        for person in persons_of_contact(record) {
            self.contacts_at.entry(person).or_default().insert(record.reference.id.clone());
        }
    }

    fn unlink(&mut self, record: &Record) {
        for address in record.named_addresses() {
            remove(&mut self.by_address, address, &record.reference);
        }
        for contact in record.named_contacts() {
            remove(&mut self.naming_contact, contact, &record.reference);
        }
        if let Some(account) = account_of_contact(record) {
            remove(&mut self.contacts_of, account, &record.reference.id);
        }
        for contact in contacts_on_list(record) {
            remove(&mut self.accounts_listing, contact, &record.reference.id);
        }
        for person in persons_of_contact(record) {
            remove(&mut self.contacts_at, &person, &record.reference.id);
        }
    }
}

fn account_of_contact(record: &Record) -> Option<&str> {
    record.account.as_deref().filter(|_| record.reference.kind == RecordKind::Contact)
}

fn contacts_on_list(record: &Record) -> impl Iterator<Item = &Box<str>> {
    let is_account = record.reference.kind == RecordKind::Account;
    record.contacts.iter().chain(&record.primary_contact).filter(move |_| is_account)
}

fn persons_of_contact(record: &Record) -> impl Iterator<Item = PersonId> {
    let is_contact = record.reference.kind == RecordKind::Contact;
    record.addresses.iter().filter(move |_| is_contact).map(|known| known.person)
}

fn remove<K: Eq + Hash + Borrow<Q>, Q: Eq + Hash + ?Sized, V: Ord>(index: &mut Map<K, BTreeSet<V>>, key: &Q, value: &V) {
    if let Some(held) = index.get_mut(key) {
        held.remove(value);
        if held.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
