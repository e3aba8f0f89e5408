//! Where keys and decisions lie, and where their mirror does.

use std::path::{Path, PathBuf};

use runtime::{Config, config};
use sealing::RootKeySource;
use vocabulary::{Fault, Kind, Reason};

/// Where the keyring and the store of consent lie.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub keyring: PathBuf,
    pub epoch: PathBuf,
    pub root: RootKeySource,
    pub store: PathBuf,
    pub mirror: Option<Mirror>,
}

/// The same on another disk, under the same root key.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    pub keyring: PathBuf,
    pub epoch: PathBuf,
    pub store: PathBuf,
}

impl Places {
    /// As the settings say.
    pub fn of(config: &Config) -> Self {
        let keyring = &config.keyring;
        Self {
            keyring: config.data_dir.join("keyring"),
            epoch: keyring.epoch_path.clone().unwrap_or_else(|| config.data_dir.join("epoch")),
            root: root_key(keyring, &config.data_dir),
            store: config.area_dir("consent"),
            mirror: keyring.mirror.as_deref().map(Mirror::at),
        }
    }
}

impl Places {
    /// Refuses a mirror that is set and not there, unless this is a first start: it may lie on a disk that is not mounted, and another one
    /// in its place would lie on the first disk.
    ///
    /// # Errors
    /// KEYRING_FAILED, with what makes one.
    pub fn expect_mirror(&self) -> Result<(), Fault> {
        let first_start = !(self.store.is_dir() || self.keyring.is_dir());
        match &self.mirror {
            Some(mirror) if !(first_start || mirror.is_there()) => {
                let message = "`keyring.mirror` holds no mirror: mount its disk, or `rapport keyring attach-mirror` makes one there";
                Err(Fault::new(Kind::FailedPrecondition, Reason::KeyringFailed, message))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Mirror {
    /// Whether both parts are there.
    pub fn is_there(&self) -> bool {
        self.store.is_dir() && self.keyring.is_dir()
    }

    fn at(dir: &Path) -> Self {
        Self { keyring: dir.join("keyring"), epoch: dir.join("epoch"), store: dir.join("consent") }
    }
}

/// Where the root key comes from; a file in the data directory when nothing else is named.
pub(crate) fn root_key(keyring: &config::Keyring, data_dir: &Path) -> RootKeySource {
    let config::Keyring { root_key_file, root_key_env, root_key_command, .. } = keyring;
    match (root_key_env, root_key_command.as_slice()) {
        (Some(name), _) => RootKeySource::Environment(name.clone()),
        (None, [_, ..]) => RootKeySource::Command(root_key_command.clone()),
        (None, []) => RootKeySource::File(root_key_file.clone().unwrap_or_else(|| data_dir.join("root.key"))),
    }
}

/// Decisions are missing, and what they withdrew would stand open again: consent serves nobody.
pub(crate) fn rolled_back(why: &str) -> Fault {
    let message = format!("{why}: `rapport consent recover` brings back what the mirror has, or withdraws everything");
    Fault::new(Kind::FailedPrecondition, Reason::ConsentRolledBack, message)
}
