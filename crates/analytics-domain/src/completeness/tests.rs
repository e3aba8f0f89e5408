//! What may be missing, without a name.

use vocabulary::UserId;
use vocabulary::entry::RecordRef;

use super::{Completeness, Gap, of};
use crate::testing::{Domains, Telling, account, contact, days_ago, fold, lead, mail, mailbox, opportunity, readable, records, them, us};
use crate::{Interactions, Readable, Sides};

/// What these users' mailboxes delivered.
fn delivered(users: &[u64]) -> Interactions {
    fold(&users.iter().map(|user| (mailbox(*user), mail(*user, us(*user)).to(them(9)))).collect::<Vec<_>>())
}

fn judged(interactions: &Interactions, readable: &Readable, record: &RecordRef, asked_from_days_ago: i64) -> Completeness {
    let records = records();
    let sides = Sides::of(&records, records.get(record).unwrap(), &Domains);
    of(interactions, readable, &sides, days_ago(asked_from_days_ago), days_ago(10))
}

fn texts(completeness: &Completeness) -> Vec<String> {
    completeness.gaps.iter().map(ToString::to_string).collect()
}

#[test]
fn mailboxes_are_those_of_our_side() {
    for (record, mailboxes, open) in [(contact(), 5, 3), (account(), 5, 3), (opportunity(), 2, 2), (lead(), 1, 1)] {
        let completeness = judged(&delivered(&[1, 2, 3]), &readable(), &record, 10);
        assert_eq!((completeness.mailboxes, completeness.readable, completeness.delivered), (mailboxes, open, open), "{record:?}");
        assert_eq!(completeness.gaps.is_empty(), mailboxes == open, "{record:?}");
    }
}

#[test]
fn every_gap_is_told_in_counts_and_dates() {
    let mut closed = readable();
    closed.mailboxes.clear();
    let mut empty = readable();
    empty.feeding.remove(&UserId(1));
    for (readable, asked_from_days_ago, text) in [
        (&closed, 1, "No mailbox that could tell of this record may be read (1 in all); what the CRM tracked is counted."),
        (&empty, 1, "The directory names nobody whose mailbox could tell of this record."),
        (&readable(), 11, "Nothing before 2026-05-18T20:26:40Z is held."),
    ] {
        assert_eq!(texts(&judged(&delivered(&[1]), readable, &lead(), asked_from_days_ago)), [text]);
    }
    assert_eq!(Gap::Unreadable { closed: 1, of: 5 }.to_string(), "1 of 5 mailboxes that could tell of this record may not be read.");
}

#[test]
fn a_mailbox_that_may_be_read_and_has_delivered_nothing_is_a_gap() {
    let none = "Nothing has come yet from any mailbox that may be read (2 in all).";
    for (what, users, gaps, first) in [
        ("nobody's", &[][..], vec![none], true),
        ("somebody's who does not feed the record", &[3], vec![none], true),
        ("one", &[2], vec!["Nothing has come yet from 1 of 2 mailboxes that may be read."], false),
        ("all", &[1, 2], vec![], false),
    ] {
        let completeness = judged(&delivered(users), &readable(), &opportunity(), 10);
        assert_eq!((texts(&completeness), completeness.awaits_first()), (gaps.iter().map(ToString::to_string).collect(), first), "{what}");
    }
    let mut renewed = readable();
    renewed.mailboxes.insert(UserId(1), 2);
    assert!(judged(&delivered(&[1]), &renewed, &lead(), 10).awaits_first(), "what came under other keys is gone");
    renewed.mailboxes.clear();
    assert!(!judged(&delivered(&[]), &renewed, &lead(), 10).awaits_first(), "without consent nothing is awaited");
}

#[test]
fn of_a_small_side_the_veil_tells_the_same_whatever_is_open() {
    let untold = "Figures may be missing something: with fewer than 5 of ours on a record, what is not told.";
    let (mut closed, mut departed) = (readable(), readable());
    closed.mailboxes.clear();
    departed.feeding.clear();
    for record in [lead(), opportunity()] {
        for (readable, users) in [(&readable(), &[1, 2][..]), (&readable(), &[]), (&closed, &[]), (&departed, &[])] {
            let veiled = judged(&delivered(users), readable, &record, 10).veiled();
            assert_eq!(texts(&veiled), [untold]);
            assert_eq!((veiled.mailboxes, veiled.readable, veiled.delivered), (0, 0, 0));
        }
    }
    let beyond = judged(&delivered(&[1]), &readable(), &lead(), 11).veiled();
    assert_eq!(texts(&beyond), [untold, "Nothing before 2026-05-18T20:26:40Z is held."]);
    let many = judged(&delivered(&[1]), &readable(), &contact(), 10);
    assert_eq!(many.clone().veiled(), many, "five are many enough");
    let mut four = readable();
    four.feeding.remove(&UserId(5));
    assert_eq!(texts(&judged(&delivered(&[1]), &four, &contact(), 10).veiled()), [untold]);
}
