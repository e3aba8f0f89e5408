//! The rules of ingestion: what an interaction is, what is kept out, what each mailbox may tell of it. Pure and total.

pub mod interaction;
pub mod tenant;

pub mod judgement;
pub mod normalise;

pub mod organisation;

mod copies;
mod identity;
mod list;
mod reading;
mod redacted;
mod sender;

pub use interaction::{Detail, Email, Interaction};
pub use judgement::{IgnoredReason, Judgement, Kept, Participant, RULES_VERSION, StoredCopy};
pub use normalise::normalise;
pub use organisation::{is_freemail, organisation};
pub use tenant::{Directory, Side, Source, TenantRules};
