//! The analytics service: CRM records, and how the relationships they stand for are. It keeps the records, folds the feed into timelines and
//! answers figures and health. Rules live in `analytics-domain`, formulas in `measures`; how the feed is followed and kept, in `feed`; who
//! may be read, in `consent-client`.

mod open;
pub use open::{AREA, open};

mod convert;
mod grpc;

mod book;
mod tables;
mod people;

mod follow;
mod readable;
mod page;
mod waiting;

#[cfg(test)]
mod tests;
