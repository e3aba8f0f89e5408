//! An interaction as its source tells it: raw text, nothing checked. Connectors and the wire make these; `normalise` judges them.
//! Debug shows kinds, counts and times only; see `redacted`.

use vocabulary::Timestamp;
use vocabulary::entry::{Answer, RecordRef};

/// One interaction as its source tells it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Interaction {
    /// The source's own id; required for calls and activities. It also names a CRM email without Message-ID.
    pub source_id: Option<String>,
    /// The CRM record it was tracked on; CRM source only.
    pub regarding: Option<RecordRef>,
    /// What it is; `None` is malformed.
    pub detail: Option<Detail>,
}

/// What an interaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// An email.
    Email(Box<Email>),
    /// One occurrence of a meeting.
    Meeting(Box<Meeting>),
    /// A phone call.
    Call(Call),
    /// A task or custom activity.
    Activity(Activity),
}

/// An email, by its headers. Addresses are `addr-spec`s as they stand in the source.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Email {
    /// Message-ID, with or without angle brackets.
    pub message_id: Option<String>,
    /// From.
    pub from: String,
    /// To.
    pub to: Vec<String>,
    /// Cc.
    pub cc: Vec<String>,
    /// Date.
    pub date: Option<Timestamp>,
    /// When the mailbox received it; a later Date is clamped to it.
    pub received: Option<Timestamp>,
    /// In-Reply-To: the first id.
    pub in_reply_to: Option<String>,
    /// References, oldest first; only the first is looked at.
    pub references: Vec<String>,
    /// The source's own conversation id.
    pub conversation_id: Option<String>,
    /// The headers that the filters look at.
    pub headers: Headers,
}

/// The headers that the filters look at.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Auto-Submitted.
    pub auto_submitted: Option<String>,
    /// Precedence.
    pub precedence: Option<String>,
    /// List-Id.
    pub list_id: Option<String>,
    /// Whether there is a List-Post.
    pub list_post: bool,
    /// Whether there is a List-Unsubscribe.
    pub list_unsubscribe: bool,
    /// The address of the list, where a header names one.
    pub list_address: Option<String>,
    /// Reply-To.
    pub reply_to: Option<String>,
    /// Whether the return path is empty.
    pub null_return_path: bool,
    /// Whether it is a calendar notification.
    pub calendar: bool,
}

/// One occurrence of a meeting.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Meeting {
    /// The iCalendar UID.
    pub uid: String,
    /// RECURRENCE-ID; absent: the start.
    pub occurrence: Option<Timestamp>,
    /// When it starts.
    pub start: Option<Timestamp>,
    /// When it ends.
    pub end: Option<Timestamp>,
    /// Whether it takes whole days.
    pub all_day: bool,
    /// Who organised it.
    pub organizer: String,
    /// Who was invited.
    pub attendees: Vec<Attendee>,
    /// SEQUENCE.
    pub sequence: u32,
    /// DTSTAMP.
    pub stamp: Option<Timestamp>,
    /// Whether this version cancels it.
    pub cancelled: bool,
    /// Whether it is marked private or confidential.
    pub private: bool,
}

/// Somebody invited to a meeting.
#[derive(Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Their address.
    pub address: String,
    /// What they answered.
    pub answer: Answer,
    /// Whether they need not come.
    pub optional: bool,
    /// Whether it is a room or a piece of equipment.
    pub resource: bool,
}

/// A phone call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Who called.
    pub from: String,
    /// Who was called.
    pub to: Vec<String>,
    /// When it began.
    pub start: Option<Timestamp>,
    /// How many seconds it took.
    pub duration_seconds: u32,
}

/// A task or an activity of a type the tenant defined.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// The type: `task`, or the tenant's own.
    pub kind: String,
    /// Who did it.
    pub from: String,
    /// With or for whom.
    pub to: Vec<String>,
    /// When.
    pub time: Option<Timestamp>,
    /// How many seconds it took.
    pub duration_seconds: u32,
}
