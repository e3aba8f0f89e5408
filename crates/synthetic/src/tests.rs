//! The whole company: sizes, determinism, copies, and the stories as the published rules and formulas read them.

mod copies;
mod reading;
mod stories;

use std::collections::HashSet;
use std::sync::LazyLock;

use ingestion_domain::interaction::Detail;
use vocabulary::Address;
use vocabulary::entry::RecordKind;

use crate::post::instant;
use crate::{Company, RUN, RecordState, Spec, UserKind};

/// Generated once for all tests.
static DEMO: LazyLock<Company> = LazyLock::new(|| Company::generate(Spec::demo()));

#[test]
fn the_same_seed_gives_the_same_company_and_another_seed_another() {
    let small = |seed| Company::generate(Spec { interactions: 6_000, ..Spec::demo().seeded(seed) });
    assert_eq!(small(1), small(1));
    assert_ne!(small(1), small(2));
    assert_eq!(*DEMO, Company::generate(Spec::demo()));
}

#[test]
fn the_demo_has_the_stated_size() {
    let kinds = |kind| DEMO.users.iter().filter(|user| user.kind == kind).count();
    let counts = [UserKind::Person, UserKind::Shared, UserKind::Room, UserKind::List].map(kinds);
    assert_eq!(counts, [40, 1, 2, 2]);
    let of = |kind| DEMO.records.iter().filter(|record| record.reference.kind == kind).count();
    let counts = [RecordKind::Account, RecordKind::Contact, RecordKind::Opportunity, RecordKind::Lead].map(of);
    assert_eq!(counts, [120, 600, 40, 20]);
    assert_eq!(DEMO.users.iter().map(|user| &user.department).filter(|name| !name.is_empty()).collect::<HashSet<_>>().len(), 5);

    let distinct = DEMO.distinct_interactions;
    assert!((60_000..61_200).contains(&distinct), "{distinct}");
    let copies: usize = DEMO.mailboxes.iter().map(|mailbox| mailbox.interactions.len()).sum();
    assert!((80_000..120_000).contains(&copies), "{copies}");
    assert_eq!(DEMO.mailboxes.len(), 41);
    assert!(DEMO.mailboxes.iter().all(|mailbox| mailbox.interactions.len() > 300));

    assert!((600..2_000).contains(&DEMO.crm.len()), "{}", DEMO.crm.len());
    let tracked = |wanted: fn(&Detail) -> bool| DEMO.crm.iter().filter_map(|one| one.detail.as_ref()).filter(|one| wanted(one)).count();
    assert!(tracked(|one| matches!(one, Detail::Email(_))) > 200);
    assert!(tracked(|one| matches!(one, Detail::Meeting(_))) > 20);
    assert!(tracked(|one| matches!(one, Detail::Call(_))) > 150);
    assert!(tracked(|one| matches!(one, Detail::Activity(_))) > 60);
}

#[test]
fn mailboxes_are_in_order_and_end_at_the_instant_but_for_meetings_to_come() {
    let spec = Spec::demo();
    for mailbox in &DEMO.mailboxes {
        assert!(mailbox.interactions.is_sorted_by_key(instant));
        let late = mailbox.interactions.iter().filter(|one| instant(one) >= spec.end);
        assert!(late.clone().all(|one| matches!(one.detail, Some(Detail::Meeting(_)))) && late.count() <= 1);
        let early = mailbox.interactions.iter().filter(|one| instant(one) < spec.start()).count();
        assert!(early <= 25, "{early}");
    }
    assert!(DEMO.crm.is_sorted_by_key(instant) && DEMO.crm.iter().all(|one| (spec.start()..spec.end).contains(&instant(one))));
}

#[test]
fn runs_of_the_mailboxes_take_turns_and_lose_nothing() {
    let batches: Vec<_> = DEMO.batches().collect();
    let first: HashSet<_> = batches.iter().take(41).map(|batch| &batch.mailbox).collect();
    assert_eq!(first.len(), 41);
    assert!(batches.iter().all(|batch| (1..=RUN).contains(&batch.interactions.len())));
    for mailbox in &DEMO.mailboxes {
        let read = batches.iter().filter(|batch| batch.mailbox == mailbox.address).flat_map(|batch| &batch.interactions);
        assert!(read.eq(&mailbox.interactions));
    }
}

#[test]
fn every_address_is_well_formed_and_reserved() {
    let users = DEMO.users.iter().flat_map(|user| &user.addresses);
    let records = DEMO.records.iter().flat_map(|record| record.addresses.iter().chain([&record.owner]).chain(&record.team));
    for text in users.chain(records) {
        assert!(Address::parse(text).unwrap().domain().ends_with(".example"), "{text}");
    }
    let owners: HashSet<_> = DEMO.users.iter().map(crate::User::address).collect();
    assert!(DEMO.records.iter().all(|record| owners.contains(record.owner.as_str())));
}

#[test]
fn records_refer_to_records_that_exist() {
    let ids: HashSet<_> = DEMO.records.iter().map(crate::Record::id).collect();
    assert_eq!(ids.len(), DEMO.records.len());
    for record in &DEMO.records {
        let people = record.stakeholders.iter().filter_map(|stakeholder| stakeholder.contact_id.as_deref());
        let named = people.chain(record.account_id.as_deref()).chain(record.primary_contact_id.as_deref());
        assert!(named.into_iter().all(|id| ids.contains(id)), "{}", record.id());
        let deal = matches!(record.reference.kind, RecordKind::Opportunity | RecordKind::Lead);
        assert_eq!(deal, record.close_time.is_some() && record.revenue_minor > 0, "{}", record.id());
        assert!(record.create_time < Spec::demo().end);
    }
    let open = DEMO.records.iter().filter(|record| record.reference.kind == RecordKind::Opportunity && record.state == RecordState::Open);
    assert!((20..36).contains(&open.count()));
}
