//! The file operations of the keyring, and the names of its files. Each operation can be stopped by a test before it happens.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::DiskError;

/// What a test may stop, in the moment before it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Write,
    Sync,
    SyncDirectory,
    Rename,
    Overwrite,
    Remove,
}

#[cfg(test)]
pub(super) type Before = Box<dyn FnMut(Operation, &Path) -> io::Result<()> + Send>;

/// The operations that change the disk.
#[derive(Default)]
pub(super) struct Disk {
    /// Asked before each operation; an error stops it and all that would have followed, as a crash does.
    #[cfg(test)]
    pub(super) before: Option<Before>,
}

impl Disk {
    #[cfg(test)]
    fn about_to(&mut self, operation: Operation, path: &Path) -> Result<(), DiskError> {
        self.before.as_mut().map_or(Ok(()), |before| before(operation, path)).map_err(DiskError::at(path))
    }

    #[cfg(not(test))]
    fn about_to(&mut self, _operation: Operation, _path: &Path) -> Result<(), DiskError> {
        Ok(())
    }

    /// Writes a new file of mode 0600 and makes its content durable; the directory is the caller's to sync.
    pub(super) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.about_to(Operation::Create, path)?;
        // A leftover of the same name goes first: writing into it would follow a link that somebody placed there.
        absent_is_fine(fs::remove_file(path)).map_err(DiskError::at(path))?;
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = created.map_err(DiskError::at(path))?;
        self.about_to(Operation::Write, path)?;
        file.write_all(bytes).map_err(DiskError::at(path))?;
        self.about_to(Operation::Sync, path)?;
        file.sync_all().map_err(DiskError::at(path))
    }

    /// Makes the names in a directory durable.
    pub(super) fn sync_directory(&mut self, dir: &Path) -> Result<(), DiskError> {
        self.about_to(Operation::SyncDirectory, dir)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(DiskError::at(dir))
    }

    /// Puts `from` in the place of `to`, atomically; durable only once the directory is synced.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.about_to(Operation::Rename, to)?;
        fs::rename(from, to).map_err(DiskError::at(to))
    }

    /// Overwrites an open epoch record with zeros, durably; `path` is what it was called. A record is 105 bytes, so whatever goes
    /// on beyond a page was not written here and stays.
    pub(super) fn overwrite(&mut self, file: &File, path: &Path) -> Result<(), DiskError> {
        self.about_to(Operation::Overwrite, path)?;
        let overwritten = file.metadata().and_then(|meta| {
            file.write_all_at(&vec![0; meta.len().min(4096) as usize], 0)?;
            file.sync_data()
        });
        overwritten.map_err(DiskError::at(path))
    }

    /// Removes a file, which may be gone already.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), DiskError> {
        self.about_to(Operation::Remove, path)?;
        absent_is_fine(fs::remove_file(path)).map_err(DiskError::at(path))
    }
}

/// The content of a file, or nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError { path: path.into(), error }),
    }
}

/// The names of all tables and groups in a directory.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, DiskError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(DiskError::at(dir))? {
        let name = entry.map_err(DiskError::at(dir))?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.starts_with("table-") || name.starts_with("group-")) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The name of the table with this version.
pub(super) fn table_name(version: u64) -> String {
    format!("table-{version:016x}")
}

/// The name of a group's file with this version.
pub(super) fn group_name(number: u32, version: u64) -> String {
    format!("group-{number:08x}-{version:016x}")
}

/// Where a file is written before it takes the place of `path`: beside it, so that a rename suffices.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// The directory a path lies in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory and those above it, mode 0700, durably.
pub(super) fn create_directory(dir: &Path) -> Result<(), DiskError> {
    if dir.is_dir() {
        return Ok(());
    }
    create_directory(parent(dir))?;
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(DiskError { path: dir.into(), error }),
        _ => Disk::default().sync_directory(parent(dir)),
    }
}

/// Locks a directory for this process; nothing when another one holds it. The lock ends with the returned file.
pub(super) fn lock(dir: &Path) -> Result<Option<File>, DiskError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(DiskError::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(DiskError { path, error }),
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
