//! What every service is given when its routes are made: the clock, the settings, the links to the others, and word of the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vocabulary::{Clock, SystemClock};

use crate::{Authenticator, Config, ConfigError, Link};

/// What a service is given. Cloning it is cheap.
#[derive(Clone)]
pub struct Context {
    /// The clock; nothing else tells the time.
    pub clock: Arc<dyn Clock>,
    /// The settings.
    pub config: Arc<Config>,
    /// Who callers are.
    pub authenticator: Authenticator,
    /// Cancelled when the process starts to drain: tasks stop, and streams that would never end end themselves.
    pub stopping: CancellationToken,
    /// Tasks with something to finish once `stopping`, such as a last write: the process waits for them before it ends.
    pub tasks: TaskTracker,
    links: BTreeMap<&'static str, Link>,
}

impl Context {
    /// A context without links in process: every other area is reached at its Unix socket.
    pub fn new(config: Arc<Config>, clock: Arc<dyn Clock>) -> Self {
        let authenticator = Authenticator::nothing();
        Self { clock, config, authenticator, stopping: CancellationToken::new(), tasks: TaskTracker::new(), links: BTreeMap::new() }
    }

    /// A context with the machine's clock.
    pub fn of_the_machine(config: Arc<Config>) -> Self {
        Self::new(config, Arc::new(SystemClock))
    }

    /// The same context, in which callers are authenticated as the settings say.
    ///
    /// # Errors
    /// [`ConfigError`] when a file with tokens or keys cannot be read.
    pub fn authenticated(mut self) -> Result<Self, ConfigError> {
        self.authenticator = Authenticator::of(&self.config.authentication, Arc::clone(&self.clock))?;
        Ok(self)
    }

    /// The same context, in which `area` is reached through `link`.
    #[must_use]
    pub fn with_link(mut self, area: &'static str, link: Link) -> Self {
        self.links.insert(area, link);
        self
    }

    /// The link to an area, public and internal services alike: in process where the area was given, else its Unix socket.
    ///
    /// Must be called within a Tokio runtime.
    pub fn link(&self, area: &str) -> Link {
        self.links.get(area).cloned().unwrap_or_else(|| Link::unix(self.config.socket(area)))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("config", &self.config).field("links", &self.links).finish_non_exhaustive()
    }
}
