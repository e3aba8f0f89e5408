//! A view over the real store and the real subscriber, between a consent and a feed that are played by hand.

#![expect(clippy::unwrap_used, reason = "the whole binary is a test")]

mod consent;
mod log;
mod process;
mod recorded;
mod rows;
mod world;

mod destroyed;
mod following;
mod held;
mod interleaved;
mod outages;
mod reopened;
mod restarts;
mod tenants;
