//! The pieces stories are told with: exchanges at a steady rhythm, meetings, calls.

use ingestion_domain::Email;
use rand::Rng;
use vocabulary::Timestamp;
use vocabulary::entry::RecordRef;

use crate::chronicle::Chronicle;
use crate::correspondence::{self, Thread};
use crate::dice::Dice;
use crate::meeting::{self, Invitation};
use crate::office;

/// Tells a story into the chronicle.
pub(super) struct Teller<'a> {
    pub dice: Dice,
    pub end: Timestamp,
    pub chronicle: &'a mut Chronicle,
}

impl Teller<'_> {
    /// A thread of `mails` mails between two people alone, begun by `opener` in the morning `days_ago` before the end. Answers come
    /// within hours.
    pub fn exchange(&mut self, opener: &str, other: &str, days_ago: f64, mails: usize) -> Vec<Email> {
        let start = office::morning(&mut self.dice, self.end, days_ago);
        let thread = Thread { opener, to: vec![other], cc: Vec::new(), start, mails, pace_hours: 0.7 };
        let written = correspondence::write(&mut self.dice, &thread, self.end);
        for email in &written {
            self.chronicle.mail(email);
        }
        written
    }

    /// Exchanges of two mails, begun by either in turn, every `every` days from `first` days ago until `last`, give or take half a day.
    pub fn rhythm(&mut self, ours: &str, theirs: &str, first: f64, last: f64, every: f64) -> Vec<Email> {
        let (mut written, mut days_ago, mut we_open) = (Vec::new(), last, false);
        while days_ago <= first {
            let (opener, other) = if we_open { (ours, theirs) } else { (theirs, ours) };
            // The last exchange stays where the story wants it.
            let jitter = if days_ago > last { self.dice.random_range(-0.5..0.5) } else { 0.0 };
            written.extend(self.exchange(opener, other, days_ago + jitter, 2));
            (days_ago, we_open) = (days_ago + every, !we_open);
        }
        written
    }

    /// A meeting that everybody accepts, two hours into the afternoon, `days_ago` before the end, or after it where that is negative.
    pub fn meet(&mut self, organizer: &str, required: &[&str], days_ago: i64, track: Option<&RecordRef>) {
        let mut day = self.end.plus_days(-days_ago).day().start();
        while !office::is_workday(day) {
            day = day.plus_days(-1);
        }
        let start = office::later(day, 14.0);
        let invitation =
            Invitation { organizer, required: required.to_vec(), optional: Vec::new(), start, minutes: 45, room: None, accepted: true };
        let meeting = meeting::hold(&mut self.dice, &invitation, self.end.plus_days(-1));
        self.chronicle.meeting(&meeting);
        if track.is_some() {
            self.chronicle.track_meeting(&meeting, track);
        }
    }

    /// A tracked call from one to another, in the morning.
    pub fn call(&mut self, from: &str, to: &str, days_ago: f64, regarding: Option<&RecordRef>) {
        let start = office::morning(&mut self.dice, self.end, days_ago);
        let minutes = self.dice.random_range(5..30);
        self.chronicle.call(from, to, start, minutes, regarding);
    }

    /// Tracks every `nth` of some mails in the CRM.
    pub fn track(&mut self, mails: &[Email], nth: usize, regarding: &RecordRef) {
        for email in mails.iter().step_by(nth) {
            self.chronicle.track_mail(email, Some(regarding));
        }
    }
}
