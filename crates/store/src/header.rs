//! How a store knows that it is whole: a header row written with every group, and a witness beside the database.
//!
//! The database repairs a damaged file by leaving out what it cannot read, without a word. So the header counts and sums
//! the rows: what was left out no longer adds up. And the witness, written after each group is durable, tells when the newest
//! groups, header included, are gone. This is against accident; who can write the files can write both.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::guarded;
use crate::{StoreError, row};

const KEY: [u8; 1] = [row::STORE_TAG];
/// Behind the store's own rows, which are not counted.
pub(crate) const FIRST_ROW: [u8; 1] = [row::STORE_TAG + 1];
const WITNESS: &str = "witness";
const WITNESS_BYTES: usize = 20;
const FORMAT: u32 = 1;

/// The one row of the store's own.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Header {
    /// How rows are laid out; 1.
    #[prost(uint32, tag = "1")]
    pub format: u32,
    /// Names this database for as long as it lives.
    #[prost(fixed64, tag = "2")]
    pub incarnation: u64,
    /// Groups committed.
    #[prost(fixed64, tag = "3")]
    pub groups: u64,
    /// Rows, this one not counted.
    #[prost(fixed64, tag = "4")]
    pub rows: u64,
    /// Sum of the mixed checksums of the rows, wrapping.
    #[prost(fixed64, tag = "5")]
    pub sum: u64,
    /// Rows are being copied here from another database, and not all are: counts and sum say nothing.
    #[prost(bool, tag = "6")]
    pub unfinished: bool,
}

impl Header {
    pub fn fresh(incarnation: u64) -> Self {
        Self::at(incarnation, 0)
    }

    /// Of a database without rows that stands at that group.
    pub fn at(incarnation: u64, groups: u64) -> Self {
        Self { format: FORMAT, incarnation, groups, rows: 0, sum: 0, unfinished: false }
    }

    /// Reads the header; `None` in a database without one.
    pub fn read(tree: &sled::Tree) -> Result<Option<Self>, StoreError> {
        let Some(found) = guarded("read the header", || tree.get(KEY))? else { return Ok(None) };
        let header: Self = row::decode("the header", &KEY, &found)?;
        if header.format == FORMAT { Ok(Some(header)) } else { Err(StoreError::UnknownFormat { found: header.format }) }
    }

    pub fn row(&self) -> (&'static [u8], Vec<u8>) {
        (&KEY, row::encode(&KEY, self))
    }

    /// Notes that a row was replaced; both without it where there was none, or is none now.
    pub fn replace(&mut self, key: &[u8], before: Option<&[u8]>, after: Option<&[u8]>) -> Result<(), StoreError> {
        if let Some(before) = before {
            self.rows = self.rows.wrapping_sub(1);
            self.sum = self.sum.wrapping_sub(share(key, before)?);
        }
        if let Some(after) = after {
            self.rows = self.rows.wrapping_add(1);
            self.sum = self.sum.wrapping_add(share(key, after)?);
        }
        Ok(())
    }

    /// Reads every row and compares with what was counted.
    pub fn verify(&self, tree: &sled::Tree) -> Result<(), StoreError> {
        let mut found = Self::at(self.incarnation, self.groups);
        let mut rows = tree.range(FIRST_ROW..);
        while let Some((key, row)) = guarded("read every row", || rows.next().transpose())? {
            found.replace(&key, None, Some(&row))?;
        }
        self.compare(&found)
    }

    /// Whether every row was `found` that was counted.
    pub fn compare(&self, found: &Self) -> Result<(), StoreError> {
        if (found.rows, found.sum) == (self.rows, self.sum) { Ok(()) } else { Err(StoreError::Damaged { what: "the sum of the rows" }) }
    }
}

/// What a row adds to the sum. A checksum is linear, so equal changes could cancel out; mixing (the finaliser of splitmix64,
/// Steele, Lea and Flood 2014) makes the sum one of unrelated numbers.
fn share(key: &[u8], row: &[u8]) -> Result<u64, StoreError> {
    let (_, checksum) = row::verified(key, row).ok_or(StoreError::Damaged { what: "a row" })?;
    let mut mixed = u64::from(checksum).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Ok(mixed ^ (mixed >> 31))
}

/// A small file that holds which group was last made durable. Not synced itself: it may lag after a power cut, never lead.
pub(crate) struct Witness {
    file: File,
}

impl Witness {
    /// Opens or creates the witness and holds it against the header.
    ///
    /// A missing or unreadable witness is made anew: removing it is how an operator accepts the loss of the newest commits.
    pub fn open(path: &Path, header: Option<&Header>) -> Result<Self, StoreError> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path.join(WITNESS));
        let file = file.map_err(|error| crate::error::failed("open the witness", error))?;
        let told = read(&file);
        match (told, header) {
            (Some(_), None) => return Err(StoreError::Damaged { what: "the newest commits" }),
            (Some((incarnation, groups)), Some(header)) if incarnation != header.incarnation || groups > header.groups => {
                return Err(StoreError::Damaged { what: "the newest commits" });
            }
            (Some(_), Some(_)) | (None, None) => {}
            (None, Some(_)) => tracing::warn!("no witness beside the database; taking the database as it is"),
        }
        Ok(Self { file })
    }

    /// Takes the witness of a database away: what is put in its place has another incarnation.
    pub fn remove(path: &Path) -> Result<(), StoreError> {
        std::fs::remove_file(path.join(WITNESS)).map_err(|error| crate::error::failed("remove the witness", error))
    }

    /// Notes that all groups of this header are durable.
    pub fn write(&self, header: &Header) -> Result<(), StoreError> {
        let mut bytes = [0; WITNESS_BYTES];
        bytes[..8].copy_from_slice(&header.incarnation.to_le_bytes());
        bytes[8..16].copy_from_slice(&header.groups.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&checksum.to_le_bytes());
        self.file.write_all_at(&bytes, 0).map_err(|error| crate::error::failed("write the witness", error))
    }
}

/// Incarnation and group that the witness of the database at `path` names; `None` without one that can be read.
pub(crate) fn told(path: &Path) -> Option<(u64, u64)> {
    read(&File::open(path.join(WITNESS)).ok()?)
}

fn read(file: &File) -> Option<(u64, u64)> {
    let mut bytes = [0; WITNESS_BYTES];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let (told, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(told) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (incarnation, groups) = told.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*incarnation), u64::from_le_bytes(*groups.first_chunk()?)))
}
