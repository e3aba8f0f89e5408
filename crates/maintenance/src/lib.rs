//! What leaves the stores and comes back: the rows of a running area, a backup of the suite as files, and its restore; and stores that are
//! written anew.
//!
//! It moves rows as they lie on disk and cannot open them: this crate may import neither keys nor the keyring, so no backup holds one.
//! Which table belongs to which part is said by the area that keeps it.

mod manifest;
mod part;

mod service;

mod take;
mod verify;

mod restore;

mod scrub;

pub use manifest::{Entry, Manifest, Moment};
pub use part::{PARTS, Part};
pub use restore::{Asked, Dictionary, Places, Restored, RestoredPart, restore};
pub use scrub::{Scrubbed, scrub};
pub use service::Maintenance;
pub use take::{Sources, take};
pub use verify::verify;

use std::path::PathBuf;

use vocabulary::{Fault, Kind, Reason};

/// Where a store lies and how it is opened.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its directory.
    pub path: PathBuf,
    /// How it is opened; with a fresh random incarnation.
    pub options: store::Options,
}

fn damaged(what: impl Into<String>) -> Fault {
    Fault::new(Kind::FailedPrecondition, Reason::BackupDamaged, what)
}

fn failed(step: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::new(Kind::Internal, Reason::StoreFailed, format!("cannot {step}: {error}"))
}
