//! A backup of a serving suite, taken area by area into a folder that gets its name when it is whole and was read once more.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use contracts::common::v1 as pb;
use pb::backup_response::Step;
use pb::maintenance_service_client::MaintenanceServiceClient;
use runtime::{Link, Onward, fault_of};
use vocabulary::{Clock, Fault, Kind, Reason};

use crate::manifest::{Entry, Manifest};
use crate::part::{Part, Writer};
use crate::{damaged, failed, verify};

/// The largest message of an area, in bytes.
const MESSAGE_LIMIT: usize = 64 << 20;

/// The internal services of the areas that keep truth.
pub struct Sources {
    /// Its records.
    pub analytics: Link,
    /// Its log and dictionary.
    pub ingestion: Link,
    /// Its decisions.
    pub consent: Link,
}

/// Takes a backup into the folder `to`, which must not exist. Each store is taken as of one moment; consent last, so that no decision is
/// older than what it decides about.
///
/// # Errors
/// STORE_PRESENT when the folder is there; BACKUP_DAMAGED when what was written is not what was read; STORE_FAILED, and what the areas
/// answer. Nothing is left behind then.
pub async fn take(sources: Sources, to: &Path, clock: &dyn Clock) -> Result<Manifest, Fault> {
    if to.exists() {
        return Err(Fault::new(Kind::AlreadyExists, Reason::StorePresent, "the folder of the backup is there already: name a new one"));
    }
    let unfinished = beside(to)?;
    let made = DirBuilder::new().mode(0o700).create(&unfinished);
    made.map_err(|error| failed("make the folder of the backup, beside the one that was named and ending in .unfinished", &error))?;
    let taken = write(sources, &unfinished, clock).await.and_then(|manifest| {
        std::fs::rename(&unfinished, to).and_then(|()| sync_parent(to)).map_err(|error| failed("name the backup", &error))?;
        Ok(manifest)
    });
    if taken.is_err() {
        let _left = std::fs::remove_dir_all(&unfinished);
    }
    taken
}

async fn write(sources: Sources, folder: &Path, clock: &dyn Clock) -> Result<Manifest, Fault> {
    let mut entries = copy(sources.analytics, folder, &[Part::Records]).await?;
    entries.extend(copy(sources.ingestion, folder, &[Part::Log, Part::Dictionary]).await?);
    entries.extend(copy(sources.consent, folder, &[Part::Consent]).await?);
    let manifest = Manifest::new(clock.now(), entries)?;
    manifest.write(folder)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("write the backup", &error))?;
    if verify(folder)? != manifest {
        return Err(damaged("the manifest is not what was written"));
    }
    Ok(manifest)
}

/// Copies the parts of one area.
async fn copy(link: Link, folder: &Path, parts: &[Part]) -> Result<Vec<Entry>, Fault> {
    let mut writers = Vec::new();
    for part in parts {
        writers.push((*part, Writer::create(folder, *part)?));
    }
    let mut client = MaintenanceServiceClient::new(link).max_decoding_message_size(MESSAGE_LIMIT);
    let asked = client.backup(Onward::service().request(pb::BackupRequest {})).await;
    let mut steps = asked.map_err(|status| fault_of(&status))?.into_inner();
    let (mut beginning, mut rows, mut ended) = (None, 0, false);
    while let Some(message) = steps.message().await.map_err(|status| fault_of(&status))? {
        match message.step {
            Some(Step::Beginning(said)) if beginning.is_none() => beginning = Some(said),
            Some(Step::Rows(said)) if beginning.is_some() && !ended => {
                let part = Part::of_wire(said.part());
                let writer = writers.iter_mut().find(|(held, _)| Some(*held) == part);
                let (_, writer) = writer.ok_or_else(|| damaged("an area sent rows of a part that is not its own"))?;
                rows += said.rows.len() as u64;
                writer.write(&said)?;
            }
            Some(Step::End(_)) => ended = true,
            _ => return Err(damaged("an area sent its rows out of order")),
        }
    }
    let beginning = beginning.filter(|said| ended && said.rows == rows).ok_or_else(|| damaged("an area did not send all of its rows"))?;
    writers.into_iter().map(|(part, writer)| Ok(Entry::of(part, &beginning, writer.finish()?))).collect()
}

fn beside(to: &Path) -> Result<PathBuf, Fault> {
    let mut name = to.file_name().ok_or_else(|| Fault::invalid_field("--to", "must name a new folder"))?.to_owned();
    name.push(".unfinished");
    Ok(to.with_file_name(name))
}

fn sync_parent(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}
