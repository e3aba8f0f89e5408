//! Whether a backup is what was written: every file read, every hash compared, every row by its own checksum.

use std::path::Path;

use vocabulary::Fault;

use crate::damaged;
use crate::manifest::Manifest;
use crate::part::Reader;

/// Reads a whole backup; answers what it says of itself. Blocks.
///
/// # Errors
/// BACKUP_DAMAGED, with what is wrong.
pub fn verify(folder: &Path) -> Result<Manifest, Fault> {
    let manifest = Manifest::read(folder)?;
    for entry in &manifest.parts {
        let mut reader = Reader::open(folder, entry.part)?;
        while !reader.next_rows()?.is_empty() {}
        if reader.extent() != entry.extent() {
            return Err(damaged(format!("the part {} is not what was written", entry.part.file())));
        }
    }
    Ok(manifest)
}
