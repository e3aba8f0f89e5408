//! What has happened so far: every mailbox with its copies, and what the CRM tracked.

use ingestion_domain::interaction::{Activity, Call, Meeting};
use ingestion_domain::{Detail, Email, Interaction};
use vocabulary::Timestamp;
use vocabulary::entry::RecordRef;

use crate::User;
use crate::company::Mailbox;
use crate::post::{self, Post};

/// Mailboxes and CRM in the making.
pub(crate) struct Chronicle {
    post: Post,
    mailboxes: Vec<Mailbox>,
    crm: Vec<Interaction>,
    distinct: usize,
}

impl Chronicle {
    pub fn new(users: &[User]) -> Self {
        let post = Post::new(users);
        let owners = users.iter().filter(|user| post.mailbox(user.address()).is_some());
        let mailboxes = owners.map(|user| Mailbox { address: user.address().to_owned(), interactions: Vec::new() }).collect();
        Self { post, mailboxes, crm: Vec::new(), distinct: 0 }
    }

    /// How many interactions there are, each counted once.
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// Delivers a mail to every mailbox of ours that it names.
    pub fn mail(&mut self, email: &Email) {
        let copies = self.post.mail(email);
        self.file(copies);
    }

    /// Delivers a meeting to every mailbox of ours that it names.
    pub fn meeting(&mut self, meeting: &Meeting) {
        let copies = self.post.meeting(meeting);
        self.file(copies);
    }

    /// Puts one interaction into some mailboxes, whomever it names.
    pub fn put(&mut self, mailboxes: &[usize], interaction: &Interaction) {
        self.file(mailboxes.iter().map(|mailbox| (*mailbox, interaction.clone())).collect());
    }

    /// Tracks a mail of some mailbox in the CRM.
    pub fn track_mail(&mut self, email: &Email, regarding: Option<&RecordRef>) {
        self.track("mail", regarding, Detail::Email(Box::new(email.clone())));
    }

    /// Tracks a meeting of some mailbox in the CRM, as its organiser knows it.
    pub fn track_meeting(&mut self, meeting: &Meeting, regarding: Option<&RecordRef>) {
        self.track("appointment", regarding, Detail::Meeting(Box::new(meeting.clone())));
    }

    /// Tracks a call; no mailbox knows of it.
    pub fn call(&mut self, from: &str, to: &str, start: Timestamp, minutes: u32, regarding: Option<&RecordRef>) {
        let call = Call { from: from.to_owned(), to: vec![to.to_owned()], start: Some(start), duration_seconds: minutes * 60 };
        self.distinct += 1;
        self.track("call", regarding, Detail::Call(call));
    }

    /// Tracks a finished task of one of ours; no mailbox knows of it.
    pub fn task(&mut self, from: &str, time: Timestamp, regarding: Option<&RecordRef>) {
        let kind = "task".to_owned();
        let task = Activity { kind, from: from.to_owned(), to: Vec::new(), time: Some(time), duration_seconds: 0 };
        self.distinct += 1;
        self.track("task", regarding, Detail::Activity(task));
    }

    /// The mailboxes and the CRM's interactions, each in order of time.
    pub fn close(mut self) -> (Vec<Mailbox>, Vec<Interaction>, usize) {
        for mailbox in &mut self.mailboxes {
            mailbox.interactions.sort_by_key(post::instant);
        }
        self.crm.sort_by_key(post::instant);
        (self.mailboxes, self.crm, self.distinct)
    }

    fn track(&mut self, kind: &str, regarding: Option<&RecordRef>, detail: Detail) {
        let id = format!("{kind}-{:05}", self.crm.len() + 1);
        self.crm.push(post::tracked(id, regarding.cloned(), detail));
    }

    fn file(&mut self, copies: Vec<(usize, Interaction)>) {
        self.distinct += usize::from(!copies.is_empty());
        for (mailbox, copy) in copies {
            self.mailboxes[mailbox].interactions.push(copy);
        }
    }
}
