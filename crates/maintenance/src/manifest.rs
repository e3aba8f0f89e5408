//! What a backup says of itself, written last: which stores, of which moments, and the hash of every file. Its own hash tells when it was
//! changed by accident; who can write the backup can write that too.

use std::io::Write;
use std::path::Path;

use contracts::common::v1 as pb;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Ancestor;
use vocabulary::{Fault, Timestamp};

use crate::part::{Extent, PARTS, Part, create};
use crate::{damaged, failed};

const FILE: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// How the files are laid out; 1.
    pub format: u32,
    /// When it was taken, as in `2026-12-01T08:00:00Z`.
    pub taken: String,
    /// Every part, in the order in which they were taken.
    pub parts: Vec<Entry>,
    /// Of everything above.
    sha256: String,
}

/// What a backup says of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which; the name of its file too.
    pub part: Part,
    /// The store it was taken from, and of which moment.
    pub moment: Moment,
    /// The stores that this one was put back from, and how far.
    pub descends: Vec<Moment>,
    /// Its rows.
    pub rows: u64,
    /// The bytes of its file.
    pub bytes: u64,
    /// The SHA-256 of its file.
    pub sha256: String,
}

/// A store as it stood after one of its groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Its incarnation, as `rapport store list` shows it.
    #[serde(with = "hexadecimal")]
    pub store: u64,
    /// The groups committed to it.
    pub groups: u64,
}

impl Manifest {
    /// Of parts that are written.
    pub fn new(taken: Timestamp, parts: Vec<Entry>) -> Result<Self, Fault> {
        let mut manifest = Self { format: FORMAT, taken: taken.to_string(), parts, sha256: String::new() };
        manifest.sha256 = manifest.hash()?;
        Ok(manifest)
    }

    /// Writes it into a folder, durably.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(self).map_err(|error| failed("write the manifest", &error))? + "\n";
        let mut file = create(&folder.join(FILE))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed("write the manifest", &error))
    }

    /// Reads it. Whether the files are what it says is not looked at.
    ///
    /// # Errors
    /// BACKUP_DAMAGED.
    pub(crate) fn read(folder: &Path) -> Result<Self, Fault> {
        let text = std::fs::read(folder.join(FILE));
        let text = text.map_err(|error| damaged(format!("no manifest: not a backup, or one that was cut short: {error}")))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| damaged("the manifest is not what was written"))?;
        if manifest.sha256 != manifest.hash()? {
            return Err(damaged("the manifest is not what was written"));
        }
        if manifest.format != FORMAT {
            return Err(damaged(format!("the backup has format {}, which this version does not know", manifest.format)));
        }
        if !manifest.parts.iter().map(|entry| entry.part).eq(PARTS) {
            return Err(damaged("the manifest does not name every part once"));
        }
        Ok(manifest)
    }

    /// What it says of a part.
    ///
    /// # Errors
    /// BACKUP_DAMAGED when it is not there.
    pub fn entry(&self, part: Part) -> Result<&Entry, Fault> {
        self.parts.iter().find(|entry| entry.part == part).ok_or_else(|| damaged("the manifest does not name every part"))
    }

    fn hash(&self) -> Result<String, Fault> {
        let rest = (self.format, &self.taken, &self.parts);
        let bytes = serde_json::to_vec(&rest).map_err(|error| failed("write the manifest", &error))?;
        Ok(HEXLOWER.encode(&Sha256::digest(bytes)))
    }
}

impl Entry {
    pub(crate) fn of(part: Part, beginning: &pb::BackupBeginning, extent: Extent) -> Self {
        let moment = |moment: &pb::StoreMoment| Moment { store: moment.store_id, groups: moment.groups };
        Self {
            part,
            moment: moment(&beginning.moment.unwrap_or_default()),
            descends: beginning.descends.iter().map(moment).collect(),
            rows: extent.rows,
            bytes: extent.bytes,
            sha256: extent.sha256,
        }
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent { rows: self.rows, bytes: self.bytes, sha256: self.sha256.clone() }
    }
}

impl From<Moment> for Ancestor {
    fn from(moment: Moment) -> Self {
        Self { incarnation: moment.store, groups: moment.groups }
    }
}

/// JSON's numbers end where those of a store begin.
mod hexadecimal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u64, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{number:016x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}
