//! Five processes that can be paused, killed and cut off: what the holders say to consent goes through a go-between of this test.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use rapport::suite::AREAS;
use runtime::Link;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::harness::{SHORT_LEASE_MS, child};

/// The processes that hold leases.
pub const HOLDERS: [&str; 3] = ["ingestion", "analytics", "graph"];

pub struct Field {
    pub gateway: Link,
    directory: TempDir,
    children: Mutex<BTreeMap<&'static str, Child>>,
    wire: Wire,
}

impl Field {
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [apart, shared, direct] = ["apart", "run", "direct"].map(|name| directory.path().join(name));
        for dir in [&apart, &shared, &direct] {
            std::fs::DirBuilder::new().mode(0o700).create(dir).unwrap();
        }
        // The gateway reaches everybody without the go-between.
        for (area, dir) in HOLDERS.map(|area| (area, &shared)).into_iter().chain([("consent", &apart)]) {
            let socket = format!("{area}.sock");
            std::os::unix::fs::symlink(dir.join(&socket), direct.join(socket)).unwrap();
        }
        let wire = Wire::between(&shared.join("consent.sock"), apart.join("consent.sock"));
        let mut children = BTreeMap::new();
        let mut gateway = None;
        for area in AREAS {
            let (child, addresses) = child(directory.path(), &[area], SHORT_LEASE_MS, &settings(directory.path(), area), None);
            gateway = addresses.first().map(|(_, address)| *address);
            children.insert(area, child);
        }
        let gateway = Link::tcp(&format!("http://{}", gateway.unwrap())).unwrap();
        Self { gateway, directory, children: Mutex::new(children), wire }
    }

    /// Pauses a process, or lets it go on.
    pub fn pause(&self, area: &str, paused: bool) {
        let signal = if paused { "-STOP" } else { "-CONT" };
        let id = self.children.lock().unwrap()[area].id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Ends a process as a power cut would, and starts it on what it left.
    pub fn kill_and_start(&self, area: &'static str) {
        self.kill(area);
        self.start_again(area);
    }

    /// Ends a process as a power cut would.
    pub fn kill(&self, area: &str) {
        let mut children = self.children.lock().unwrap();
        let killed = children.get_mut(area).unwrap();
        killed.kill().unwrap();
        killed.wait().unwrap();
    }

    /// Ends a process as an operator would, and waits until it has ended.
    pub fn stop(&self, area: &str) {
        let mut children = self.children.lock().unwrap();
        let stopped = children.get_mut(area).unwrap();
        assert!(Command::new("kill").arg(stopped.id().to_string()).status().unwrap().success());
        assert!(stopped.wait().unwrap().success(), "{area} did not drain");
    }

    /// Starts a process that has ended on what it left.
    pub fn start_again(&self, area: &'static str) {
        let (started, _) = child(self.directory.path(), &[area], SHORT_LEASE_MS, &settings(self.directory.path(), area), None);
        self.children.lock().unwrap().insert(area, started);
    }

    /// Breaks every connection to consent; new ones are made at once.
    pub fn drop_connections(&self) {
        self.wire.drop_all.send_modify(|times| *times += 1);
    }

    /// Keeps back, in both directions, what holders and consent say to each other; it is said later.
    pub fn keep_back(&self, kept: bool) {
        self.wire.kept_back.send_replace(kept);
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        for child in self.children.lock().unwrap().values_mut() {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

/// Consent's socket lies in a folder of its own, so that the holders find the go-between.
fn settings(directory: &Path, area: &str) -> Vec<String> {
    let run = match area {
        "consent" => "apart",
        "gateway" => "direct",
        _ => "run",
    };
    vec![format!("run_dir={}", directory.join(run).display())]
}

/// The go-between.
struct Wire {
    drop_all: watch::Sender<u64>,
    kept_back: watch::Sender<bool>,
    _accepting: JoinSet<()>,
}

impl Wire {
    fn between(socket: &Path, consent: PathBuf) -> Self {
        let (drop_all, kept_back) = (watch::Sender::new(0), watch::Sender::new(false));
        let listener = UnixListener::bind(socket).unwrap();
        let (dropped, kept, consent) = (drop_all.clone(), kept_back.clone(), Arc::new(consent));
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let (mut dropped, kept, consent) = (dropped.subscribe(), kept.subscribe(), Arc::clone(&consent));
                tokio::spawn(async move {
                    let Ok(far) = UnixStream::connect(consent.as_path()).await else { return };
                    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                    tokio::select! {
                        _ = dropped.changed() => {}
                        _ = pass(near_in, far_out, kept.clone()) => {}
                        _ = pass(far_in, near_out, kept) => {}
                    }
                });
            }
        });
        Self { drop_all, kept_back, _accepting: accepting }
    }
}

/// Passes on what comes, in order, while nothing is kept back.
async fn pass(
    mut from: tokio::net::unix::OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    mut kept_back: watch::Receiver<bool>,
) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        while *kept_back.borrow_and_update() {
            let _changed = kept_back.changed().await;
        }
        to.write_all(&bytes[..read]).await?;
    }
}
