//! One relationship between a colleague and people outside, lived through: threads, meetings, calls and tasks.

use rand::Rng;
use vocabulary::Timestamp;
use vocabulary::entry::RecordRef;

use crate::User;
use crate::chronicle::Chronicle;
use crate::correspondence::{self, Thread};
use crate::dice::{Dice, pick, poisson, run_length};
use crate::meeting::{self, Invitation};
use crate::office;

/// A relationship and how lively it is.
pub(crate) struct Relationship<'a> {
    pub ours: &'a User,
    /// Addresses of colleagues who come in now and then.
    pub colleagues: Vec<&'a str>,
    /// The address it is about.
    pub theirs: &'a str,
    /// Addresses of others at the same company who come in now and then.
    pub others: Vec<&'a str>,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Mail threads to expect in all.
    pub threads: f64,
    /// Whether they ever answer.
    pub answered: bool,
    /// The deal it is about: some of it is then tracked in the CRM.
    pub regarding: Option<&'a RecordRef>,
}

/// Lives through a relationship; nothing happens at or after `end`.
pub(crate) fn live(dice: &mut Dice, relationship: &Relationship<'_>, end: Timestamp, chronicle: &mut Chronicle) {
    for _ in 0..poisson(dice, relationship.threads) {
        thread(dice, relationship, end, chronicle);
    }
    if relationship.answered {
        for _ in 0..poisson(dice, relationship.threads * 0.08) {
            meet(dice, relationship, end, chronicle);
        }
    }
    let deal = if relationship.regarding.is_some() { 2.0 } else { 0.0 };
    let call_rate = if deal > 0.0 { 0.15 } else { 0.02 };
    for _ in 0..poisson(dice, deal + relationship.threads * call_rate) {
        call(dice, relationship, end, chronicle);
    }
    for _ in 0..poisson(dice, deal) {
        let time = office::open_time(dice, relationship.from, relationship.until);
        if time < end {
            chronicle.task(relationship.ours.address(), time, relationship.regarding);
        }
    }
}

fn thread(dice: &mut Dice, relationship: &Relationship<'_>, end: Timestamp, chronicle: &mut Chronicle) {
    let ours = our_address(dice, relationship.ours);
    let colleague = dice.random_bool(0.2).then(|| some(dice, &relationship.colleagues)).flatten();
    let other = dice.random_bool(0.2).then(|| some(dice, &relationship.others)).flatten();
    let start = office::usual_time(dice, relationship.from, relationship.until);
    let we_open = !relationship.answered || dice.random_bool(0.55);
    let (opener, to) = if we_open { (ours, relationship.theirs) } else { (relationship.theirs, ours) };
    let mails = if relationship.answered { run_length(dice, 0.63, 9) } else { 1 };
    let thread = Thread { opener, to: vec![to], cc: colleague.into_iter().chain(other).collect(), start, mails, pace_hours: 2.2 };
    for email in correspondence::write(dice, &thread, end) {
        chronicle.mail(&email);
        if relationship.regarding.is_some() && dice.random_ratio(1, 9) {
            chronicle.track_mail(&email, relationship.regarding);
        }
    }
}

fn meet(dice: &mut Dice, relationship: &Relationship<'_>, end: Timestamp, chronicle: &mut Chronicle) {
    let start = office::open_time(dice, relationship.from, relationship.until);
    let minutes = *pick(dice, &[30, 30, 45, 60]);
    if start.plus(office::seconds(minutes * 60)) >= end {
        return;
    }
    let ours = relationship.ours.address();
    let we_call = dice.random_bool(0.7);
    let (organizer, invited) = if we_call { (ours, relationship.theirs) } else { (relationship.theirs, ours) };
    let colleague = dice.random_bool(0.3).then(|| some(dice, &relationship.colleagues)).flatten();
    let invitation = Invitation {
        organizer,
        required: vec![invited],
        optional: colleague.into_iter().collect(),
        start,
        minutes,
        room: None,
        accepted: false,
    };
    let meeting = meeting::hold(dice, &invitation, end);
    chronicle.meeting(&meeting);
    if we_call {
        for notice in meeting::notices(dice, &meeting, end, |who| who == relationship.theirs) {
            chronicle.mail(&notice);
        }
        if relationship.regarding.is_some() && dice.random_ratio(1, 3) {
            chronicle.track_meeting(&meeting, relationship.regarding);
        }
    }
}

fn call(dice: &mut Dice, relationship: &Relationship<'_>, end: Timestamp, chronicle: &mut Chronicle) {
    let start = office::open_time(dice, relationship.from, relationship.until);
    let minutes = dice.random_range(3..35);
    if start.plus(office::seconds(i64::from(minutes) * 60)) >= end {
        return;
    }
    let (ours, theirs) = (relationship.ours.address(), relationship.theirs);
    let we_call = !relationship.answered || dice.random_bool(0.65);
    let (from, to) = if we_call { (ours, theirs) } else { (theirs, ours) };
    chronicle.call(from, to, start, minutes, relationship.regarding);
}

/// Mostly the primary address; where there is a second one, that one time in eight.
fn our_address<'a>(dice: &mut Dice, user: &'a User) -> &'a str {
    let second = dice.random_ratio(1, 8);
    user.addresses.get(usize::from(second)).map_or(user.address(), String::as_str)
}

fn some<'a>(dice: &mut Dice, from: &[&'a str]) -> Option<&'a str> {
    (!from.is_empty()).then(|| *pick(dice, from))
}
