//! The people behind a record's addresses have other ids: another dictionary names them, as after a restore of an older one.

use std::collections::{BTreeSet, HashMap};

use vocabulary::{Address, PersonId};

use crate::record::{Known, Party, Record};
use crate::records::Records;

/// Every address whose person a record knows.
pub fn addresses(records: &Records) -> BTreeSet<Address> {
    records.range(None, None).flat_map(|record| known(record)).map(|known| known.address.clone()).collect()
}

/// The records some of whose people have another id, with the ids they have now. An address that `people` does not name stays as it is. The
/// records keep their version: nothing of what the CRM said changes.
pub fn decide<S: std::hash::BuildHasher>(records: &Records, people: &HashMap<Address, PersonId, S>) -> Vec<Record> {
    let differs = |known: &Known| people.get(&known.address).is_some_and(|person| *person != known.person);
    let identify = |known: &mut Known| {
        if let Some(person) = people.get(&known.address) {
            known.person = *person;
        }
    };
    let differing = records.range(None, None).filter(|record| known(record).any(differs));
    let identified = differing.map(|record| {
        let mut record = Record::clone(record);
        record.addresses.iter_mut().for_each(identify);
        record.stakeholders.iter_mut().for_each(|stakeholder| match &mut stakeholder.party {
            Party::Address(known) => identify(known),
            Party::Contact(_) => {}
        });
        record
    });
    identified.collect()
}

fn known(record: &Record) -> impl Iterator<Item = &Known> {
    let stakeholders = record.stakeholders.iter().filter_map(|stakeholder| match &stakeholder.party {
        Party::Address(known) => Some(known),
        Party::Contact(_) => None,
    });
    record.addresses.iter().chain(stakeholders)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vocabulary::entry::{RecordKind, RecordRef};

    use super::*;
    use crate::record::Stakeholder;

    fn who(name: &str, person: u64) -> Known {
        Known { address: Address::parse(&format!("{name}@them.example")).unwrap(), person: PersonId(person) }
    }

    fn record(kind: RecordKind, id: &str, addresses: Vec<Known>, stakeholder: Option<Known>) -> Record {
        let parties = [Some(Party::Contact("c".into())), stakeholder.map(Party::Address)];
        let stakeholders = parties.into_iter().flatten().map(|party| Stakeholder { party, role: "buyer".to_owned() }).collect();
        let reference = RecordRef { kind, id: id.into() };
        Record { addresses, stakeholders, version: 7, ..Record::named(reference) }
    }

    #[test]
    fn only_whose_id_is_another_one_changes() {
        let mut records = Records::default();
        let (ada, bob, eve) = (who("ada", 1), who("bob", 2), who("eve", 3));
        let contact = record(RecordKind::Contact, "c", vec![ada.clone(), bob.clone()], None);
        let lead = record(RecordKind::Lead, "l", vec![eve.clone()], Some(ada.clone()));
        let other = record(RecordKind::Lead, "o", vec![bob.clone()], Some(eve.clone()));
        for record in [&contact, &lead, &other] {
            records.put(Arc::new(record.clone()));
        }
        let expected = [&ada, &bob, &eve].map(|known| known.address.clone()).into();
        assert_eq!(addresses(&records), expected);
        let ids =
            |named: &[(&Known, u64)]| named.iter().map(|(known, id)| (known.address.clone(), PersonId(*id))).collect::<HashMap<_, _>>();
        assert!(decide(&records, &ids(&[(&ada, 1), (&bob, 2)])).is_empty());
        assert!(decide(&records, &ids(&[])).is_empty());
        let changed = decide(&records, &ids(&[(&ada, 11), (&bob, 2)]));
        let contact = Record { addresses: vec![who("ada", 11), bob], ..contact };
        let lead = record(RecordKind::Lead, "l", vec![eve], Some(who("ada", 11)));
        assert!(changed == [contact, lead]);
    }
}
