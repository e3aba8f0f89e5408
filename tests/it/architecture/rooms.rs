//! Which crate may import which: the table of the design, written out, against `cargo metadata`.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use super::check;
use super::tree;

/// A crate of ours and the crates of ours that it may import.
struct Room {
    name: &'static str,
    may_import: &'static [&'static str],
    /// What its tests may import besides.
    tests_too: &'static [&'static str],
}

const fn room(name: &'static str, may_import: &'static [&'static str]) -> Room {
    Room { name, may_import, tests_too: &[] }
}

/// From the middle outwards. A service imports its own domain crate and what lies below it, never another service.
const ROOMS: [Room; 22] = [
    room("vocabulary", &[]),
    room("measures", &["vocabulary"]),
    room("consent-domain", &["vocabulary", "measures"]),
    room("ingestion-domain", &["vocabulary", "measures"]),
    room("analytics-domain", &["vocabulary", "measures"]),
    room("graph-domain", &["vocabulary", "measures"]),
    room("ledger", &["vocabulary"]),
    room("contracts", &[]),
    room("sealing", &["vocabulary"]),
    room("store", &["vocabulary"]),
    room("runtime", &["vocabulary"]),
    room("connectors", &["vocabulary", "ingestion-domain"]),
    room("consent-client", &["vocabulary", "contracts", "sealing", "runtime"]),
    room("feed", &["vocabulary", "contracts", "sealing", "store", "runtime", "consent-client"]),
    // Moves rows as they lie: no keys, so that no backup holds one.
    room("maintenance", &["vocabulary", "contracts", "store", "runtime"]),
    // Its tests ask the formulas whether the warm are warm.
    Room { name: "synthetic", may_import: &["vocabulary", "ingestion-domain"], tests_too: &["measures"] },
    // The other half of consent-client: it imports it in tests only, to be asked by a real subscriber.
    Room {
        name: "consent",
        may_import: &["vocabulary", "consent-domain", "ledger", "contracts", "sealing", "store", "runtime", "maintenance"],
        tests_too: &["consent-client"],
    },
    room(
        "ingestion",
        &[
            "vocabulary",
            "measures",
            "ingestion-domain",
            "contracts",
            "sealing",
            "store",
            "runtime",
            "consent-client",
            "feed",
            "maintenance",
        ],
    ),
    room(
        "analytics",
        &[
            "vocabulary",
            "measures",
            "analytics-domain",
            "contracts",
            "sealing",
            "store",
            "runtime",
            "consent-client",
            "feed",
            "maintenance",
        ],
    ),
    room(
        "graph",
        &["vocabulary", "measures", "graph-domain", "contracts", "sealing", "store", "runtime", "consent-client", "feed", "maintenance"],
    ),
    // No store, no keys.
    room("gateway", &["vocabulary", "contracts", "runtime"]),
    room(
        "rapport",
        &[
            "vocabulary",
            "ingestion-domain",
            "contracts",
            "runtime",
            "maintenance",
            "connectors",
            // To start the subscribers of the areas it opens.
            "consent-client",
            "synthetic",
            // To verify without a server.
            "ledger",
            "consent",
            "ingestion",
            "analytics",
            "graph",
            "gateway",
        ],
    ),
];

/// They measure and prove the whole, so they may import anything; nobody imports them.
const OUTSIDE: [&str; 3] = ["bench", "evaluate", "it"];

/// The rooms without I/O, clock, randomness, async, protobuf, database and logs.
const PURE: [&str; 6] = ["measures", "consent-domain", "ingestion-domain", "analytics-domain", "graph-domain", "ledger"];

/// What a pure room does not link; `serde`, because inner types are not to be serialised.
const IMPURE: [&str; 16] = [
    "tokio",
    "tokio-stream",
    "tokio-util",
    "futures",
    "tower",
    "http",
    "tonic",
    "prost",
    "prost-types",
    "sled",
    "tracing",
    "rand",
    "rand_chacha",
    "getrandom",
    "rustix",
    "serde",
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(tree::root().join("Cargo.toml")).no_deps().exec().unwrap()
}

fn imports(package: &Package) -> impl Iterator<Item = (&str, bool)> {
    package.dependencies.iter().map(|dependency| (dependency.name.as_str(), dependency.kind == DependencyKind::Development))
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for package in metadata.packages.iter().filter(|package| !OUTSIDE.contains(&package.name.as_str())) {
        let Some(room) = ROOMS.iter().find(|room| room.name == package.name.as_str()) else {
            problems.push(format!("{} stands in no line of the table", package.name));
            continue;
        };
        for (import, in_tests) in imports(package).filter(|(import, _)| ours.contains(import)) {
            let allowed = room.may_import.contains(&import) || (in_tests && room.tests_too.contains(&import));
            // A crate may name itself, to turn on a feature for its tests.
            if !allowed && import != room.name {
                problems.push(format!("{} may not import {import}", room.name));
            }
        }
    }
    problems.extend(ROOMS.iter().filter(|room| !ours.contains(room.name)).map(|room| format!("{} is no crate any more", room.name)));
    check("the table of rooms is broken", problems);
}

#[test]
fn the_table_allows_no_circles() {
    let mut problems = Vec::new();
    for (line, room) in ROOMS.iter().enumerate() {
        let above: BTreeSet<&str> = ROOMS[..line].iter().map(|room| room.name).collect();
        let below = room.may_import.iter().filter(|import| !above.contains(*import));
        problems.extend(below.map(|import| format!("{} may import {import}, which does not stand above it", room.name)));
    }
    check("each room imports only what stands above it in the table", problems);
}

#[test]
fn pure_rooms_link_nothing_that_acts() {
    let metadata = metadata();
    let mut problems = Vec::new();
    for package in metadata.packages.iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let linked = imports(package).filter(|(import, in_tests)| !in_tests && IMPURE.contains(import));
        problems.extend(linked.map(|(import, _)| format!("{} must not link {import}", package.name)));
    }
    check("domain crates and measures are pure", problems);
}

#[test]
fn only_the_store_knows_sled() {
    let metadata = metadata();
    let others = metadata.packages.iter().filter(|package| package.name.as_str() != "store");
    let problems = others.filter(|package| imports(package).any(|(import, _)| import == "sled"));
    check("only crates/store names sled", problems.map(|package| package.name.to_string()).collect());
}
