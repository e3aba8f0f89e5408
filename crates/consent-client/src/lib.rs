//! The subscriber's half of enforcement: what ingestion, analytics and graph may do, by the decisions, keys and leases that consent
//! hands them. A service asks [`Subscriber::permit`] once for each request and each message of a stream, and holds to the snapshot it is given.
//! No decision is made here, and nothing is stored: keys live in memory, and go when the last permit that shows them goes.

mod subscriber;
pub use subscriber::Subscriber;

mod permit;
pub use permit::Permit;

pub mod mirror;
pub use mirror::{Erased, MailboxKeyState, MailboxState, Mirror, OpenInterval, Settings, Side, TenantMirror, UserKind, UserMirror};

mod closed;
pub use closed::Closed;

pub mod message;
pub use message::Holder;

pub mod reporter;
pub use reporter::{Reporter, StoreKind};

pub mod reads;
pub use reads::Reads;

pub mod lease;
pub mod machine;

mod apply;
mod convert;
mod stream;

#[cfg(test)]
mod fixtures;
