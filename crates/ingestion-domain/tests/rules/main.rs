//! The published rules, one table each, on a company of four.
#![allow(clippy::panic, reason = "a test that cannot go on stops")]

mod company;
mod copies;
mod identities;
mod ignored;
mod malformed;
mod properties;
mod redaction;
