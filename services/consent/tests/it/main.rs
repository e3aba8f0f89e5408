//! The consent service on real files, through links in process, with holders driven by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it stands")]

mod access;
mod directory;
mod disk;
mod ending;
mod enforcement;
mod granting;
mod groups;
mod killed;
mod ledger;
mod mirror;
mod pages;
mod parting;
mod recovering;
mod refusals;
mod repeating;
mod restarting;
mod roles;
mod stores;

mod hand;
mod suite;
