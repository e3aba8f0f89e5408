//! The suite as a whole: one binary, so that it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

// What the tree may look like; needs no running suite.
mod architecture;

// What tests of a running suite share.
mod fixtures;
mod harness;

// The main job, and what interrupts it.
mod access;
mod away;
mod backups;
mod bytes;
mod callers;
mod crash;
mod deleting;
mod enforcement;
mod erasing;
mod exporting;
mod groups;
mod joint;
mod ledger;
mod recovering;
mod rounds;
mod story;
