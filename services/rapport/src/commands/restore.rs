//! `rapport restore`: a backup put back while the suite does not run.

use std::io::Write;

use contracts::common::v1::BackupPart;
use maintenance::{Asked, Dictionary, Places, RestoredPart};
use runtime::Config;
use vocabulary::{Fault, Kind, Reason};

use super::backup::print;
use super::serve::settings;
use crate::cli::Restore;
use crate::output::{counted, said};

/// Runs the command.
///
/// # Errors
/// BACKUP_DAMAGED; STORE_PRESENT; STORE_FAILED when the suite runs.
pub async fn run(command: Restore, out: &mut impl Write) -> Result<(), Fault> {
    let Restore { backups, replace, only, consent, json, config } = command;
    let asked = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let asked = Asked { log: asked("log"), records: asked("records"), replace, consent };
    let config = settings(&config)?;
    if consent && consent::mirror_place(&config).is_some_and(|mirror| mirror.path.join("db").exists()) {
        let message = "`keyring.mirror` holds every decision: `rapport consent recover --from-mirror` brings them back";
        return Err(Fault::new(Kind::FailedPrecondition, Reason::StorePresent, message));
    }
    let restored = maintenance::restore(&backups, &places(&config), asked).await?;
    if json {
        return print(&restored, out);
    }
    for RestoredPart { part, rows } in &restored.parts {
        said(writeln!(out, "{}: {}", part.file(), counted(i64::try_from(*rows).unwrap_or(i64::MAX), "row")))?;
    }
    match &restored.dictionary {
        None => {}
        Some(Dictionary::Present) => said(writeln!(out, "the dictionary that was there serves: it is newer"))?,
        Some(Dictionary::Backup(backup)) => said(writeln!(out, "the dictionary of {} serves", backup.display()))?,
    }
    match (consent, restored.decisions) {
        (true, _) => said(writeln!(out, "decisions are restored: consent serves if none is missing that its keyring knows of"))?,
        (false, true) => said(writeln!(out, "decisions are left as they are: they are never rolled back"))?,
        (false, false) => said(writeln!(out, "there are no decisions here: --consent restores those of the backup"))?,
    }
    if [analytics::timelines_place(&config), graph::ties_place(&config)].iter().any(|view| !view.path.exists()) {
        said(writeln!(
            out,
            "views that were lost stay registered, and erasures wait for them: `rapport store list`, `rapport store retire`"
        ))?;
    }
    said(writeln!(out, "start the suite: views begin anew, and whatever was withdrawn or erased meanwhile goes again"))
}

/// Where the stores lie.
pub fn places(config: &Config) -> Places {
    Places {
        consent: consent::place(config),
        log: ingestion::log_place(config),
        records: analytics::records_place(config),
        in_dictionary: |tag| ingestion::part_of(tag) == BackupPart::Dictionary,
    }
}
