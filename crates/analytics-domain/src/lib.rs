//! Relationship analytics: CRM records as they come and go, what was folded of a tenant, which of it counts for which record, and the
//! figures and health that follow.
//! Pure: who may be read is told by the caller, as is the instant. No I/O, no clock, no message, no key.

pub mod interactions;
pub mod readable;

pub mod record;
pub mod records;
pub mod sides;

pub mod delete;
pub mod erase;
pub mod identify;
pub mod upsert;

mod counting;
mod merged;
pub mod timeline;

pub mod completeness;
pub mod health;
pub mod kpis;
pub mod turns;
pub mod words;

pub mod grid;
pub mod relationship;

pub use completeness::Completeness;
pub use health::Health;
pub use interactions::Interactions;
pub use kpis::Kpis;
pub use readable::{Directory, Readable};
pub use record::{Known, Party, Record, Stakeholder, State};
pub use records::Records;
pub use relationship::{Asked, Relationship};
pub use sides::{Ours, Sides};
pub use timeline::Timeline;

#[cfg(test)]
mod testing;
