//! What becomes of an interaction: malformed, ignored by a published rule, or kept, with what each mailbox may tell of it.

use vocabulary::entry::{Answer, InteractionKind, RecordRef, Role, Version};
use vocabulary::{Address, Timestamp, UserId, Violation};

/// The version of the published rules: rises whenever one of them changes.
pub const RULES_VERSION: i32 = 2;

/// What becomes of an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It cannot be read. The field is a path inside the interaction, as in `email.to[2]`.
    Malformed(Violation),
    /// A rule keeps it out.
    Ignored {
        /// Which rule.
        reason: IgnoredReason,
        /// For list mail that names no person: what is stored all the same, so that replies resolve to its author.
        /// Every copy in it is a stub. `None`: nothing is stored.
        stub: Option<Box<Kept>>,
    },
    /// It counts.
    Kept(Box<Kept>),
}

/// Why an interaction is kept out: the published rules, in the order in which they are tried (Rapport rule).
///
/// Nobody of ours comes before everything that looks at lists and people, so that its count is the same whatever they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoredReason {
    /// Automatic mail: Auto-Submitted other than no, Precedence bulk or junk, null return path, or List-Unsubscribe without
    /// List-Post and In-Reply-To.
    Automatic,
    /// A no-reply or daemon sender.
    NoReplySender,
    /// A calendar notification: the invitation itself is the meeting.
    CalendarNotification,
    /// A private meeting.
    Private,
    /// Outside the data window.
    OutsideWindow,
    /// Before the scope of consent of every mailbox that could tell it: its owner was let out of an opted-out group later than that. Not
    /// for the CRM.
    BeforeScope,
    /// Nobody of ours is on it. Journal only.
    NobodyOfOurs,
    /// The author is a mailing list or a room, and no Reply-To says who wrote.
    ListAuthor,
    /// Its author is erased, or nobody on it is left who is not.
    Suppressed,
    /// List mail that names no person besides its author and replies to nothing; it leaves a stub. Not for the CRM.
    ListOnly,
    /// More than 50 people.
    TooManyPeople,
    /// Only oneself. Not for the CRM: what was tracked by hand may be about nobody else.
    OnlyOneself,
    /// Nobody of ours who may be read. Journal only.
    NobodyReadable,
    /// The mailbox's owner is neither its author nor named in To or Cc. Mailbox only.
    OwnerNotNamed,
}

impl IgnoredReason {
    /// Every reason, in the order in which the rules are tried.
    pub const ALL: [Self; 14] = [
        Self::Automatic,
        Self::NoReplySender,
        Self::CalendarNotification,
        Self::Private,
        Self::OutsideWindow,
        Self::BeforeScope,
        Self::NobodyOfOurs,
        Self::ListAuthor,
        Self::Suppressed,
        Self::ListOnly,
        Self::TooManyPeople,
        Self::OnlyOneself,
        Self::NobodyReadable,
        Self::OwnerNotNamed,
    ];
}

/// An interaction that counts, and what each mailbox may tell of it. Debug shows no text of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// The canonical text of its identity: the same from every source and in every mailbox. To be hashed under a key.
    pub identity: String,
    /// The canonical text of its thread; mail only. To be hashed under a key.
    pub thread: Option<String>,
    /// For a reply that names no person: the identity of the mail it replies to, whose author counts as if in To.
    pub parent: Option<String>,
    /// What it is.
    pub kind: InteractionKind,
    /// Its instant: Date of a mail, end of a meeting or call.
    pub time: Timestamp,
    /// The author, organiser or caller.
    pub author: Address,
    /// `n`: distinct other addresses on it, without lists, rooms and the author's own.
    pub others: u32,
    /// Seconds a meeting, call or activity took; 0 for mail and all-day events.
    pub duration_seconds: u32,
    /// Which version this is; meetings only, else the default.
    pub version: Version,
    /// Whether this version cancels the meeting.
    pub cancelled: bool,
    /// The CRM record it was tracked on.
    pub regarding: Option<RecordRef>,
    /// What each source may tell, at least one: distinct owners, in ascending order.
    pub copies: Vec<StoredCopy>,
}

/// What one mailbox, or the CRM, may tell of an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCopy {
    /// Whose mailbox; `None`: the CRM.
    pub owner: Option<UserId>,
    /// Who it names besides the author: everybody where the owner wrote it or it is the CRM's, else the owner alone.
    pub participants: Vec<Participant>,
    /// Whether it is kept only so that replies resolve to its author.
    pub stub: bool,
}

/// Somebody on an interaction besides its author.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Participant {
    /// Who.
    pub address: Address,
    /// As what.
    pub role: Role,
    /// What they answered; meetings only.
    pub answer: Answer,
}
