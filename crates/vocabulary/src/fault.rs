//! The one error type of the suite. A fault is made where something is wrong and becomes a `tonic::Status` in one place only,
//! `runtime::answer`. Messages are for people, reasons are for programs; neither holds personal data.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The closed list of what can go wrong, in gRPC's own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request can never succeed as it stands.
    InvalidArgument,
    /// What the request names does not exist.
    NotFound,
    /// What the request makes exists already.
    AlreadyExists,
    /// The request does not fit the present state.
    FailedPrecondition,
    /// The request lost a race: read again, then try again.
    Aborted,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// A limit is reached.
    ResourceExhausted,
    /// The service cannot know the answer now; try again.
    Unavailable,
    /// The caller's deadline passed.
    DeadlineExceeded,
    /// A defect of ours.
    Internal,
}

/// Why, for programs: the names of `rapport.common.v1.ErrorReason` without their prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Fields of the request are wrong; the violations say which.
    InvalidFields,
    /// No such tenant.
    TenantNotFound,
    /// The tenant exists already.
    TenantExists,
    /// No such application.
    ApplicationNotFound,
    /// The directory names no such user.
    UserNotFound,
    /// No such CRM record.
    RecordNotFound,
    /// The request names nobody that is known.
    PersonNotFound,
    /// A gate is closed; CheckConsent says which.
    NoConsent,
    /// There is no consent to withdraw.
    NotGranted,
    /// The etag is not the present one.
    StaleEtag,
    /// The request id was used with another payload.
    RequestIdReused,
    /// The page token is not ours, or is for another request.
    PageTokenInvalid,
    /// The revision cannot be parsed.
    RevisionInvalid,
    /// The revision's history is gone.
    RevisionLost,
    /// The demanded revision was not reached within the deadline.
    RevisionNotReached,
    /// The state of consent is not known: no live lease.
    ConsentUnknown,
    /// A part the answer needs is down.
    DependencyUnavailable,
    /// The message is larger than the limit.
    MessageTooLarge,
    /// The caller's deadline passed.
    DeadlineExceeded,
    /// The service is stopping.
    ShuttingDown,
    /// The caller lacks the role.
    RoleMissing,
    /// The caller is not who they say.
    CallerInvalid,
    /// The store failed.
    StoreFailed,
    /// The keyring failed.
    KeyringFailed,
    /// Decisions of consent are missing.
    ConsentRolledBack,
    /// A defect of ours.
    InternalFault,
    /// The request would destroy many mailboxes and does not name their number.
    WouldDestroy,
    /// The directory named no such group.
    GroupNotFound,
    /// The erasure does not exist.
    ErasureNotFound,
    /// The ledger has no such event.
    EventNotFound,
    /// No consent text has that version.
    TextNotFound,
    /// An export or a proof of the ledger is not what was signed.
    LedgerChanged,
    /// The store is not registered.
    StoreNotFound,
    /// The backup is not what was written.
    BackupDamaged,
    /// A store is there that would be replaced.
    StorePresent,
    /// The request has no token.
    TokenMissing,
    /// The token is not one of those that are taken.
    TokenInvalid,
    /// The token has expired.
    TokenExpired,
}

