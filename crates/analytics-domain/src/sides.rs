//! Who stands on which side of a record, under today's records and directory.

use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, PersonId, UserId};

use crate::interactions::Map;
use crate::readable::Directory;
use crate::record::{Known, Party, Record};
use crate::records::Records;

/// Our side of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    /// Any user.
    Anybody,
    /// These.
    Only(Vec<UserId>),
}

/// Somebody on their side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Their {
    /// Which party: several addresses of one contact are one.
    pub party: u32,
    /// On an opportunity only as the primary contact of its account: rule R4 binds them.
    pub only_by_account: bool,
}

/// Who stands on which side of a record.
///
/// Source: relationship-analytics-kpi-calculations, 2023-02-07: contact: any user and the contact; account: any user, primary contact and
/// contacts in its list; opportunity: owner and sales team, customer contact, stakeholders and primary contact of its account; lead: owner,
/// its own address and stakeholders.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The record.
    pub record: RecordRef,
    /// Our side.
    pub ours: Ours,
    theirs: Map<PersonId, Their>,
    people: Vec<Known>,
}

impl Sides {
    /// The sides of a record. People on their side who are inside by the directory are on no side.
    pub fn of(records: &Records, record: &Record, directory: &impl Directory) -> Self {
        let mut sides =
            Self { record: record.reference.clone(), ours: our_side(record, directory), theirs: Map::default(), people: Vec::new() };
        let mut party = 0;
        let mut add = |known: &[Known], only_by_account| {
            for known in known.iter().filter(|known| directory.is_outside(&known.address)) {
                sides.theirs.entry(known.person).or_insert_with(|| {
                    sides.people.push(known.clone());
                    Their { party, only_by_account }
                });
            }
            party += 1;
        };
        let contact = |id: Option<&Box<str>>| id.and_then(|id| records.contact(id)).map_or(&[][..], |contact| &contact.addresses);
        match record.reference.kind {
            RecordKind::Contact => add(&record.addresses, false),
            RecordKind::Account => records.contacts_of(record).into_iter().for_each(|contact| add(&contact.addresses, false)),
            RecordKind::Lead | RecordKind::Opportunity => {
                add(&record.addresses, false);
                add(contact(record.primary_contact.as_ref()), false);
                for stakeholder in &record.stakeholders {
                    match &stakeholder.party {
                        Party::Contact(id) => add(contact(Some(id)), false),
                        Party::Address(known) => add(std::slice::from_ref(known), false),
                    }
                }
                let account = record.account.as_ref().filter(|_| record.reference.kind == RecordKind::Opportunity);
                if let Some(account) = account.and_then(|id| records.account(id)) {
                    add(contact(account.primary_contact.as_ref()), true);
                }
            }
        }
        sides
    }

    /// Whether one of ours is on our side.
    pub fn has_user(&self, user: UserId) -> bool {
        match &self.ours {
            Ours::Anybody => true,
            Ours::Only(users) => users.contains(&user),
        }
    }

    /// As whom a person is on their side, if at all.
    pub fn their(&self, person: PersonId) -> Option<Their> {
        self.theirs.get(&person).copied()
    }

    /// The people on their side, each address once, in the order in which the record names them.
    pub fn people(&self) -> &[Known] {
        &self.people
    }
}

fn our_side(record: &Record, directory: &impl Directory) -> Ours {
    let users = |addresses: &mut dyn Iterator<Item = &Address>| {
        let mut users: Vec<UserId> = addresses.filter_map(|address| directory.user_at(address)).collect();
        users.sort_unstable();
        users.dedup();
        Ours::Only(users)
    };
    match record.reference.kind {
        RecordKind::Contact | RecordKind::Account => Ours::Anybody,
        RecordKind::Lead => users(&mut record.owner.iter()),
        RecordKind::Opportunity => users(&mut record.owner.iter().chain(&record.team)),
    }
}
