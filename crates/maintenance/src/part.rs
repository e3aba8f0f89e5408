//! One part of a backup as a file: rows in the order of their keys, in messages each after its length, with a hash of the whole.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use contracts::common::v1 as pb;
use data_encoding::HEXLOWER;
use prost::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::RawRow;
use vocabulary::Fault;

use crate::{damaged, failed};

/// The largest message of a file that is read, in bytes; what is written is far smaller.
const MESSAGE_LIMIT: u64 = 64 << 20;

/// A part of a backup: what is restored as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Analytics: the CRM's records.
    Records,
    /// Ingestion: the log.
    Log,
    /// Ingestion: who is behind which id.
    Dictionary,
    /// Consent: decisions, directory, ledger, erasures.
    Consent,
}

/// Every part, in the order in which they are taken: decisions last, so that none is older than what it decides about.
pub const PARTS: [Part; 4] = [Part::Records, Part::Log, Part::Dictionary, Part::Consent];

impl Part {
    /// The name of its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Log => "log",
            Self::Dictionary => "dictionary",
            Self::Consent => "consent",
        }
    }

    /// As the contract names it.
    pub fn of_wire(part: pb::BackupPart) -> Option<Self> {
        match part {
            pb::BackupPart::Unspecified => None,
            pb::BackupPart::Records => Some(Self::Records),
            pb::BackupPart::Log => Some(Self::Log),
            pb::BackupPart::Dictionary => Some(Self::Dictionary),
            pb::BackupPart::Consent => Some(Self::Consent),
        }
    }
}

/// What is known of a file once it is written, and found again when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

/// A file that is being written.
pub struct Writer {
    file: BufWriter<File>,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

impl Writer {
    /// Makes the file in `folder`, which nobody else can read.
    pub fn create(folder: &Path, part: Part) -> Result<Self, Fault> {
        let file = create(&folder.join(part.file()))?;
        Ok(Self { file: BufWriter::new(file), hash: Sha256::new(), rows: 0, bytes: 0 })
    }

    pub fn write(&mut self, rows: &pb::BackupRows) -> Result<(), Fault> {
        let message = rows.encode_length_delimited_to_vec();
        self.hash.update(&message);
        self.rows += rows.rows.len() as u64;
        self.bytes += message.len() as u64;
        self.file.write_all(&message).map_err(|error| failed("write the backup", &error))
    }

    /// Makes it durable.
    pub fn finish(self) -> Result<Extent, Fault> {
        let file = self.file.into_inner().map_err(|error| failed("write the backup", &error))?;
        file.sync_all().map_err(|error| failed("write the backup", &error))?;
        Ok(Extent { rows: self.rows, bytes: self.bytes, sha256: HEXLOWER.encode(&self.hash.finalize()) })
    }
}

/// A new file that nobody else can read.
pub fn create(path: &Path) -> Result<File, Fault> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| failed("make a file of the backup", &error))
}

/// A file that is being read.
pub struct Reader {
    file: BufReader<File>,
    part: Part,
    hash: Sha256,
    /// The last key, so that no row comes twice.
    last: Vec<u8>,
    rows: u64,
    bytes: u64,
}

impl Reader {
    pub fn open(folder: &Path, part: Part) -> Result<Self, Fault> {
        let file = File::open(folder.join(part.file())).map_err(|error| damaged(format!("{} cannot be read: {error}", part.file())))?;
        Ok(Self { file: BufReader::new(file), part, hash: Sha256::new(), last: Vec::new(), rows: 0, bytes: 0 })
    }

    /// The next rows, each by its checksum what was written, in ascending order; none at the end.
    ///
    /// # Errors
    /// BACKUP_DAMAGED.
    pub fn next_rows(&mut self) -> Result<Vec<RawRow>, Fault> {
        let Some(message) = self.next_message()? else { return Ok(Vec::new()) };
        let message = pb::BackupRows::decode(message.as_slice()).map_err(|_| self.wrong("holds something else than rows"))?;
        if Part::of_wire(message.part()) != Some(self.part) || message.rows.is_empty() {
            return Err(self.wrong("holds rows of another part"));
        }
        let rows: Vec<RawRow> = message.rows.into_iter().map(|pb::BackupRow { key, value }| RawRow { key, value }).collect();
        for row in &rows {
            if !row.is_whole() || row.key <= self.last {
                return Err(self.wrong("holds a row that is not what was written"));
            }
            self.last.clone_from(&row.key);
        }
        self.rows += rows.len() as u64;
        Ok(rows)
    }

    /// What was read.
    pub fn extent(self) -> Extent {
        Extent { rows: self.rows, bytes: self.bytes, sha256: HEXLOWER.encode(&self.hash.finalize()) }
    }

    fn next_message(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut prefix = Vec::new();
        loop {
            let mut byte = [0];
            let read = self.file.read(&mut byte).map_err(|error| failed("read the backup", &error))?;
            match (read, prefix.len()) {
                (0, 0) => return Ok(None),
                (0, _) | (_, 10) => return Err(self.wrong("is cut short")),
                _ => prefix.push(byte[0]),
            }
            if byte[0] < 0x80 {
                break;
            }
        }
        let length = prost::decode_length_delimiter(prefix.as_slice()).map_err(|_| self.wrong("is not what was written"))?;
        let mut message = Vec::new();
        let limit = (length as u64).min(MESSAGE_LIMIT);
        let read = self.file.by_ref().take(limit).read_to_end(&mut message).map_err(|error| failed("read the backup", &error))?;
        if read != length {
            return Err(self.wrong("is cut short"));
        }
        self.hash.update(&prefix);
        self.hash.update(&message);
        self.bytes += (prefix.len() + message.len()) as u64;
        Ok(Some(message))
    }

    fn wrong(&self, what: &str) -> Fault {
        damaged(format!("the part {} {what}", self.part.file()))
    }
}
