//! Stories about accounts and contacts: one live thread among five, newsletters only, and a mail that two sources tell.

use super::rhythm::Teller;
use super::{NEWSLETTER_ONLY, Person, SINGLE_THREADED, SingleThread, TRACKED, TrackedMail, deals, person};
use crate::cast::Cast;
use crate::correspondence::email;
use crate::office;

/// A weekly exchange with one contact; with the four others a few in the year before, and then none.
pub(super) fn single_threaded(cast: &Cast, teller: &mut Teller<'_>) -> SingleThread {
    let (opportunity, deal) = deals::deal(cast, SINGLE_THREADED);
    let (ours, regarding) = (cast.user(opportunity.owner), &opportunity.record.reference);
    let mails = teller.rhythm(ours, &deal.contact.address, 350.0, 20.0, 7.0);
    teller.track(&mails, 7, regarding);
    // Their mails are answered to the last.
    for days_ago in [12.0, 5.0] {
        teller.exchange(&deal.contact.address, ours, days_ago, 2);
    }
    teller.call(ours, &deal.contact.address, 40.0, Some(regarding));
    for nth in 1..5 {
        let other = person(cast, SINGLE_THREADED, nth);
        teller.rhythm(ours, &other.address, 340.0, 195.0 + 9.0 * nth as f64, 30.0);
    }
    SingleThread { account_id: deal.account_id, live: deal.contact }
}

/// A newsletter every week to a dozen of ours, each a mail of its own.
pub(super) fn newsletter_only(cast: &Cast, teller: &mut Teller<'_>) -> Person {
    let sender = person(cast, NEWSLETTER_ONLY, 0);
    for week in 0..52 {
        let date = office::morning(&mut teller.dice, teller.end, 2.0 + 7.0 * f64::from(week));
        for reader in 0..12.min(cast.people) {
            let mut mail = email(&mut teller.dice, &sender.address, &[cast.user(reader)], &[], date);
            mail.headers.list_unsubscribe = true;
            teller.chronicle.mail(&mail);
        }
    }
    sender
}

/// Weekly exchanges; what we opened with lately is tracked too.
pub(super) fn tracked(cast: &Cast, teller: &mut Teller<'_>) -> TrackedMail {
    let (contact, owner) = (person(cast, TRACKED, 0), cast.user(cast.accounts[TRACKED].owner));
    let regarding = &cast.contacts_of(TRACKED)[0].record.reference;
    teller.rhythm(owner, &contact.address, 340.0, 62.0, 7.0);
    let mut message_id = String::new();
    for days_ago in [55.0, 47.0, 41.0, 34.0, 27.0, 20.0, 13.0, 6.0] {
        let mails = teller.exchange(owner, &contact.address, days_ago, 2);
        teller.track(&mails, 2, regarding);
        message_id = mails.into_iter().next().and_then(|mail| mail.message_id).unwrap_or_default();
    }
    TrackedMail { contact, message_id, author: owner.to_owned() }
}
