//! The store against real databases in temporary directories.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod commits;
mod crash;
mod damage;
mod mirror;
mod opening;
mod rewriting;
mod scans;
mod snapshots;

use std::path::Path;

use store::{Options, Store, Table};
use vocabulary::TenantId;

#[derive(Clone, PartialEq, prost::Message)]
struct Note {
    #[prost(bytes = "vec", tag = "1")]
    text: Vec<u8>,
}

fn note(text: impl AsRef<[u8]>) -> Note {
    Note { text: text.as_ref().to_vec() }
}

/// Keys of the shape most tables have.
struct Notes;

impl Table for Notes {
    const TAG: u8 = 1;
    const NAME: &'static str = "notes";
    type Key = (TenantId, u32);
    type Value = Note;
}

/// A table with one row, right behind the other one.
struct Summary;

impl Table for Summary {
    const TAG: u8 = 2;
    const NAME: &'static str = "summary";
    type Key = ();
    type Value = Note;
}

/// The last tag there is: its prefix has no successor.
struct Last;

impl Table for Last {
    const TAG: u8 = 255;
    const NAME: &'static str = "last";
    type Key = u64;
    type Value = Note;
}

fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn options() -> Options {
    Options { cache_bytes: 16 << 20, fresh_incarnation: 7 }
}

async fn open(path: &Path) -> Store {
    Store::open(path, options()).await.unwrap()
}
