//! A search of every byte under a directory for any of many texts: the demo's proof that nothing lies in clear.

use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use vocabulary::Fault;

/// What a search found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Texts found, in whatever case.
    pub hits: u64,
}

/// Searches every file under `directory` for any of `texts`, ASCII case folded.
///
/// # Errors
/// INTERNAL when a file cannot be read.
pub fn search(directory: &Path, texts: &[String]) -> Result<Found, Fault> {
    let patterns = AhoCorasick::builder().ascii_case_insensitive(true).build(texts);
    let patterns = patterns.map_err(|error| Fault::internal(error.to_string()))?;
    let mut found = Found::default();
    let mut waiting: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        let unreadable = |error: std::io::Error| Fault::internal(format!("cannot search a file: {error}"));
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                let bytes = match fs::read(entry.path()) {
                    // Stores and keyring replace files while they work.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    read => read.map_err(unreadable)?,
                };
                found.files += 1;
                found.bytes += bytes.len() as u64;
                found.hits += patterns.find_iter(&bytes).count() as u64;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_clear_is_found_wherever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("deep")).unwrap();
        fs::write(directory.path().join("deep/a"), b"\0\xffADA@b.example\0ada@b.example").unwrap();
        fs::write(directory.path().join("b"), b"nothing").unwrap();
        let found = search(directory.path(), &["ada@b.example".to_owned(), "<id@c>".to_owned()]).unwrap();
        assert_eq!((found.files, found.hits), (2, 2));
    }
}
