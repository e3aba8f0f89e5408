//! The analytics service: it keeps CRM records, folds the feed into timelines, and answers figures and health of relationships.
//! Rules live in `analytics-domain`, formulas in `measures`; how the feed is followed and kept, in `feed`; who may be read, in `consent-client`.

mod open;
pub use open::{AREA, open, records_place, timelines_place};

mod convert;
mod grpc;

mod people;
mod record_store;
mod tables;

mod follow;
mod page;
mod readable;
mod reading;
mod waiting;

#[cfg(test)]
mod tests;
