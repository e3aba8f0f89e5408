//! The rules of ARCHITECTURE.md that the compiler does not know: who may import whom, and what no source says.
//! A rule that is in the way is changed here, in the table, with its reason.

mod rooms;
mod sources;
mod tree;
mod words;

/// Fails with every problem, not only the first.
#[track_caller]
fn check(rule: &str, problems: Vec<String>) {
    assert!(problems.is_empty(), "{rule}:\n  {}", problems.join("\n  "));
}
