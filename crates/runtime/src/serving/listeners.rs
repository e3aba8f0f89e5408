//! The sockets of a process, bound before any work begins: a TCP address for clients and a Unix socket for the suite's own, per area.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener};

use crate::Config;

/// The longest path every Unix can bind, in bytes: Linux has room for 107, others for 103.
const SOCKET_PATH: usize = 103;

/// The bound sockets of a process. Connections wait in them until [`super::serve`] takes them.
#[derive(Debug)]
pub struct Listeners {
    pub(super) areas: Vec<AreaListeners>,
}

#[derive(Debug)]
pub(super) struct AreaListeners {
    pub(super) area: &'static str,
    pub(super) address: SocketAddr,
    pub(super) public: TcpListener,
    pub(super) internal: InternalListener,
}

/// A Unix socket whose file goes when nobody listens any more.
#[derive(Debug)]
pub(super) struct InternalListener {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl Listeners {
    /// Binds the listeners of `areas` where the settings say.
    ///
    /// # Errors
    /// [`ServeError`] names the address or path that cannot be had, and why.
    pub async fn bind(config: &Config, areas: &[&'static str]) -> Result<Self, ServeError> {
        private_folder(&config.run_dir())?;
        let mut bound = Vec::with_capacity(areas.len());
        for area in areas.iter().copied() {
            let address = config.listen.of(area).ok_or(ServeError::NoSuchArea(area))?;
            let unbound = |source| ServeError::Address { area, address, source };
            let public = TcpListener::bind(address).await.map_err(unbound)?;
            let address = public.local_addr().map_err(unbound)?;
            let internal = InternalListener::bind(config.socket(area))?;
            bound.push(AreaListeners { area, address, public, internal });
        }
        Ok(Self { areas: bound })
    }

    /// The address clients reach an area at, its port as the system chose it.
    pub fn address(&self, area: &str) -> Option<SocketAddr> {
        self.areas.iter().find_map(|bound| (bound.area == area).then_some(bound.address))
    }
}

impl InternalListener {
    fn bind(path: PathBuf) -> Result<Self, ServeError> {
        let bytes = path.as_os_str().len();
        if bytes > SOCKET_PATH {
            let problem = format!("the path has {bytes} bytes and at most {SOCKET_PATH} fit; set `run_dir` to a shorter one");
            return Err(ServeError::Socket { path, problem });
        }
        let bound = remove_stale(&path).and_then(|()| {
            let listener = UnixListener::bind(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        });
        match bound {
            Ok(listener) => Ok(Self { listener, path }),
            Err(error) => Err(ServeError::Socket { path, problem: error.to_string() }),
        }
    }
}

impl Drop for InternalListener {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the socket's file was gone already");
        }
    }
}

/// A socket that a dead process left behind is removed; one that answers, or another sort of file, is not ours to touch.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if !found.file_type().is_socket() => Err(io::Error::other("a file that is no socket is in the way")),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => Err(io::Error::other("another process serves there")),
        Ok(_) => std::fs::remove_file(path),
    }
}

/// Makes the folder for its owner only, and refuses one that others may enter: who reaches a socket there is trusted.
fn private_folder(path: &Path) -> Result<(), ServeError> {
    let made = || {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        std::fs::metadata(path)
    };
    let problem = match made() {
        Ok(found) if found.mode() & 0o077 == 0 => return Ok(()),
        Ok(found) => format!("others may enter it (mode {:o}); it must be 0700", found.mode() & 0o777),
        Err(error) => error.to_string(),
    };
    Err(ServeError::Socket { path: path.to_owned(), problem })
}

/// Why a process cannot serve.
#[derive(Debug)]
pub enum ServeError {
    /// There is no area of that name.
    NoSuchArea(&'static str),
    /// A public listener cannot be bound.
    Address {
        /// The area.
        area: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An internal listener cannot be bound.
    Socket {
        /// The socket or its folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The descriptors of an area cannot be read.
    Descriptors {
        /// The area.
        area: &'static str,
        /// What is wrong with them.
        problem: String,
    },
    /// Listeners were bound for an area that brings no services, or the other way round.
    Unmatched(&'static str),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchArea(area) => write!(f, "there is no area `{area}`"),
            Self::Address { area, address, source } => write!(f, "{area} cannot listen at {address}: {source}"),
            Self::Socket { path, problem } => write!(f, "cannot use {}: {problem}", path.display()),
            Self::Descriptors { area, problem } => write!(f, "the descriptors of {area} cannot be read: {problem}"),
            Self::Unmatched(area) => write!(f, "{area} has listeners without services, or services without listeners"),
        }
    }
}

impl std::error::Error for ServeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Listen;

    fn config(folder: &Path) -> Config {
        Config { data_dir: folder.to_owned(), listen: Listen::any_port(), ..Config::default() }
    }

    #[tokio::test]
    async fn sockets_are_private_and_stale_ones_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        drop(Listeners::bind(&config, &["consent"]).await.unwrap());
        // The standard library leaves the file behind, as a killed process does.
        drop(std::os::unix::net::UnixListener::bind(config.socket("consent")).unwrap());
        let listeners = Listeners::bind(&config, &["consent"]).await.unwrap();
        assert_ne!(listeners.address("consent").unwrap().port(), 0);
        assert_eq!(std::fs::metadata(config.run_dir()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(config.socket("consent")).unwrap().mode() & 0o777, 0o600);
        let second = Listeners::bind(&config, &["consent"]).await.unwrap_err().to_string();
        assert!(second.contains("another process serves there"), "{second}");
        drop(listeners);
        assert!(!config.socket("consent").exists());
    }

    #[tokio::test]
    async fn unusable_paths_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        let long = Config { run_dir: Some(folder.path().join("d".repeat(100))), ..config.clone() };
        assert!(Listeners::bind(&long, &["graph"]).await.unwrap_err().to_string().contains("at most 103"));
        config.run_dir = Some(folder.path().join("open"));
        std::fs::create_dir(config.run_dir()).unwrap();
        std::fs::set_permissions(config.run_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Listeners::bind(&config, &["graph"]).await.unwrap_err().to_string().contains("0700"));
        assert!(matches!(Listeners::bind(&long, &["nowhere"]).await, Err(ServeError::NoSuchArea(_))));
    }
}
