//! Meetings: who is invited, who answers what, and the notices that calendars send.

use ingestion_domain::Email;
use ingestion_domain::interaction::{Attendee, Meeting};
use rand::Rng;
use vocabulary::Timestamp;
use vocabulary::entry::Answer;

use crate::correspondence::email;
use crate::dice::Dice;
use crate::office;

/// A meeting before anybody has answered.
pub(crate) struct Invitation<'a> {
    pub organizer: &'a str,
    pub required: Vec<&'a str>,
    pub optional: Vec<&'a str>,
    pub start: Timestamp,
    pub minutes: i64,
    pub room: Option<&'a str>,
    /// Whether everybody accepts.
    pub accepted: bool,
}

/// The meeting as its organiser knows it, with every answer. `known` is the latest instant at which it can have been called.
pub(crate) fn hold(dice: &mut Dice, invitation: &Invitation<'_>, known: Timestamp) -> Meeting {
    let domain = invitation.organizer.rsplit('@').next().unwrap_or_default();
    let called = invitation.start.plus_days(-dice.random_range(1..15)).min(known);
    let moved = !invitation.accepted && dice.random_ratio(1, 12);
    let mut attendees =
        vec![Attendee { address: invitation.organizer.to_owned(), answer: Answer::Accepted, optional: false, resource: false }];
    let invited = [(&invitation.required, false), (&invitation.optional, true)];
    for (address, optional) in invited.into_iter().flat_map(|(addresses, optional)| addresses.iter().map(move |a| (*a, optional))) {
        let answer = if invitation.accepted { Answer::Accepted } else { answer(dice) };
        attendees.push(Attendee { address: address.to_owned(), answer, optional, resource: false });
    }
    let room = invitation.room.map(str::to_owned);
    attendees.extend(room.map(|address| Attendee { address, answer: Answer::Accepted, optional: false, resource: true }));
    Meeting {
        uid: format!("{:016x}@{domain}", dice.random::<u64>()),
        occurrence: None,
        start: Some(invitation.start),
        end: Some(invitation.start.plus(office::seconds(invitation.minutes * 60))),
        all_day: false,
        organizer: invitation.organizer.to_owned(),
        attendees,
        sequence: u32::from(moved),
        stamp: Some(called),
        cancelled: !invitation.accepted && dice.random_ratio(1, 25),
        private: false,
    }
}

fn answer(dice: &mut Dice) -> Answer {
    match dice.random_range(0..20) {
        0..16 => Answer::Accepted,
        16 => Answer::Tentative,
        17 => Answer::Declined,
        _ => Answer::None,
    }
}

/// The mails by which the calendars of those who accepted tell the organiser, from `who` only.
pub(crate) fn notices(dice: &mut Dice, meeting: &Meeting, until: Timestamp, who: impl Fn(&str) -> bool) -> Vec<Email> {
    let mut notices = Vec::new();
    for attendee in &meeting.attendees {
        let answered = attendee.answer == Answer::Accepted && !attendee.resource && attendee.address != meeting.organizer;
        let called = meeting.stamp.filter(|called| answered && *called < until && who(&attendee.address));
        let Some(called) = called else { continue };
        let limit = meeting.start.map_or(until, |start| start.min(until)).max(called);
        let date = office::later(called, dice.random_range(0.1..20.0)).min(limit);
        let mut notice = email(dice, &attendee.address, &[&meeting.organizer], &[], date);
        notice.headers.calendar = true;
        notices.push(notice);
    }
    notices
}
