//! A second oracle for the consent rules, written from domain.md (sections 5 and 7) by another hand than the rules and
//! than `tests/oracle.rs`: a list of what was said, by whom and when, read again from its beginning for every question.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod examples;
mod facts;
mod gates;
mod history;
mod holdings;
