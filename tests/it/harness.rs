//! A suite to test: in one process, or in five; real sockets, real stores in a directory of its own, ports as the system gives them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rapport::client::Client;
use rapport::suite::{AREAS, Suite};
use runtime::config::Listen;
use runtime::{Config, Link};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vocabulary::{Clock, Fault, SystemClock};

/// Long enough that a busy machine loses no lease; enforcement has tests of its own, with leases of [`SHORT_LEASE_MS`].
pub const LEASE_MS: u64 = 30_000;
/// The default of the product.
pub const SHORT_LEASE_MS: u64 = 2_000;

/// How the areas are spread over processes.
#[derive(Clone, Copy, Debug)]
pub enum Processes {
    One,
    Five,
}

/// A running suite. Dropping it ends it at once.
pub struct Running {
    pub gateway: Link,
    /// Where the gateway listens.
    pub address: SocketAddr,
    pub directory: Arc<TempDir>,
    held: Held,
}

enum Held {
    Task { stop: Option<oneshot::Sender<()>>, task: Option<JoinHandle<Result<(), Fault>>> },
    Children(Vec<Child>),
}

/// Something that happens to a process.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    Stop,
    Continue,
}

impl Running {
    /// A fresh suite.
    pub async fn start(processes: Processes) -> Self {
        Self::start_in(processes, Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// A suite over a directory that may hold stores already.
    pub async fn start_in(processes: Processes, directory: Arc<TempDir>) -> Self {
        match processes {
            Processes::One => Self::in_this_process(directory, Arc::new(SystemClock)).await,
            Processes::Five => Self::in_five_processes(directory, LEASE_MS),
        }
    }

    /// All areas in this process, living by `clock`.
    pub async fn in_this_process(directory: Arc<TempDir>, clock: Arc<dyn Clock>) -> Self {
        let config =
            Config { data_dir: directory.path().join("data"), lease_ms: LEASE_MS, listen: Listen::any_port(), ..Config::default() };
        let suite = Suite::open(&[], Arc::new(config), clock).await.unwrap();
        let address = suite.addresses().into_iter().find(|(area, _)| *area == "gateway").unwrap().1;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(suite.serve(async move {
            let _ = stopped.await;
        }));
        let held = Held::Task { stop: Some(stop), task: Some(task) };
        Self { gateway: link(address), address, directory, held }
    }

    /// All areas in one process that can be killed.
    pub fn in_a_child(directory: Arc<TempDir>) -> Self {
        Self::of_children(directory, &[vec![]], LEASE_MS)
    }

    /// Each area in a process of its own, in the order of [`AREAS`].
    pub fn in_five_processes(directory: Arc<TempDir>, lease_ms: u64) -> Self {
        Self::of_children(directory, &AREAS.map(|area| vec![area]), lease_ms)
    }

    /// The same, with settings besides the harness's own.
    pub fn in_five_processes_with(directory: Arc<TempDir>, settings: &[String]) -> Self {
        Self::of_children_with(directory, &AREAS.map(|area| vec![area]), LEASE_MS, settings, None)
    }

    /// The same, with what they log in a file.
    pub fn in_five_processes_logging(directory: Arc<TempDir>, settings: &[String], log: File) -> Self {
        Self::of_children_with(directory, &AREAS.map(|area| vec![area]), LEASE_MS, settings, Some(&log))
    }

    /// Sends a signal to the process of an area.
    pub fn signal(&self, area: &str, signal: Signal) {
        let Held::Children(children) = &self.held else { panic!("there is one process only") };
        let place = AREAS.iter().position(|held| *held == area).unwrap();
        let name = match signal {
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        assert!(Command::new("kill").args([name, &children[place].id().to_string()]).status().unwrap().success());
    }

    fn of_children(directory: Arc<TempDir>, groups: &[Vec<&str>], lease_ms: u64) -> Self {
        Self::of_children_with(directory, groups, lease_ms, &[], None)
    }

    fn of_children_with(directory: Arc<TempDir>, groups: &[Vec<&str>], lease_ms: u64, settings: &[String], log: Option<&File>) -> Self {
        let mut children = Vec::new();
        let mut gateway = None;
        for areas in groups {
            let (child, addresses) = child(directory.path(), areas, lease_ms, settings, log);
            gateway = gateway.or_else(|| addresses.iter().find(|(area, _)| area == "gateway").map(|(_, address)| *address));
            children.push(child);
        }
        let address = gateway.expect("some process runs the gateway");
        Self { gateway: link(address), address, directory, held: Held::Children(children) }
    }

    /// A client for a tenant.
    pub fn client(&self, tenant: &str) -> Client {
        Client { link: self.gateway.clone(), tenant: tenant.to_owned() }
    }

    /// Where everything is kept.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Ends it as an operator would, and waits until it has ended.
    pub async fn stop(mut self) -> Arc<TempDir> {
        match &mut self.held {
            Held::Task { stop, task } => {
                let _ = stop.take().map(|stop| stop.send(()));
                task.take().unwrap().await.unwrap().unwrap();
            }
            Held::Children(children) => {
                for child in children.iter_mut().rev() {
                    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
                    let status = child.wait().unwrap();
                    assert!(status.success(), "a process did not drain: {status}");
                }
                children.clear();
            }
        }
        Arc::clone(&self.directory)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> Arc<TempDir> {
        self.kill_children();
        Arc::clone(&self.directory)
    }

    fn kill_children(&mut self) {
        if let Held::Children(children) = &mut self.held {
            for mut child in children.drain(..) {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_children();
    }
}

fn link(address: SocketAddr) -> Link {
    Link::tcp(&format!("http://{address}")).unwrap()
}

/// The binary, which stands beside this test's own directory.
pub fn binary() -> PathBuf {
    let path = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("rapport");
    assert!(path.exists(), "the binary is not built: cargo build --bin rapport");
    path
}

/// Starts a process with these areas, and waits until it says where they are.
pub fn child(
    directory: &Path,
    areas: &[&str],
    lease_ms: u64,
    settings: &[String],
    log: Option<&File>,
) -> (Child, Vec<(String, SocketAddr)>) {
    let mut command = Command::new(binary());
    command.arg("serve").args(areas).stdout(Stdio::piped());
    if let Some(log) = log {
        command.stderr(log.try_clone().unwrap());
    }
    let mut set = |key: &str, value: String| {
        command.args(["--set", &format!("{key}={value}")]);
    };
    set("data_dir", directory.join("data").display().to_string());
    set("lease_ms", lease_ms.to_string());
    set("telemetry.log", "warn".to_owned());
    AREAS.iter().for_each(|area| set(&format!("listen.{area}"), "127.0.0.1:0".to_owned()));
    for setting in settings {
        command.args(["--set", setting]);
    }
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let expected = if areas.is_empty() { AREAS.len() } else { areas.len() };
    let addresses = lines.take(expected).map(|line| {
        let line = line.unwrap();
        let (area, address) = line.split_once(' ').expect("AREA ADDRESS");
        (area.to_owned(), address.parse().unwrap())
    });
    let addresses: Vec<_> = addresses.collect();
    assert_eq!(addresses.len(), expected, "a process ended before it served");
    (child, addresses)
}
