//! Who refers to whom.

use std::sync::Arc;

use vocabulary::entry::{RecordKind, RecordRef};

use crate::record::{Party, Record, Stakeholder, State};
use crate::testing::{account, contact, known, opportunity, records, reference, them, user_address};

fn ids<'a>(records: impl IntoIterator<Item = &'a Arc<Record>>) -> Vec<&'a str> {
    records.into_iter().map(|record| &*record.reference.id).collect()
}

#[test]
fn records_come_by_kind_and_id() {
    let records = records();
    let after = |id: &str| Some(reference(RecordKind::Contact, id));
    for (kind, after, expected) in [
        (None, None, vec!["c1", "c2", "c3", "a1", "l1", "o1"]),
        (None, after("c2"), vec!["c3", "a1", "l1", "o1"]),
        (Some(RecordKind::Contact), after("c1"), vec!["c2", "c3"]),
        (Some(RecordKind::Lead), None, vec!["l1"]),
        (Some(RecordKind::Lead), after("zzz"), vec!["l1"]),
    ] {
        assert_eq!(ids(records.range(kind, after.as_ref())), expected, "{kind:?} after {after:?}");
    }
}

#[test]
fn an_account_has_the_contacts_that_name_it_and_those_it_names() {
    let mut records = records();
    let account = Arc::clone(records.get(&account()).unwrap());
    assert_eq!(ids(records.contacts_of(&account)), ["c1", "c2", "c3"]);
    let moved = Record { account: None, ..(**records.get(&contact()).unwrap()).clone() };
    records.put(Arc::new(moved));
    assert_eq!(ids(records.contacts_of(&account)), ["c2", "c3"]);
}

#[test]
fn contacts_share_the_accounts_that_they_name_and_that_name_them() {
    let mut records = records();
    let shared = |records: &crate::Records, contact: &str| {
        let contact = records.contact(contact).unwrap();
        (1..=11).filter(|n| records.share_account(contact, them(*n))).collect::<Vec<_>>()
    };
    assert_eq!(["c1", "c2", "c3"].map(|id| shared(&records, id)), [vec![2, 3], vec![1, 3, 11], vec![1, 2, 11]], "nobody beside themselves");
    for (id, n, account) in [("c4", 8, Some("a2")), ("c5", 9, None), ("c6", 10, Some("a2"))] {
        let account = account.map(Into::into);
        records.put(Arc::new(Record { addresses: vec![known(n)], account, ..Record::named(reference(RecordKind::Contact, id)) }));
    }
    assert_eq!(["c1", "c4", "c5"].map(|id| shared(&records, id)), [vec![2, 3], vec![], vec![]], "an account that is not there is none");
    records.put(Arc::new(Record::named(reference(RecordKind::Account, "a2"))));
    assert_eq!(["c4", "c5", "c6"].map(|id| shared(&records, id)), [vec![10], vec![], vec![8]]);
    records.remove(&account());
    assert_eq!(["c1", "c4"].map(|id| shared(&records, id)), [vec![], vec![10]]);
}

#[test]
fn an_address_finds_every_record_that_names_it() {
    let records = records();
    let at = |address| records.at_address(&address).map(|reference: &RecordRef| &*reference.id).collect::<Vec<_>>();
    assert_eq!(at(known(11).address), ["c1"]);
    assert_eq!(at(known(5).address), ["o1"]);
    assert_eq!(at(user_address(1)), ["l1", "o1"]);
    assert!(at(known(99).address).is_empty());
}

#[test]
fn removed_records_leave_no_trace() {
    let mut records = records();
    let all: Vec<RecordRef> = records.range(None, None).map(|record| record.reference.clone()).collect();
    for named in all {
        let removed = records.remove(&named).unwrap();
        assert!(records.get(&named).is_none() && records.remove(&named).is_none(), "{named:?}");
        for address in removed.named_addresses() {
            assert!(records.at_address(address).all(|naming| *naming != named), "{named:?}");
        }
    }
    assert_eq!(format!("{records:?}"), format!("{:?}", crate::Records::default()), "an index held on to something");
}

#[test]
fn what_refers_to_a_removed_record_waits_for_it() {
    let mut records = records();
    let account = Arc::clone(records.get(&account()).unwrap());
    let gone = records.remove(&contact()).unwrap();
    assert_eq!(ids(records.contacts_of(&account)), ["c2", "c3"]);
    records.put(gone);
    assert_eq!(ids(records.contacts_of(&account)), ["c1", "c2", "c3"]);
}

#[test]
fn open_opportunities_are_those_in_which_the_contact_has_a_part() {
    let mut records = records();
    let open = |records: &crate::Records, id: &str| records.open_opportunities(records.contact(id).unwrap());
    assert_eq!(["c1", "c2", "c3"].map(|id| open(&records, id)), [1, 1, 0], "c3 is there only through the account");
    let by_address = Stakeholder { party: Party::Address(known(3)), role: String::new() };
    records.put(Arc::new(Record { stakeholders: vec![by_address], ..Record::named(reference(RecordKind::Opportunity, "o2")) }));
    assert_eq!(open(&records, "c3"), 1);
    let won = Record { state: State::Won, ..(**records.get(&opportunity()).unwrap()).clone() };
    records.put(Arc::new(won));
    assert_eq!(["c1", "c2", "c3"].map(|id| open(&records, id)), [0, 0, 1]);
}
