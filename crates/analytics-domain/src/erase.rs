//! Erased people leave the records: their own contact or lead goes, and nobody else's record names them.

use std::collections::BTreeSet;

use vocabulary::Address;
use vocabulary::entry::{RecordKind, RecordRef};

use crate::record::{Party, Record};
use crate::records::Records;

/// What erasing changes.
#[derive(Debug, Default)]
pub struct Erasing {
    /// Records that go.
    pub gone: Vec<RecordRef>,
    /// Records as they are from now on.
    pub changed: Vec<Record>,
}

/// Takes everybody out whose address is `erased`. A contact or lead goes with any of its addresses: what else it says is about the same
/// person.
pub fn decide(records: &Records, erased: impl Fn(&Address) -> bool) -> Erasing {
    let mut erasing = Erasing::default();
    for record in records.range(None, None) {
        if record.addresses.iter().any(|known| erased(&known.address)) {
            erasing.gone.push(record.reference.clone());
        }
    }
    let contacts = erasing.gone.iter().filter(|gone| gone.kind == RecordKind::Contact);
    let contacts: BTreeSet<&str> = contacts.map(|gone| gone.id.as_ref()).collect();
    for record in records.range(None, None).filter(|record| !erasing.gone.contains(&record.reference)) {
        let mut left = Record::clone(record);
        left.owner = left.owner.filter(|address| !erased(address));
        left.team.retain(|address| !erased(address));
        left.contacts.retain(|id| !contacts.contains(id.as_ref()));
        left.primary_contact = left.primary_contact.filter(|id| !contacts.contains(id.as_ref()));
        left.stakeholders.retain(|stakeholder| match &stakeholder.party {
            Party::Address(known) => !erased(&known.address),
            Party::Contact(id) => !contacts.contains(id.as_ref()),
        });
        if left != **record {
            erasing.changed.push(left);
        }
    }
    erasing
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vocabulary::PersonId;

    use super::*;
    use crate::record::{Known, Stakeholder};

    fn reference(kind: RecordKind, id: &str) -> RecordRef {
        RecordRef { kind, id: id.into() }
    }

    fn known(text: &str, person: u64) -> Known {
        Known { address: Address::parse(text).unwrap(), person: PersonId(person) }
    }

    #[test]
    fn the_contact_goes_and_nobody_names_it_any_more() {
        let mut records = Records::default();
        let named = |kind, id| Record::named(reference(kind, id));
        let contact = |id, text, person| Record { addresses: vec![known(text, person)], ..named(RecordKind::Contact, id) };
        let stakeholder = |party| Stakeholder { party, role: String::new() };
        records.put(Arc::new(contact("c1", "erased@outside.example", 1)));
        records.put(Arc::new(contact("c2", "stays@outside.example", 2)));
        records.put(Arc::new(Record {
            contacts: vec!["c1".into(), "c2".into()],
            primary_contact: Some("c1".into()),
            ..named(RecordKind::Account, "a1")
        }));
        records.put(Arc::new(Record {
            stakeholders: vec![
                stakeholder(Party::Contact("c1".into())),
                stakeholder(Party::Address(known("erased@outside.example", 1))),
                stakeholder(Party::Contact("c2".into())),
            ],
            ..named(RecordKind::Opportunity, "o1")
        }));
        records.put(Arc::new(named(RecordKind::Account, "a2")));

        let erasing = decide(&records, |address| address.as_str() == "erased@outside.example");
        assert_eq!(erasing.gone, [reference(RecordKind::Contact, "c1")]);
        let changed: Vec<_> = erasing.changed.iter().map(|record| record.reference.id.as_ref()).collect();
        assert_eq!(changed, ["a1", "o1"]);
        assert_eq!((erasing.changed[0].contacts.len(), erasing.changed[0].primary_contact.is_none()), (1, true));
        assert_eq!(erasing.changed[1].stakeholders, [stakeholder(Party::Contact("c2".into()))]);
    }

    #[test]
    fn whom_no_record_names_changes_nothing() {
        let mut records = Records::default();
        records.put(Arc::new(Record::named(reference(RecordKind::Account, "a1"))));
        let erasing = decide(&records, |_| true);
        assert!(erasing.gone.is_empty() && erasing.changed.is_empty());
    }
}
