//! The root key, which wraps the epoch record, and where it comes from.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fmt, fs, io};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use vocabulary::{Fault, Kind, Reason};
use zeroize::Zeroizing;

use super::DiskError;
use super::disk::{self, Disk};
use crate::Key;

/// The key that wraps the epoch record. It never touches what is sealed elsewhere.
#[derive(Clone, Debug)]
pub struct RootKey(Key);

impl RootKey {
    /// The root key of these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Key::from_bytes(bytes))
    }

    /// The root key written as 64 hexadecimal digits, white space around them ignored.
    ///
    /// # Errors
    /// [`RootKeyError::Malformed`], which does not repeat the text.
    pub fn from_hex(text: &str) -> Result<Self, RootKeyError> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map(Zeroizing::new).map_err(|_| RootKeyError::Malformed)?;
        Ok(Self::from_bytes(bytes.as_slice().try_into().map_err(|_| RootKeyError::Malformed)?))
    }

    /// The key under which the epoch record is sealed.
    pub(super) fn wrapping_key(&self) -> Key {
        self.0.derive("rapport keyring epoch record v1")
    }
}

/// Where the root key comes from.
#[derive(Clone, Debug)]
pub enum RootKeySource {
    /// A file of 64 hexadecimal digits that only its owner may read.
    File(PathBuf),
    /// A variable of the process's environment that holds 64 hexadecimal digits.
    Environment(String),
    /// A program and its arguments, which prints 64 hexadecimal digits, such as one that asks a key management service. It is waited for.
    Command(Vec<String>),
}

impl RootKeySource {
    /// The root key, which must exist.
    ///
    /// # Errors
    /// [`RootKeyError`]; a file that group or others may read is refused.
    pub fn load(&self) -> Result<RootKey, RootKeyError> {
        match self {
            Self::File(path) => load_file(path),
            Self::Environment(name) => RootKey::from_hex(&variable(name)?),
            Self::Command(words) => ask(words),
        }
    }

    /// The root key; a file that is absent is made, with random bytes and mode 0600. For a first start only: anywhere else an absent
    /// root key is a fault, and a new one opens nothing.
    ///
    /// # Errors
    /// [`RootKeyError`].
    pub fn load_or_create(&self) -> Result<RootKey, RootKeyError> {
        match self {
            Self::File(path) => match load_file(path) {
                Err(RootKeyError::Absent(_)) => create_file(path),
                loaded => loaded,
            },
            Self::Environment(_) | Self::Command(_) => self.load(),
        }
    }
}

fn load_file(path: &Path) -> Result<RootKey, RootKeyError> {
    let mut file = fs::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RootKeyError::Absent(path.into()),
        _ => DiskError { path: path.into(), error }.into(),
    })?;
    // The open file is asked, not the path, which could name another file by now.
    let mode = file.metadata().map_err(DiskError::at(path))?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(RootKeyError::Exposed { path: path.into(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(128));
    file.by_ref().take(128).read_to_string(&mut text).map_err(|_| RootKeyError::Malformed)?;
    RootKey::from_hex(&text)
}

#[expect(clippy::disallowed_methods, reason = "a secret is no setting: settings are printed and compared")]
fn variable(name: &str) -> Result<Zeroizing<String>, RootKeyError> {
    std::env::var(name).map(Zeroizing::new).map_err(|_| RootKeyError::Unset(name.to_owned()))
}

fn ask(words: &[String]) -> Result<RootKey, RootKeyError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(RootKeyError::Command { program: String::new(), why: "there is none".into() });
    };
    let failed = |why: String| RootKeyError::Command { program: program.clone(), why };
    let asked = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let asked = asked.map_err(|error| failed(error.to_string()))?;
    let printed = Zeroizing::new(asked.stdout);
    if !asked.status.success() {
        return Err(failed(asked.status.to_string()));
    }
    RootKey::from_hex(std::str::from_utf8(&printed).map_err(|_| RootKeyError::Malformed)?)
}

