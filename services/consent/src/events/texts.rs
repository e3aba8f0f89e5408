//! The texts that administrators are shown before they consent: ours, and those that the operator wrote. A grant names one of them, and the
//! ledger records its hash.

use std::fs;
use std::path::Path;

use ledger::Hash;
use vocabulary::{Fault, Kind, Reason};

/// Ours, the earliest first. A text that was shown once never changes: a change is another version.
const OURS: [(&str, &str); 1] = [("1", include_str!("../../texts/1.txt"))];

/// The longest version's name, and the longest text, in bytes.
const LONGEST_VERSION: usize = 64;
const LONGEST_TEXT: u64 = 64 << 10;

/// Every text, the earliest first: ours, then the operator's by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts(Vec<(Box<str>, Box<str>)>);

impl Texts {
    /// Ours, and `VERSION.txt` of every version in a directory.
    ///
    /// # Errors
    /// CONFIG_INVALID when the directory cannot be read, or a text is too long, or takes the place of one of ours.
    pub fn read(directory: Option<&Path>) -> Result<Self, Fault> {
        let mut texts: Vec<(Box<str>, Box<str>)> = OURS.iter().map(|(version, text)| ((*version).into(), (*text).into())).collect();
        let Some(directory) = directory else { return Ok(Self(texts)) };
        let entries = fs::read_dir(directory).map_err(|_| wrong("cannot be read"))?;
        let mut paths =
            entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>().map_err(|_| wrong("cannot be read"))?;
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
            let version = path.file_stem().and_then(|name| name.to_str()).filter(|name| (1..=LONGEST_VERSION).contains(&name.len()));
            let version = version.ok_or_else(|| wrong("has a text whose name is no version of up to 64 bytes"))?;
            if texts.iter().any(|(held, _)| **held == *version) {
                return Err(wrong("has a text in the place of one that was shown before"));
            }
            let short = fs::metadata(path).is_ok_and(|found| found.len() <= LONGEST_TEXT);
            let text = Some(path).filter(|_| short).and_then(|path| fs::read_to_string(path).ok());
            texts.push((version.into(), text.ok_or_else(|| wrong("has a text that is not UTF-8 or longer than 64 KiB"))?.into()));
        }
        Ok(Self(texts))
    }

    /// The text of a version; the latest for none.
    pub fn get(&self, version: &str) -> Option<(&str, &str)> {
        let held = if version.is_empty() { self.0.last() } else { self.0.iter().find(|(held, _)| **held == *version) };
        held.map(|(version, text)| (&**version, &**text))
    }

    /// The SHA-256 of a version's text.
    pub fn hash(&self, version: &str) -> Option<Hash> {
        self.0.iter().find(|(held, _)| **held == *version).map(|(_, text)| Hash::of(text.as_bytes()))
    }

    /// Every version.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(version, _)| &**version)
    }
}

fn wrong(what: &str) -> Fault {
    Fault::new(Kind::FailedPrecondition, Reason::InvalidFields, format!("the directory `consent_texts` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_texts_come_after_ours_and_take_nobodys_place() {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &[u8]| fs::write(directory.path().join(name), text).unwrap();
        let read = || Texts::read(Some(directory.path()));
        put("notes.md", b"no text");
        assert_eq!(read().unwrap(), Texts::read(None).unwrap());
        put("2026-02.txt", b"later");
        put("2026-01.txt", b"We read your mail.");
        let texts = read().unwrap();
        assert_eq!(texts.versions().collect::<Vec<_>>(), ["1", "2026-01", "2026-02"]);
        assert_eq!(
            (texts.get(""), texts.get("2026-01"), texts.get("3")),
            (Some(("2026-02", "later")), Some(("2026-01", "We read your mail.")), None)
        );
        assert_eq!(texts.hash("2026-02"), Some(Hash::of(b"later")));
        assert_eq!(texts.hash(""), None);
        for (name, text) in [("1.txt", &b"another"[..]), ("x.txt", &[0xff]), ("long.txt", &vec![b'a'; (64 << 10) + 1])] {
            put(name, text);
            assert!(read().is_err(), "{name}");
            fs::remove_file(directory.path().join(name)).unwrap();
        }
        assert!(Texts::read(Some(&directory.path().join("absent"))).is_err());
    }
}
