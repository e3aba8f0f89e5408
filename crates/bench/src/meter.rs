//! What is read off the machine: time, work, memory, disk. The one place of the workspace that may look at `Instant`.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use vocabulary::Fault;

/// The size of the blocks in which a file's room on disk is told.
const DISK_BLOCK: u64 = 512;

/// Runs from when it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The processor time that this process has used so far, all threads together.
pub fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}

/// The memory that this process holds now, in bytes.
///
/// # Errors
/// Where the system does not tell.
pub fn resident_bytes() -> Result<u64, Fault> {
    status("VmRSS:")
}

/// The most memory that this process has held since [`forget_peak`], in bytes.
///
/// # Errors
/// Where the system does not tell.
pub fn peak_resident_bytes() -> Result<u64, Fault> {
    status("VmHWM:")
}

/// Lets the peak begin anew at what is held now; where the system does not allow that, it is the peak since the start.
pub fn forget_peak() {
    let _not_allowed = std::fs::write("/proc/self/clear_refs", "5");
}

fn status(field: &str) -> Result<u64, Fault> {
    let text = std::fs::read_to_string("/proc/self/status").map_err(|error| Fault::internal(format!("no /proc/self/status: {error}")))?;
    let kibibytes = text.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes.map(|count| count * 1024).ok_or_else(|| Fault::internal(format!("/proc/self/status has no {field}")))
}

/// The room that each entry of a directory takes on disk with all that lies under it, in bytes, by name.
///
/// # Errors
/// When something of it cannot be read.
pub fn disk_bytes(directory: &Path) -> Result<BTreeMap<String, u64>, Fault> {
    let sums = || -> std::io::Result<BTreeMap<String, u64>> {
        let entries = std::fs::read_dir(directory)?;
        entries.map(|entry| entry.and_then(|entry| Ok((entry.file_name().to_string_lossy().into_owned(), room(&entry)?)))).collect()
    };
    sums().map_err(|error| Fault::internal(format!("the stores cannot be measured: {error}")))
}

fn room(entry: &DirEntry) -> std::io::Result<u64> {
    let found = entry.metadata()?;
    if !found.is_dir() {
        return Ok(found.blocks() * DISK_BLOCK);
    }
    std::fs::read_dir(entry.path())?.map(|inner| room(&inner?)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_measured_through_all_directories() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("graph/ties")).unwrap();
        std::fs::write(directory.path().join("graph/ties/file"), vec![7; 100_000]).unwrap();
        let found = disk_bytes(directory.path()).unwrap();
        assert!(found.len() == 1 && (100_000..1_000_000).contains(&found["graph"]), "{found:?}");
    }

    #[test]
    fn memory_is_told() {
        let held = resident_bytes().unwrap();
        assert!(held > 0 && peak_resident_bytes().unwrap() >= held);
    }
}
