//! The binary's own room: the suite put together, the command line, and the demo. Everything else is a call to a service.

pub mod cli;
pub mod client;
pub mod commands;
pub mod convert;
pub mod demo;
pub mod ingest;
pub mod json;
pub mod lines;
pub mod output;
pub mod suite;