impl Reason {
    /// Every reason, for the test that compares them with the contract.
    pub const ALL: [Self; 38] = [
        Self::InvalidFields,
        Self::TenantNotFound,
        Self::TenantExists,
        Self::ApplicationNotFound,
        Self::UserNotFound,
        Self::RecordNotFound,
        Self::PersonNotFound,
        Self::NoConsent,
        Self::NotGranted,
        Self::StaleEtag,
        Self::RequestIdReused,
        Self::PageTokenInvalid,
        Self::RevisionInvalid,
        Self::RevisionLost,
        Self::RevisionNotReached,
        Self::ConsentUnknown,
        Self::DependencyUnavailable,
        Self::MessageTooLarge,
        Self::DeadlineExceeded,
        Self::ShuttingDown,
        Self::RoleMissing,
        Self::CallerInvalid,
        Self::StoreFailed,
        Self::KeyringFailed,
        Self::ConsentRolledBack,
        Self::InternalFault,
        Self::WouldDestroy,
        Self::GroupNotFound,
        Self::ErasureNotFound,
        Self::EventNotFound,
        Self::TextNotFound,
        Self::LedgerChanged,
        Self::StoreNotFound,
        Self::BackupDamaged,
        Self::StorePresent,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFields => "INVALID_FIELDS",
            Self::TenantNotFound => "TENANT_NOT_FOUND",
            Self::TenantExists => "TENANT_EXISTS",
            Self::ApplicationNotFound => "APPLICATION_NOT_FOUND",
            Self::UserNotFound => "USER_NOT_FOUND",
            Self::RecordNotFound => "RECORD_NOT_FOUND",
            Self::PersonNotFound => "PERSON_NOT_FOUND",
            Self::NoConsent => "NO_CONSENT",
            Self::NotGranted => "NOT_GRANTED",
            Self::StaleEtag => "STALE_ETAG",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::PageTokenInvalid => "PAGE_TOKEN_INVALID",
            Self::RevisionInvalid => "REVISION_INVALID",
            Self::RevisionLost => "REVISION_LOST",
            Self::RevisionNotReached => "REVISION_NOT_REACHED",
            Self::ConsentUnknown => "CONSENT_UNKNOWN",
            Self::DependencyUnavailable => "DEPENDENCY_UNAVAILABLE",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::ShuttingDown => "SHUTTING_DOWN",
            Self::RoleMissing => "ROLE_MISSING",
            Self::CallerInvalid => "CALLER_INVALID",
            Self::StoreFailed => "STORE_FAILED",
            Self::KeyringFailed => "KEYRING_FAILED",
            Self::ConsentRolledBack => "CONSENT_ROLLED_BACK",
            Self::InternalFault => "INTERNAL_FAULT",
            Self::WouldDestroy => "WOULD_DESTROY",
            Self::GroupNotFound => "GROUP_NOT_FOUND",
            Self::ErasureNotFound => "ERASURE_NOT_FOUND",
            Self::EventNotFound => "EVENT_NOT_FOUND",
            Self::TextNotFound => "TEXT_NOT_FOUND",
            Self::LedgerChanged => "LEDGER_CHANGED",
            Self::StoreNotFound => "STORE_NOT_FOUND",
            Self::BackupDamaged => "BACKUP_DAMAGED",
            Self::StorePresent => "STORE_PRESENT",
            Self::TokenMissing => "TOKEN_MISSING",
            Self::TokenInvalid => "TOKEN_INVALID",
            Self::TokenExpired => "TOKEN_EXPIRED",
        }
    }

    /// The reason of that name on the wire, if it is one of ours.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// One field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path, as in `interactions[3].email.from`.
    pub field: String,
    /// What is wrong with it; never its value.
    pub description: String,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// What went wrong, whole: enough for a status with every detail a client may decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which gRPC code.
    pub kind: Kind,
    /// Which reason, for programs.
    pub reason: Reason,
    /// What happened, for people: lower case, no full stop, no personal data.
    pub message: String,
    /// The fields that are wrong.
    pub violations: Vec<Violation>,
    /// Figures and names that belong to the reason, such as the gate that is closed.
    pub metadata: BTreeMap<Cow<'static, str>, String>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault without details.
    pub fn new(kind: Kind, reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, reason, message, violations: Vec::new(), metadata: BTreeMap::new(), retry_after: None }
    }

    /// Fields of the request are wrong.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [only] => format!("{}: {}", only.field, only.description),
            many => format!("{} fields are wrong", many.len()),
        };
        Self { violations, ..Self::new(Kind::InvalidArgument, Reason::InvalidFields, message) }
    }

    /// One field of the request is wrong.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid(vec![Violation::new(field, description)])
    }

    /// What the request names does not exist.
    pub fn not_found(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, reason, message)
    }

    /// The service cannot know the answer now; worth trying again after `retry_after`.
    pub fn unavailable(reason: Reason, message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Kind::Unavailable, reason, message) }
    }

    /// A defect of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, Reason::InternalFault, message)
    }

    /// The same fault with one more entry of metadata.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.message)
    }
}

impl std::error::Error for Fault {}
