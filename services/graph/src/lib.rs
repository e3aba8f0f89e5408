//! The graph service: who knows whom. It folds the feed into ties and answers which colleagues can introduce somebody.
//! Rules live in `graph-domain`, formulas in `measures`; how the feed is followed and kept, in `feed`; who may be read, in `consent-client`.

mod open;
pub use open::{AREA, open, ties_place};

mod convert;
mod export;
mod grpc;

mod follow;
mod page;
mod readable;
mod whom;

#[cfg(test)]
mod tests;
