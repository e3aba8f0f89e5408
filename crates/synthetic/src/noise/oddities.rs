//! What is rare but real: announcements to dozens, notes to oneself, private meetings, blind copies, mail to a desk, old mail.

use ingestion_domain::Detail;
use rand::Rng;

use super::{anytime, outsider, scaled};
use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::correspondence::{answer, email};
use crate::dice::Dice;
use crate::meeting::{Invitation, hold};
use crate::office;
use crate::post::interaction;

pub(super) fn add(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    for _ in 0..scaled(cast, 14) {
        announcement(cast, dice, chronicle);
    }
    for _ in 0..scaled(cast, 30) {
        let (own, date) = (someone(cast, dice), anytime(cast, dice));
        let note = email(dice, own, &[own], &[], date);
        chronicle.mail(&note);
    }
    for _ in 0..scaled(cast, 60) {
        private_meeting(cast, dice, chronicle);
    }
    for _ in 0..scaled(cast, 40) {
        blind_copy(cast, dice, chronicle);
    }
    for _ in 0..scaled(cast, 25) {
        // From before the year.
        let (from, to) = (outsider(cast, dice), someone(cast, dice));
        let date = cast.spec.start().plus_days(-dice.random_range(1..200));
        let mail = email(dice, from, &[to], &[], date);
        chronicle.mail(&mail);
    }
    for _ in 0..scaled(cast, 500) {
        question(cast, dice, chronicle);
    }
}

/// An invitation to an event with 64 people in To.
fn announcement(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let guests: Vec<String> = (0..64).map(|_| format!("guest{}@expo-calendar.example", dice.random_range(0..100_000))).collect();
    let to: Vec<&str> = guests.iter().map(String::as_str).collect();
    let (from, date) = (someone(cast, dice), anytime(cast, dice));
    let mail = email(dice, from, &to, &[], date);
    chronicle.mail(&mail);
}

fn private_meeting(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let invitation = Invitation {
        organizer: someone(cast, dice),
        required: vec!["appointments@lakeside-clinic.example"],
        optional: Vec::new(),
        start: office::open_time(dice, cast.spec.start(), cast.spec.end.plus_days(-5)),
        minutes: 30,
        room: None,
        accepted: true,
    };
    let mut meeting = hold(dice, &invitation, cast.spec.end);
    meeting.private = true;
    chronicle.meeting(&meeting);
}

/// A mail between two people outside that one of ours has in blind copy.
fn blind_copy(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let (from, to, date) = (outsider(cast, dice), outsider(cast, dice), anytime(cast, dice));
    let mail = email(dice, from, &[to], &[], date);
    let owner = dice.random_range(0..cast.people);
    chronicle.put(&[owner], &interaction(Detail::Email(Box::new(mail))));
}

/// A question to the customer desk, which stands right behind the people in the directory; a colleague answers with the desk in Cc.
fn question(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let (desk, from, date) = (cast.user(cast.people), outsider(cast, dice), anytime(cast, dice));
    let question = email(dice, from, &[desk], &[], date);
    chronicle.mail(&question);
    let hours = dice.random_range(0.3..6.0);
    let answered = office::open(dice, office::later(date, hours));
    if answered < cast.spec.end {
        let colleague = someone(cast, dice);
        let mut reply = email(dice, colleague, &[from], &[desk], answered);
        answer(&mut reply, &question);
        chronicle.mail(&reply);
    }
}

fn someone<'a>(cast: &'a Cast, dice: &mut Dice) -> &'a str {
    cast.user(dice.random_range(0..cast.people))
}
