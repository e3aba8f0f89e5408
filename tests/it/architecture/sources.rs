//! What sources do and do not say: where a status is made, how a file opens, how long it is, what a module is called.

use super::check;
use super::tree::{Source, manifests, sources};

/// The only file that turns a fault into a status.
const ANSWER: &str = "crates/runtime/src/answer.rs";

/// Every way to make a `tonic::Status`.
const MAKERS: [&str; 25] = [
    "new",
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
    "from",
    "from_error",
    "with_details",
    "with_metadata",
    "with_details_and_metadata",
    "with_error_details",
    "with_error_details_vec",
];

/// The most lines of a file, its own tests not counted.
const LONGEST: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_WORDS: [&str; 11] =
    ["util", "utils", "helper", "helpers", "manager", "managers", "service_impl", "misc", "data", "common", "shared"];

/// What the rules of a domain never reach for; the clock and randomness come as values.
const EFFECTS: [&str; 8] =
    ["async fn", "async move", "std::fs", "std::net", "std::env", "std::thread", "std::time::SystemTime", "std::time::Instant"];

#[test]
fn a_status_is_made_in_one_place() {
    let mut problems = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test() && source.path != ANSWER) {
        problems.extend(made_statuses(source.code()).map(|(line, maker)| format!("{}:{line} Status::{maker}", source.path)));
    }
    check(&format!("a handler returns a Fault, and {ANSWER} makes the status"), problems);
}

/// Line and constructor of every `Status::...` that makes one.
fn made_statuses(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(number, line)| {
        line.match_indices("Status::").filter_map(move |(at, found)| {
            // `ServingStatus::` and `MailboxStatus::` are other types.
            let other = line[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_');
            let called = &line[at + found.len()..];
            let end = called.find(|after: char| !after.is_alphanumeric() && after != '_').unwrap_or(called.len());
            (!other && MAKERS.contains(&&called[..end])).then_some((number + 1, &called[..end]))
        })
    })
}

#[test]
fn every_file_opens_with_what_lives_in_it() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//!"));
    check("a file opens with `//!`", silent.map(|source| source.path).collect());
}

#[test]
fn no_file_is_long() {
    let lines = |source: &Source| source.code().lines().count();
    let long = sources().into_iter().filter(|source| lines(source) > LONGEST);
    check(&format!("a file has at most {LONGEST} lines"), long.map(|source| format!("{} has {}", source.path, lines(&source))).collect());
}

#[test]
fn modules_have_names_that_say_something() {
    let mut problems = Vec::new();
    // The proto package `common` is the one exception.
    for source in sources().iter().filter(|source| !source.path.starts_with("crates/contracts/")) {
        let empty = source.module_names().filter(|name| EMPTY_WORDS.contains(name));
        problems.extend(empty.map(|name| format!("{}: {name}", source.path)));
    }
    check("words we do not use", problems);
}

#[test]
fn rules_reach_for_nothing() {
    let mut problems = Vec::new();
    let pure =
        |path: &str| path.starts_with("crates/measures/src/") || path.split('/').nth(1).is_some_and(|name| name.ends_with("-domain"));
    for source in sources().iter().filter(|source| pure(&source.path) && !source.is_test()) {
        let code = source.code().lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        let reached = EFFECTS.iter().filter(|effect| code.contains(**effect));
        problems.extend(reached.map(|effect| format!("{}: {effect}", source.path)));
    }
    check("domain crates and measures have no effects", problems);
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let lax = manifests().into_iter().filter(|(_, text)| !text.contains("[lints]\nworkspace = true"));
    check("a manifest says `[lints] workspace = true`", lax.map(|(path, _)| path).collect());
}

#[test]
fn the_search_for_statuses_finds_them() {
    let found = |code| made_statuses(code).map(|(_, maker)| maker).collect::<Vec<_>>();
    assert_eq!(found("Err(tonic::Status::internal(\"no\"))"), ["internal"]);
    assert_eq!(found(".map_err(Status::from_error)"), ["from_error"]);
    assert_eq!(found("ServingStatus::new(); Status::from_header_map(h); StatusCode::OK"), [""; 0]);
}
