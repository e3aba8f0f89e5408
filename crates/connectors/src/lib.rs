//! Parsers that turn what mail systems keep into interactions: archives (mbox) and single messages (.eml). No network, no rule:
//! they refuse only what is no message; whether an interaction is well formed is for `ingestion_domain::normalise` to say.

pub mod eml;
pub mod mbox;

mod calendar;
mod date;
mod field;
mod lines;
mod list;
mod refused;

pub use refused::{Refused, Unreadable};
