//! Which dictionary serves the restored log: the newest that holds every name of it. Erasures write it anew under new keys and destroy the
//! old ones, so an older one may open no more.
//!
//! A dictionary holds the names of another one when its store is the same and stands further on, or was put back from it. One of an
//! unrelated store, as of a suite that was started empty, names other ids.

use std::path::{Path, PathBuf};

use serde::Serialize;
use store::{Ancestor, Rewrite, Store};
use vocabulary::Fault;

use super::copy;
use crate::manifest::Entry;
use crate::part::Part;

/// What is read of a store at once, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// Where the dictionary comes from that serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dictionary {
    /// The store that was there: it stays.
    Present,
    /// A backup.
    Backup(PathBuf),
}

/// The newest dictionary so far.
pub(super) struct Choice {
    pub source: Dictionary,
    at: Ancestor,
    descends: Vec<Ancestor>,
}

impl Choice {
    pub fn of(backup: &Path, entry: &Entry) -> Self {
        let descends = entry.descends.iter().copied().map(Ancestor::from).collect();
        Self { source: Dictionary::Backup(backup.to_owned()), at: entry.moment.into(), descends }
    }

    /// Takes the dictionary of another backup if it is newer.
    pub fn offer(&mut self, backup: &Path, entry: &Entry) {
        self.take_if_newer(Self::of(backup, entry));
    }

    /// Takes the dictionary that is there if it is newer.
    pub async fn offer_present(&mut self, store: Option<&Store>) -> Result<(), Fault> {
        let Some(store) = store else { return Ok(()) };
        let snapshot = store.snapshot().await?;
        let descends = snapshot.origin().map(|origin| origin.descends.clone()).unwrap_or_default();
        self.take_if_newer(Self { source: Dictionary::Present, at: snapshot.at(), descends });
        Ok(())
    }

    fn take_if_newer(&mut self, other: Self) {
        let mut contained = std::iter::once(&other.at).chain(&other.descends);
        if contained.any(|held| held.incarnation == self.at.incarnation && held.groups >= self.at.groups) {
            *self = other;
        }
    }

    /// The stores whose names are all in it, and how far.
    pub fn descends(&self) -> Vec<Ancestor> {
        std::iter::once(self.at).chain(self.descends.iter().copied()).collect()
    }

    /// Copies its rows; answers how many.
    pub async fn copy(&self, store: Option<&Store>, in_dictionary: fn(u8) -> bool, rewrite: &mut Rewrite) -> Result<u64, Fault> {
        let store = match (&self.source, store) {
            (Dictionary::Present, Some(store)) => store,
            (Dictionary::Present, None) => return Err(Fault::internal("the dictionary that is there went away")),
            (Dictionary::Backup(backup), _) => return copy(backup, Part::Dictionary, rewrite),
        };
        let (mut snapshot, mut copied) = (store.snapshot().await?, 0);
        loop {
            let mut rows = snapshot.next_rows(PIECE_BYTES)?;
            if rows.is_empty() {
                return Ok(copied);
            }
            rows.retain(|row| in_dictionary(row.tag()));
            copied += rows.len() as u64;
            rewrite.put(rows)?;
        }
    }
}
