//! A restore onto folders whose suite is not running. Everything is looked at before anything is changed, and each store is whole, the
//! old one or the new one, whenever power fails.
//!
//! Log and records are put back as new stores, with an incarnation of their own: whoever followed the old ones begins anew, and consent is
//! told whose place they took. Decisions are never put back over others. Views are left alone: another log makes them begin anew.

mod dictionary;

pub use dictionary::Dictionary;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use store::{Ancestor, Origin, Present, Rewrite, Rewritten, Store, StoreError};
use vocabulary::{Fault, Kind, Reason};

use crate::manifest::Entry;
use crate::part::{Part, Reader};
use crate::{Place, failed, verify};

/// Where the stores lie, and which tables of the log's store are the dictionary's.
#[derive(Clone, Debug)]
pub struct Places {
    /// Decisions.
    pub consent: Place,
    /// The log and the dictionary.
    pub log: Place,
    /// Records.
    pub records: Place,
    /// Whether a table of the log's store, by its tag, belongs to the dictionary.
    pub in_dictionary: fn(u8) -> bool,
}

/// What is asked for besides.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The log is put back, with the newest dictionary.
    pub log: bool,
    /// The records are put back.
    pub records: bool,
    /// They are put in the place of stores that hold rows.
    pub replace: bool,
    /// Decisions are put back where there are none.
    pub consent: bool,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Which parts.
    pub parts: Vec<RestoredPart>,
    /// Which dictionary serves; none where the log was not put back.
    pub dictionary: Option<Dictionary>,
    /// Whether there are decisions now, restored or not.
    pub decisions: bool,
}

/// A part that was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RestoredPart {
    /// Which.
    pub part: Part,
    /// Its rows.
    pub rows: u64,
}

/// Restores the first of the backups; of the others, and of the log's store that is there, only the dictionary is looked at: the newest one
/// serves that holds every name the restored log knows.
///
/// # Errors
/// BACKUP_DAMAGED; STORE_PRESENT when a store that holds rows is not to be replaced, or decisions are there and others are asked for;
/// STORE_FAILED when a store is open. Nothing is changed then. When a store cannot be put in its place, those before it stay restored.
pub async fn restore(backups: &[PathBuf], places: &Places, asked: Asked) -> Result<Restored, Fault> {
    let [main, others @ ..] = backups else { return Err(Fault::invalid_field("backup", "must name at least one")) };
    let manifest = blocking_verify(main).await?;
    let decisions = match asked.consent {
        true => Some(Standing::without_decisions(&places.consent).await?),
        false => None,
    };
    let records = Standing::of_asked(asked.records, &places.records, asked.replace).await?;
    let log = Standing::of_asked(asked.log, &places.log, asked.replace).await?;
    let mut dictionary = dictionary::Choice::of(main, manifest.entry(Part::Dictionary)?);
    for other in others {
        dictionary.offer(other, blocking_verify(other).await?.entry(Part::Dictionary)?);
    }
    let present = log.as_ref().and_then(|log| log.store.as_ref());
    dictionary.offer_present(present).await?;

    // Written beside what is there; the old stores stay open, so that nobody starts a suite on them.
    let mut parts = Vec::new();
    let mut written = Vec::new();
    if let Some(records) = records {
        let entry = manifest.entry(Part::Records)?;
        let mut rewrite = begin(&places.records, &records, entry, &[entry.moment.into()])?;
        parts.push(RestoredPart { part: Part::Records, rows: copy(main, Part::Records, &mut rewrite)? });
        written.push((records, rewrite.finish().await?));
    }
    let served = log.is_some().then(|| dictionary.source.clone());
    if let Some(log) = log {
        let mut rewrite = begin(&places.log, &log, manifest.entry(Part::Log)?, &dictionary.descends())?;
        parts.push(RestoredPart { part: Part::Log, rows: copy(main, Part::Log, &mut rewrite)? });
        let rows = dictionary.copy(log.store.as_ref(), places.in_dictionary, &mut rewrite).await?;
        parts.push(RestoredPart { part: Part::Dictionary, rows });
        written.push((log, rewrite.finish().await?));
    }
    if let Some(decisions) = decisions {
        let new = consent(main, &places.consent, manifest.entry(Part::Consent)?).await?;
        parts.push(RestoredPart { part: Part::Consent, rows: new.rows() });
        written.push((decisions, new));
    }
    for (standing, new) in written {
        standing.replace(new).await?;
    }
    Ok(Restored { parts, dictionary: served, decisions: places.consent.path.join("db").exists() })
}

/// What stands where a store is put back; held while it can be opened.
struct Standing {
    present: Present,
    incarnation: Option<u64>,
    store: Option<Store>,
}

