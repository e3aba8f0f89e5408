//! Durable typed tables: one database per service, one writer, commits in groups. The only crate that names sled.
//!
//! - A store has one tree; the first byte of every key is the [`Table`]'s tag, then comes the key in an order-preserving form.
//! - All writing goes through [`Store::commit`]: closures run one after the other on one thread and are made durable together.
//! - What was acknowledged is there after a crash, or opening says that it is not: the rows are counted and summed with every commit.
//! - Deleted rows stay in the file until it is rewritten ([`scrub`]); what must become unreadable is sealed before it comes here.
//! - [`Store::snapshot`] reads every row as of one moment, for a backup; [`Rewrite`] puts rows back.

mod changes;
mod committer;
mod disk;
mod error;
mod header;
mod key;
mod mirror;
mod open;
mod origin;
mod rewrite;
mod row;
mod scan;
mod snapshot;
mod store;
mod table;

pub use changes::Changes;
pub use error::StoreError;
pub use key::{KeyBytes, Prefix};
pub use open::Options;
pub use origin::{Ancestor, Origin};
pub use rewrite::{Present, Rewrite, Rewritten, Scrubbed, scrub};
pub use row::MAX_VALUE_BYTES;
pub use scan::Scan;
pub use snapshot::{RawRow, Snapshot};
pub use store::Store;
pub use table::{Row, Table};
