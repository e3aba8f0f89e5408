//! Delivery: which of our mailboxes hold a copy of what was sent, and what each copy shows.

use std::collections::HashMap;

use ingestion_domain::interaction::Meeting;
use ingestion_domain::{Detail, Email, Interaction};
use vocabulary::Timestamp;
use vocabulary::entry::{Answer, RecordRef};

use crate::office::seconds;
use crate::{User, UserKind};

/// Knows the mailbox behind each of our addresses. Mailboxes are numbered as the people and the shared mailbox of the directory.
pub(crate) struct Post {
    mailboxes: HashMap<String, usize>,
}

impl Post {
    pub fn new(users: &[User]) -> Self {
        let with_mailbox = users.iter().filter(|user| matches!(user.kind, UserKind::Person | UserKind::Shared)).enumerate();
        let named = with_mailbox.flat_map(|(number, user)| user.addresses.iter().map(move |address| (address.clone(), number)));
        Self { mailboxes: named.collect() }
    }

    /// The mailbox of an address, if it is ours.
    pub fn mailbox(&self, address: &str) -> Option<usize> {
        self.mailboxes.get(address).copied()
    }

    /// The copies of a mail: its author's, and one in each mailbox of ours that it names.
    pub fn mail(&self, email: &Email) -> Vec<(usize, Interaction)> {
        let author = self.mailbox(&email.from);
        let mut named: Vec<usize> = email.to.iter().chain(&email.cc).filter_map(|address| self.mailbox(address)).collect();
        named.extend(author);
        named.sort_unstable();
        named.dedup();
        named.into_iter().map(|mailbox| (mailbox, received(email, author != Some(mailbox)))).collect()
    }

    /// The copies of a meeting: the organiser's with every answer, an attendee's with the attendee's own.
    pub fn meeting(&self, meeting: &Meeting) -> Vec<(usize, Interaction)> {
        let organizer = self.mailbox(&meeting.organizer);
        let mut named: Vec<usize> = meeting.attendees.iter().filter_map(|attendee| self.mailbox(&attendee.address)).collect();
        named.extend(organizer);
        named.sort_unstable();
        named.dedup();
        let copy = |mailbox| {
            let mut copy = meeting.clone();
            for attendee in copy.attendees.iter_mut().filter(|_| organizer != Some(mailbox)) {
                if self.mailbox(&attendee.address) != Some(mailbox) {
                    attendee.answer = Answer::None;
                }
            }
            (mailbox, interaction(Detail::Meeting(Box::new(copy))))
        };
        named.into_iter().map(copy).collect()
    }
}

/// A copy of a mail: delivered two seconds after it was sent, or the author's own.
pub(crate) fn received(email: &Email, delivered: bool) -> Interaction {
    let mut copy = email.clone();
    copy.received = email.date.filter(|_| delivered).map(|date| date.plus(seconds(2)));
    interaction(Detail::Email(Box::new(copy)))
}

/// What a mailbox tells.
pub(crate) fn interaction(detail: Detail) -> Interaction {
    Interaction { source_id: None, regarding: None, detail: Some(detail) }
}

/// What the CRM tells.
pub(crate) fn tracked(source_id: String, regarding: Option<RecordRef>, detail: Detail) -> Interaction {
    Interaction { source_id: Some(source_id), regarding, detail: Some(detail) }
}

/// The instant by which a mailbox orders what it holds: the date of a mail, the end of a meeting or call.
pub(crate) fn instant(interaction: &Interaction) -> Timestamp {
    let known = match &interaction.detail {
        Some(Detail::Email(email)) => email.date.or(email.received),
        Some(Detail::Meeting(meeting)) => meeting.end,
        Some(Detail::Call(call)) => call.start.map(|start| start.plus(seconds(call.duration_seconds.into()))),
        Some(Detail::Activity(activity)) => activity.time,
        None => None,
    };
    known.unwrap_or(Timestamp::EPOCH)
}
