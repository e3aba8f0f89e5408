//! What may be missing, without a name.

use vocabulary::UserId;

use super::{Gap, of};
use crate::Sides;
use crate::testing::{Domains, account, contact, days_ago, lead, opportunity, readable, records};

#[test]
fn mailboxes_are_those_of_our_side() {
    let records = records();
    for (record, mailboxes, open) in [(contact(), 5, 3), (account(), 5, 3), (opportunity(), 2, 2), (lead(), 1, 1)] {
        let sides = Sides::of(&records, records.get(&record).unwrap(), &Domains);
        let completeness = of(&readable(), &sides, days_ago(10), days_ago(10));
        assert_eq!((completeness.mailboxes, completeness.readable), (mailboxes, open), "{record:?}");
        assert_eq!(completeness.gaps.is_empty(), mailboxes == open, "{record:?}");
    }
}

#[test]
fn every_gap_is_told_in_counts_and_dates() {
    let records = records();
    let sides = Sides::of(&records, records.get(&lead()).unwrap(), &Domains);
    let mut closed = readable();
    closed.mailboxes.clear();
    let mut empty = readable();
    empty.feeding.remove(&UserId(1));
    for (readable, asked_from, text) in [
        (&closed, days_ago(1), "No mailbox that could tell of this record may be read (1 in all); what the CRM tracked is counted."),
        (&empty, days_ago(1), "The directory names nobody whose mailbox could tell of this record."),
        (&readable(), days_ago(11), "Nothing before 2026-05-18T20:26:40Z is held."),
    ] {
        let gaps = of(readable, &sides, asked_from, days_ago(10)).gaps;
        assert_eq!(gaps.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
    }
    assert_eq!(Gap::Unreadable { closed: 1, of: 5 }.to_string(), "1 of 5 mailboxes that could tell of this record may not be read.");
}
