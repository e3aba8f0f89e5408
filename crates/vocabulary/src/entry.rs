//! An interaction as one source tells it, once ingestion has normalised it and replaced every address by an id:
//! what blocks hold and what views fold. No rule lives here.

use crate::{PersonId, Timestamp, UserId};

/// The keyed hash that names an interaction, the same in every mailbox of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u128);

/// The keyed hash that names a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thread(pub u64);

/// Where an interaction was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The CRM: tracked by hand, needs no consent (the basic tier).
    Crm,
    /// A mailbox, under one generation of its owner's keys (the enhanced tier).
    Mailbox {
        /// Whose mailbox.
        user: UserId,
        /// Which generation of keys; from 1.
        generation: u32,
    },
}

/// What kind of interaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InteractionKind {
    /// An email.
    Email,
    /// One occurrence of a meeting.
    Meeting,
    /// A phone call.
    Call,
    /// A task.
    Task,
    /// An activity of a type the tenant defined.
    Custom(Box<str>),
}

/// As what somebody is on an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// In To; required at a meeting; called.
    To,
    /// In Cc; optional at a meeting.
    Cc,
}

/// What somebody answered to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Nothing.
    None,
    /// Accepted, or attended.
    Accepted,
    /// Tentative.
    Tentative,
    /// Declined.
    Declined,
}

/// Somebody on an interaction besides its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Participant {
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// What they answered; meetings only.
    pub answer: Answer,
}

/// Which of several versions of a meeting holds: the highest (SEQUENCE, DTSTAMP).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// SEQUENCE.
    pub sequence: u32,
    /// DTSTAMP.
    pub stamp: Timestamp,
}

/// What kind of CRM record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// A person outside.
    Contact,
    /// A company.
    Account,
    /// A possible customer.
    Lead,
    /// A deal.
    Opportunity,
}

/// Names a CRM record by the CRM's own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// What kind of record.
    pub kind: RecordKind,
    /// The CRM's id.
    pub id: Box<str>,
}

/// One interaction from one source.
///
/// From a mailbox it names the author and, when the owner wrote it, the recipients; otherwise the owner alone: people who
/// merely receive the same mail have no touch (design, section 2). From the CRM it names everybody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its name.
    pub identity: Identity,
    /// What it is.
    pub kind: InteractionKind,
    /// Its instant: Date of a mail, end of a meeting or call.
    pub time: Timestamp,
    /// The author, organiser or caller.
    pub author: PersonId,
    /// The others that this source may name.
    pub participants: Vec<Participant>,
    /// `n`: distinct other people on it, lists and rooms left out, fixed at ingestion.
    pub others: u32,
    /// Its thread.
    pub thread: Option<Thread>,
    /// For a reply that names no person: what it replies to. It counts as if that one's author stood in To.
    pub parent: Option<Identity>,
    /// A list mail that names no person: kept only so that replies resolve to its author.
    pub stub: bool,
    /// Seconds a meeting or call took; 0 for an all-day event.
    pub duration_seconds: u32,
    /// Which version this is.
    pub version: Version,
    /// Whether this version cancels the meeting.
    pub cancelled: bool,
    /// The CRM record it was tracked on.
    pub regarding: Option<RecordRef>,
}
