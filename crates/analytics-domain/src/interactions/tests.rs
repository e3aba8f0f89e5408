//! Folding: any order, any number of times, and forgetting without a trace. And counts against a naive restatement of the rules.

mod oracle;

use proptest::prelude::*;
use vocabulary::entry::{Answer, Entry, Origin, Version};
use vocabulary::{Timestamp, UserId};

use super::Interactions;
use crate::testing::{Telling, asked, fold, mail, mailbox, meeting, readable, relationships, them, us};
use oracle::story;

fn contents(interactions: &Interactions, id: u64) -> Vec<Entry> {
    let identity = mail(id, us(1)).identity;
    interactions.copies(identity).map(|told| told.entry()).collect()
}

#[test]
fn the_highest_version_of_one_origin_holds_whatever_the_order() {
    let version = |sequence, stamp| Version { sequence, stamp: Timestamp::from_seconds(stamp) };
    let of = |sequence, stamp, answer| Entry { version: version(sequence, stamp), ..meeting(1, us(1)).answering(them(1), answer) };
    let [first, second, third] = [of(0, 9, Answer::None), of(1, 1, Answer::Declined), of(1, 2, Answer::Accepted)];
    for order in [[&first, &second, &third], [&third, &first, &second], [&second, &third, &first]] {
        let folded = fold(&order.map(|entry| (mailbox(1), entry.clone())));
        assert_eq!(contents(&folded, 1), std::slice::from_ref(&third));
        assert_eq!(folded.len(), 1);
    }
}

#[test]
fn of_two_contents_of_one_version_the_same_one_holds_in_either_order() {
    let [fuller, barer] = [mail(1, us(1)).to(them(1)).cc(them(2)), mail(1, us(1)).to(them(1))];
    let stub = Entry { stub: true, ..mail(1, us(1)) };
    for (one, other, held) in [(&fuller, &barer, &fuller), (&stub, &barer, &barer)] {
        for order in [[one, other], [other, one]] {
            assert_eq!(contents(&fold(&order.map(|entry| (mailbox(1), entry.clone()))), 1), std::slice::from_ref(held));
        }
    }
}

#[test]
fn each_origin_keeps_its_own_copy() {
    let other = Origin::Mailbox { user: UserId(1), generation: 2 };
    let folded = fold(&[mailbox(1), mailbox(2), other, Origin::Crm].map(|origin| (origin, mail(1, us(1)).to(them(1)))));
    assert_eq!((folded.len(), contents(&folded, 1).len()), (4, 4));
}

#[test]
fn what_is_forgotten_is_overwritten_and_can_come_again() {
    let entries: Vec<_> = (0..3_000).map(|id| (mailbox(id % 3 + 1), mail(id, us(id % 3 + 1)).to(them(id % 7)))).collect();
    let mut folded = fold(&entries);
    for (user, left) in [(1, 2_000), (1, 2_000), (2, 1_000), (9, 1_000)] {
        folded.forget(UserId(user));
        assert_eq!(folded.len(), left);
    }
    assert!(contents(&folded, 0).is_empty() && contents(&folded, 2).len() == 1);
    entries.iter().for_each(|(origin, entry)| folded.fold(*origin, entry.clone()));
    assert_eq!(folded.len(), 3_000);
    assert_eq!(folded.naming(them(3)).count(), fold(&entries).naming(them(3)).count());
}

#[test]
fn a_mailbox_has_delivered_from_its_first_entry_on_until_it_is_forgotten() {
    let later = Origin::Mailbox { user: UserId(2), generation: 2 };
    let told = |origin| (origin, mail(1, us(1)).to(them(1)));
    let mut folded = fold(&[told(mailbox(1)), told(mailbox(1)), told(Origin::Crm), told(later)]);
    let delivered = |folded: &Interactions| [(1, 1), (1, 2), (2, 1), (2, 2)].map(|(user, keys)| folded.has_delivered(UserId(user), keys));
    assert_eq!(delivered(&folded), [true, false, false, true]);
    folded.forget(UserId(2));
    assert_eq!(delivered(&folded), [true, false, false, false]);
    folded.forget(UserId(1));
    folded.fold(later, told(later).1);
    assert_eq!(delivered(&folded), [false, false, false, true]);
}

#[test]
fn every_field_of_an_entry_is_kept() {
    let entry = Entry {
        others: 7,
        parent: Some(vocabulary::Identity(5)),
        duration_seconds: 60,
        cancelled: true,
        ..meeting(1, us(1)).to(them(2)).answering(them(3), Answer::Tentative).cc(them(4)).within(9).about(crate::testing::lead())
    };
    assert_eq!(contents(&fold(&[(mailbox(1), entry.clone())]), 1), [entry]);
}

/// Everything any record shows.
fn answers(interactions: &Interactions) -> String {
    format!("{:?}", relationships(interactions, &readable(), asked()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_order_nor_repetition_changes_an_answer(truth in story(), seed: u64) {
        let entries = oracle::entries(&truth);
        let mut shuffled: Vec<_> = entries.iter().chain(&entries).cloned().collect();
        let length = shuffled.len().max(1) as u64;
        for place in 0..shuffled.len() {
            shuffled.swap(place, (seed.wrapping_mul(place as u64 + 1).rotate_left(17) % length) as usize);
        }
        prop_assert_eq!(answers(&fold(&entries)), answers(&fold(&shuffled)));
    }

    #[test]
    fn forgetting_is_as_if_it_had_never_come(truth in story(), user in 1..=3u64) {
        let entries = oracle::entries(&truth);
        let mut forgetful = fold(&entries);
        forgetful.forget(UserId(user));
        let others: Vec<_> = entries.into_iter().filter(|(origin, _)| *origin != mailbox(user)).collect();
        prop_assert_eq!(answers(&forgetful), answers(&fold(&others)));
    }

    #[test]
    fn a_mailbox_that_may_not_be_read_is_as_if_it_were_not_there(truth in story(), user in 1..=3u64) {
        let entries = oracle::entries(&truth);
        let mut permitted = readable();
        permitted.mailboxes.remove(&UserId(user));
        let with = relationships(&fold(&entries), &permitted, asked());
        let others: Vec<_> = entries.into_iter().filter(|(origin, _)| *origin != mailbox(user)).collect();
        prop_assert_eq!(with, relationships(&fold(&others), &permitted, asked()));
    }

    #[test]
    fn counts_are_those_of_the_rules_restated(truth in story()) {
        let interactions = fold(&oracle::entries(&truth));
        for relationship in relationships(&interactions, &readable(), asked()) {
            let record = &relationship.record;
            let kpis = &relationship.kpis;
            let counted = [kpis.emails_sent, kpis.emails_received, kpis.meetings_sent, kpis.meetings_received];
            prop_assert_eq!(counted, oracle::counts(&truth, &record.reference), "{:?}", record);
        }
    }
}
