//! Every mailbox tells the same of the same mail and meeting, and none is missing where it belongs.

use std::collections::{HashMap, HashSet};

use ingestion_domain::interaction::{Detail, Email, Meeting};
use vocabulary::entry::Answer;

use super::DEMO;
use crate::{Mailbox, UserKind};

fn mails(mailbox: &Mailbox) -> impl Iterator<Item = &Email> {
    mailbox.interactions.iter().filter_map(|one| if let Some(Detail::Email(email)) = &one.detail { Some(&**email) } else { None })
}

fn meetings(mailbox: &Mailbox) -> impl Iterator<Item = &Meeting> {
    mailbox.interactions.iter().filter_map(|one| if let Some(Detail::Meeting(meeting)) = &one.detail { Some(&**meeting) } else { None })
}

/// Our addresses and the mailbox behind each.
fn owners() -> HashMap<&'static str, usize> {
    let users = DEMO.users.iter().filter(|user| matches!(user.kind, UserKind::Person | UserKind::Shared)).enumerate();
    users.flat_map(|(index, user)| user.addresses.iter().map(move |address| (address.as_str(), index))).collect()
}

#[test]
fn a_mail_is_the_same_in_every_mailbox_it_belongs_to() {
    let owners = owners();
    let mut copies: HashMap<&str, Vec<(usize, &Email)>> = HashMap::new();
    for (index, mailbox) in DEMO.mailboxes.iter().enumerate() {
        for email in mails(mailbox).filter(|email| email.message_id.is_some()) {
            copies.entry(email.message_id.as_deref().unwrap()).or_default().push((index, email));
        }
    }
    assert!(copies.len() > 50_000);
    let (mut shared, mut blind) = (0, 0);
    for copies in copies.values() {
        let first = Email { received: None, ..copies[0].1.clone() };
        assert!(copies.iter().all(|(_, copy)| Email { received: None, ..(*copy).clone() } == first));
        let holders: HashSet<usize> = copies.iter().map(|(index, _)| *index).collect();
        assert_eq!(holders.len(), copies.len());
        let named = first.to.iter().chain(&first.cc).chain([&first.from]);
        let named: HashSet<usize> = named.filter_map(|address| owners.get(address.as_str()).copied()).collect();
        let through_list = first.headers.list_id.is_some();
        assert!(named.is_subset(&holders), "{:?}", first.message_id);
        blind += usize::from(!through_list && holders != named);
        shared += usize::from(copies.len() > 1);
    }
    assert!(shared > 10_000, "{shared}");
    // Blind copies, which name nobody of ours.
    assert!((20..=40).contains(&blind), "{blind}");
}

#[test]
fn a_meeting_shows_every_answer_to_its_organiser_and_only_ones_own_to_an_attendee() {
    let owners = owners();
    let mut told: HashMap<_, Vec<(usize, &Meeting)>> = HashMap::new();
    for (index, mailbox) in DEMO.mailboxes.iter().enumerate() {
        for meeting in meetings(mailbox).filter(|meeting| !meeting.attendees.is_empty()) {
            told.entry((meeting.uid.as_str(), meeting.occurrence.or(meeting.start))).or_default().push((index, meeting));
        }
    }
    assert!(told.len() > 1_000, "{}", told.len());
    let mut answers = 0;
    for copies in told.values() {
        let ours = |address: &String| owners.get(address.as_str()).copied();
        let organizer = ours(&copies[0].1.organizer);
        let named: HashSet<usize> = copies[0].1.attendees.iter().filter_map(|one| ours(&one.address)).chain(organizer).collect();
        assert_eq!(named, copies.iter().map(|(index, _)| *index).collect());
        let organizers = copies.iter().find(|(index, _)| organizer == Some(*index)).map(|(_, copy)| *copy);
        for (index, copy) in copies.iter().filter(|(index, _)| organizer != Some(*index)) {
            for (place, attendee) in copy.attendees.iter().enumerate() {
                if ours(&attendee.address) == Some(*index) {
                    assert!(organizers.is_none_or(|known| known.attendees[place].answer == attendee.answer));
                } else {
                    assert_eq!(attendee.answer, Answer::None);
                }
            }
        }
        let known = organizers.into_iter().flat_map(|copy| &copy.attendees);
        answers += known.filter(|attendee| attendee.answer != Answer::None).count();
    }
    assert!(answers > 2_000, "{answers}");
}

#[test]
fn threads_refer_to_mails_that_exist() {
    let mut known: HashSet<&str> = HashSet::new();
    let (mut answers, mut resolved) = (0, 0);
    let mut all: Vec<&Email> = DEMO.mailboxes.iter().flat_map(mails).filter(|email| email.date.is_some()).collect();
    all.sort_by_key(|email| email.date);
    for email in all {
        if let Some(parent) = &email.in_reply_to {
            answers += 1;
            resolved += usize::from(known.contains(parent.as_str()));
            assert_eq!(email.references.last(), Some(parent));
        }
        known.extend(email.message_id.as_deref());
    }
    assert!(answers > 30_000 && resolved * 100 > answers * 98, "{resolved} of {answers}");
}

#[test]
fn answers_take_their_time_and_weekends_are_quiet() {
    let (mut dates, mut delays, mut weekend, mut total) = (HashMap::new(), Vec::new(), 0u32, 0u32);
    for email in DEMO.mailboxes.iter().flat_map(mails).filter(|email| email.headers == Default::default()) {
        let (Some(id), Some(date)) = (&email.message_id, email.date) else { continue };
        if dates.insert(id.as_str(), date).is_none() {
            total += 1;
            weekend += u32::from(!crate::office::is_workday(date));
            let parent = email.in_reply_to.as_deref().and_then(|parent| dates.get(parent));
            delays.extend(parent.map(|parent| (date.seconds() - parent.seconds()) / 60));
        }
    }
    delays.sort_unstable();
    let median = delays[delays.len() / 2];
    assert!((45..360).contains(&median), "{median} minutes");
    assert!(weekend * 20 < total, "{weekend} of {total}");
}