fn create_file(path: &Path) -> Result<RootKey, RootKeyError> {
    let key = Key::random();
    let mut text = Zeroizing::new(String::with_capacity(65));
    HEXLOWER.encode_append(key.as_bytes(), &mut text);
    text.push('\n');
    disk::create_directory(disk::parent(path))?;
    let unfinished = disk::unfinished(path);
    let mut disk = Disk::default();
    disk.write(&unfinished, text.as_bytes())?;
    // A link, unlike a rename, never replaces a key that another start made meanwhile.
    fs::hard_link(&unfinished, path).map_err(DiskError::at(path))?;
    disk.remove(&unfinished)?;
    disk.sync_directory(disk::parent(path))?;
    Ok(RootKey(key))
}

/// Why there is no root key.
#[derive(Debug)]
pub enum RootKeyError {
    /// The file does not exist.
    Absent(PathBuf),
    /// Others than its owner may read the file.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The variable is not set, or is not text.
    Unset(String),
    /// The command could not be run, or failed.
    Command {
        /// The program, without its arguments.
        program: String,
        /// What the operating system said.
        why: String,
    },
    /// It is not 64 hexadecimal digits.
    Malformed,
    /// A file operation failed.
    Disk(DiskError),
}

impl fmt::Display for RootKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(path) => write!(f, "the root key {} does not exist", path.display()),
            Self::Exposed { path, mode } => {
                write!(f, "the root key {} has mode {mode:04o}, others than its owner may read it: set 0600", path.display())
            }
            Self::Unset(name) => write!(f, "the root key's variable {name} is not set"),
            Self::Command { program, why } => write!(f, "the root key's command `{program}` failed: {why}"),
            Self::Malformed => f.write_str("a root key is 64 hexadecimal digits"),
            Self::Disk(error) => write!(f, "root key: {error}"),
        }
    }
}

impl std::error::Error for RootKeyError {}

impl From<DiskError> for RootKeyError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl From<RootKeyError> for Fault {
    fn from(error: RootKeyError) -> Self {
        Self::new(Kind::FailedPrecondition, Reason::KeyringFailed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_key_file_is_made_once_and_only_its_owner_may_read_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("keys/root.key");
        let source = RootKeySource::File(path.clone());
        assert!(matches!(source.load(), Err(RootKeyError::Absent(_))));
        let made = source.load_or_create().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        for again in [source.load().unwrap(), source.load_or_create().unwrap()] {
            assert_eq!(again.0, made.0);
        }
    }

    #[test]
    fn a_root_key_that_others_may_read_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("root.key");
        let source = RootKeySource::File(path.clone());
        source.load_or_create().unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(source.load(), Err(RootKeyError::Exposed { mode: found, .. }) if found == mode));
            assert!(source.load_or_create().is_err());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(source.load().is_ok());
    }

    #[test]
    fn a_root_key_comes_from_the_environment_or_a_command() {
        let command = |script: &str| RootKeySource::Command(["sh", "-c", script].map(str::to_owned).to_vec());
        let printed = command("printf %064d 7; echo").load().unwrap();
        assert_eq!(printed.0, RootKey::from_hex(&format!("{:064}", 7)).unwrap().0);
        for (script, expected) in [("exit 3", "3"), ("echo 12", "64 hexadecimal"), ("kill -9 $$", "9")] {
            let error = command(script).load_or_create().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(matches!(RootKeySource::Command(vec!["no-such-program".into()]).load(), Err(RootKeyError::Command { .. })));
        assert!(matches!(RootKeySource::Command(Vec::new()).load(), Err(RootKeyError::Command { .. })));
        // A variable that every test process has, and that is no key.
        assert!(matches!(RootKeySource::Environment("PATH".into()).load(), Err(RootKeyError::Malformed)));
        let unset = RootKeySource::Environment("RAPPORT_TEST_UNSET".into()).load().unwrap_err();
        assert!(matches!(&unset, RootKeyError::Unset(_)) && unset.to_string().contains("RAPPORT_TEST_UNSET"));
    }

    #[test]
    fn only_64_hexadecimal_digits_make_a_root_key() {
        let text = "0123456789abcdefABCDEF0123456789".repeat(2);
        assert!(RootKey::from_hex(&format!(" {text}\n")).is_ok());
        for bad in ["", "00", &text[1..], &format!("{text}00"), &text.replace('a', "g")] {
            assert!(matches!(RootKey::from_hex(bad), Err(RootKeyError::Malformed)), "{bad}");
        }
    }
}