impl Standing {
    async fn of_asked(asked: bool, place: &Place, replace: bool) -> Result<Option<Self>, Fault> {
        if asked { Self::at(place, replace).await.map(Some) } else { Ok(None) }
    }

    async fn at(place: &Place, replace: bool) -> Result<Self, Fault> {
        let standing = Self::of(place).await?;
        if !replace && standing.holds_anything().await? {
            let message = format!("{} holds a store: --replace puts the backup in its place", place.path.display());
            return Err(Fault::new(Kind::FailedPrecondition, Reason::StorePresent, message));
        }
        Ok(standing)
    }

    /// What stands where decisions are put back: nothing, or what a start without them made.
    async fn without_decisions(place: &Place) -> Result<Self, Fault> {
        let standing = Self::of(place).await?;
        if standing.holds_anything().await? {
            let message = "decisions are there: they are never rolled back, so those of a backup are not put in their place";
            return Err(Fault::new(Kind::FailedPrecondition, Reason::StorePresent, message));
        }
        Ok(standing)
    }

    async fn of(place: &Place) -> Result<Self, Fault> {
        let (present, store) = Present::at(&place.path, place.options).await.map_err(in_use)?;
        Ok(Self { present, incarnation: present.incarnation(&place.path), store })
    }

    async fn holds_anything(&self) -> Result<bool, Fault> {
        match &self.store {
            Some(store) => Ok(store.snapshot().await?.rows() > 0),
            None => Ok(self.present == Present::Damaged),
        }
    }

    async fn replace(self, rewritten: Rewritten) -> Result<(), Fault> {
        if let Some(store) = self.store {
            store.close().await;
        }
        rewritten.install(self.present).await.map_err(in_use)
    }
}

/// Begins the store that is put back in the place of another one.
fn begin(place: &Place, standing: &Standing, entry: &Entry, descends: &[Ancestor]) -> Result<Rewrite, Fault> {
    let ancestors = std::iter::once(entry.moment.store).chain(entry.descends.iter().map(|moment| moment.store));
    let held = standing.store.iter().flat_map(Store::replaces);
    let mut replaces: Vec<u64> =
        ancestors.chain(descends.iter().map(|at| at.incarnation)).chain(standing.incarnation).chain(held).collect();
    replaces.sort_unstable();
    replaces.dedup();
    let descends = descends.iter().copied().chain(entry.descends.iter().copied().map(Ancestor::from)).fold(Vec::new(), contained);
    let at = Ancestor { incarnation: place.options.fresh_incarnation, groups: 0 };
    make_parent(&place.path)?;
    Ok(Rewrite::begin(&place.path, at, Some(&Origin { descends, replaces }))?)
}

/// Each store once, as far as it is contained.
fn contained(mut held: Vec<Ancestor>, one: Ancestor) -> Vec<Ancestor> {
    match held.iter_mut().find(|held| held.incarnation == one.incarnation) {
        Some(held) => held.groups = held.groups.max(one.groups),
        None => held.push(one),
    }
    held
}

fn copy(backup: &Path, part: Part, rewrite: &mut Rewrite) -> Result<u64, Fault> {
    let (mut reader, mut copied) = (Reader::open(backup, part)?, 0);
    loop {
        let rows = reader.next_rows()?;
        if rows.is_empty() {
            return Ok(copied);
        }
        copied += rows.len() as u64;
        rewrite.put(rows)?;
    }
}

async fn consent(backup: &Path, place: &Place, entry: &Entry) -> Result<Rewritten, Fault> {
    let descends = vec![entry.moment.into()];
    let at = Ancestor { incarnation: place.options.fresh_incarnation, groups: 0 };
    make_parent(&place.path)?;
    let mut rewrite = Rewrite::begin(&place.path, at, Some(&Origin { descends, replaces: Vec::new() }))?;
    copy(backup, Part::Consent, &mut rewrite)?;
    Ok(rewrite.finish().await?)
}

fn make_parent(path: &Path) -> Result<(), Fault> {
    let parent = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(|error| failed("make the folder of the store", &error))
}

async fn blocking_verify(backup: &Path) -> Result<crate::Manifest, Fault> {
    let backup = backup.to_owned();
    let verified = tokio::task::spawn_blocking(move || verify(&backup)).await;
    verified.unwrap_or_else(|_| Err(Fault::internal("reading the backup was cut short")))
}

/// Who has a store open is the suite.
pub(crate) fn in_use(error: StoreError) -> Fault {
    match error {
        StoreError::Locked => Fault::new(Kind::FailedPrecondition, Reason::StoreFailed, "a store is in use: stop the suite first"),
        other => other.into(),
    }
}
