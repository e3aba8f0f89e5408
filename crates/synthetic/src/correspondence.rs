//! Mail threads: who answers whom, after how long, with which Message-ID and References.

use ingestion_domain::Email;
use rand::Rng;
use vocabulary::Timestamp;

use crate::dice::{Dice, log_normal, pick};
use crate::office;

/// References keep the root and this many of the latest ids, as mail programs do.
const REFERENCES: usize = 8;

/// A mail thread before it is written.
pub(crate) struct Thread<'a> {
    pub opener: &'a str,
    /// Not empty.
    pub to: Vec<&'a str>,
    pub cc: Vec<&'a str>,
    pub start: Timestamp,
    /// How many mails it has, if nothing stops it.
    pub mails: usize,
    /// Half of the answers come sooner than this.
    pub pace_hours: f64,
}

/// Writes the mails of a thread, oldest first; it stops at `until`.
///
/// Somebody in To answers the author, with everybody else in Cc four times in five, else the author alone.
pub(crate) fn write(dice: &mut Dice, thread: &Thread<'_>, until: Timestamp) -> Vec<Email> {
    let mut mails: Vec<Email> = Vec::with_capacity(thread.mails);
    let (mut from, mut to, mut cc) = (thread.opener, thread.to.clone(), thread.cc.clone());
    let mut at = thread.start;
    while mails.len() < thread.mails && at < until {
        let mut mail = email(dice, from, &to, &cc, at);
        if let Some(parent) = mails.last() {
            answer(&mut mail, parent);
        }
        mails.push(mail);

        let delay = log_normal(dice, thread.pace_hours, 1.1).clamp(0.03, 240.0);
        at = office::usually(dice, office::later(at, delay));
        let next = *pick(dice, &to);
        cc = if dice.random_bool(0.8) { to.iter().chain(&cc).copied().filter(|other| *other != next).collect() } else { Vec::new() };
        (to, from) = (vec![from], next);
    }
    mails
}

/// A mail that answers nothing.
pub(crate) fn email(dice: &mut Dice, from: &str, to: &[&str], cc: &[&str], date: Timestamp) -> Email {
    let owned = |addresses: &[&str]| addresses.iter().map(|address| (*address).to_owned()).collect();
    let domain = from.rsplit('@').next().unwrap_or_default();
    Email {
        message_id: Some(format!("<{:016x}.{:x}@{domain}>", dice.random::<u64>(), date.seconds())),
        from: from.to_owned(),
        to: owned(to),
        cc: owned(cc),
        date: Some(date),
        ..Email::default()
    }
}

/// Makes `mail` an answer to `parent`.
pub(crate) fn answer(mail: &mut Email, parent: &Email) {
    mail.in_reply_to.clone_from(&parent.message_id);
    mail.references.clone_from(&parent.references);
    if mail.references.len() > REFERENCES {
        mail.references.remove(1);
    }
    mail.references.extend(parent.message_id.clone());
}
