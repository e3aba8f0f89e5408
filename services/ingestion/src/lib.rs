//! Ingestion: takes interactions in, keeps what consent allows, sealed per mailbox in one log, and serves the log as a feed.
//! Rules live in `ingestion-domain`; what blocks look like in `feed`; who may be read in `consent-client`.
//!
//! A batch is judged and hashed by a first permit (`batch`), then, on the store's one committer and by a second permit, gets its ids
//! and positions (`append`). What memory knows changes there too, so that there is one order of events, the disk's.

mod open;
pub use open::{AREA, open};

mod convert;
mod grpc;

mod append;
mod batch;
mod ingest;

mod follow;
mod people;
mod status;

mod dictionary;
mod erasing;
mod export;
mod known;
mod mailboxes;
mod service;
pub use service::log_place;
mod tables;
pub use tables::part_of;
mod tenant;

mod reconcile;

#[cfg(test)]
mod tests;
