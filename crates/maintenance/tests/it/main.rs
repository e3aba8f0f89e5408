//! Backups as files, of real stores behind real services in this process.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod faulty;
mod files;
mod restoring;

use std::path::{Path, PathBuf};

use contracts::common::v1::BackupPart;
use maintenance::{Maintenance, Manifest, Place, Sources, take};
use runtime::Link;
use runtime::config::Limits;
use store::{Options, Store, Table};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use vocabulary::{Fault, SystemClock};

#[derive(Clone, PartialEq, prost::Message)]
struct Note {
    #[prost(bytes = "vec", tag = "1")]
    text: Vec<u8>,
}

/// What the log's store holds besides the dictionary.
struct Blocks;

impl Table for Blocks {
    const TAG: u8 = 1;
    const NAME: &'static str = "blocks";
    type Key = u64;
    type Value = Note;
}

struct Names;

impl Table for Names {
    const TAG: u8 = 3;
    const NAME: &'static str = "names";
    type Key = u64;
    type Value = Note;
}

fn part_of(tag: u8) -> BackupPart {
    if tag == Names::TAG { BackupPart::Dictionary } else { BackupPart::Log }
}

/// Three stores in a folder.
struct Suite {
    folder: PathBuf,
    records: Store,
    log: Store,
    consent: Store,
    stopping: CancellationToken,
}

fn place(folder: &Path, name: &str, incarnation: u64) -> Place {
    Place { path: folder.join(name), options: Options { cache_bytes: 1 << 20, fresh_incarnation: incarnation } }
}

impl Suite {
    /// Opens them; the log as `incarnation`, if it is made now.
    async fn open(folder: &Path, incarnation: u64) -> Self {
        let open = |name, incarnation| {
            let Place { path, options } = place(folder, name, incarnation);
            async move { Store::open(&path, options).await.unwrap() }
        };
        let (records, log, consent) = (open("records", 1).await, open("log", incarnation).await, open("consent", 3).await);
        Self { folder: folder.to_owned(), records, log, consent, stopping: CancellationToken::new() }
    }

    /// Adds a row to each table of the log's store.
    async fn write(&self, number: u64, text: &str) {
        let note = Note { text: text.as_bytes().to_vec() };
        let write = move |changes: &mut store::Changes<'_>| {
            changes.put::<Blocks>(&number, &note)?;
            changes.put::<Names>(&number, &note)
        };
        self.log.commit(write).await.unwrap();
    }

    async fn back_up(&self, to: &Path) -> Result<Manifest, Fault> {
        take(self.sources(), to, &SystemClock).await
    }

    fn sources(&self) -> Sources {
        let link = |store: &Store, part_of| {
            let server = Maintenance::server(store.clone(), part_of, &Limits::default(), self.stopping.clone());
            Link::in_process(Routes::new(server))
        };
        Sources {
            analytics: link(&self.records, |_| BackupPart::Records),
            ingestion: link(&self.log, part_of),
            consent: link(&self.consent, |_| BackupPart::Consent),
        }
    }

    async fn close(self) -> PathBuf {
        for store in [self.records, self.log, self.consent] {
            store.close().await;
        }
        self.folder
    }
}
