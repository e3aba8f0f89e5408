//! A suite is backed up while it serves and put back: what the backup covers answers the same; what was withdrawn or erased since stays so.

mod after;
mod scrubbing;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use contracts::consent::v1::{ListStoresRequest, StoreKind};
use contracts::graph::v1::list_introducers_request::Target;
use maintenance::{Asked, Dictionary, Manifest, Part, Restored};
use rapport::cli::{Backup, ConfigArgs, Restore};
use rapport::client::{Client, told};
use rapport::commands;
use rapport::demo::{load, search};
use synthetic::Company;
use tempfile::TempDir;
use vocabulary::{Fault, Reason};

use crate::erasing::erasures;
use crate::fixtures::{every_overview, grant, introducers, lead, opt_out, overview, secrets, small_company};
use crate::harness::{Processes, Running, binary};

/// What happens to the folder of a backup.
type Harm = fn(&Path);

fn config(data: &Path) -> ConfigArgs {
    ConfigArgs { config: None, settings: vec![("data_dir".to_owned(), data.display().to_string())] }
}

/// `rapport backup --to`.
/// Answers what it says of itself.
pub async fn back_up(data: &Path, to: &Path) -> Result<Manifest, Fault> {
    let command = Backup { command: None, to: Some(to.to_owned()), json: false, config: config(data) };
    commands::backup::run(command, &mut Vec::new()).await?;
    maintenance::verify(to)
}

/// `rapport restore` of everything but decisions.
pub fn everything(backup: &Path, data: &Path) -> Restore {
    Restore { backups: vec![backup.to_owned()], replace: true, only: None, consent: false, json: false, config: config(data) }
}

/// What it says.
pub async fn restored(command: Restore) -> Result<String, Fault> {
    let mut out = Vec::new();
    commands::restore::run(command, &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

/// A folder with the keys of another one and nothing else.
fn with_the_keys_of(directory: &TempDir) -> Arc<TempDir> {
    let (fresh, from) = (tempfile::tempdir().unwrap(), directory.path().join("data"));
    let data = fresh.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let copied = Command::new("cp").arg("-a").args(["keyring", "epoch", "root.key"].map(|name| from.join(name))).arg(&data).status();
    assert!(copied.unwrap().success());
    Arc::new(fresh)
}

fn part_of(company: &Company, mailboxes: std::ops::Range<usize>) -> Company {
    Company { mailboxes: company.mailboxes[mailboxes].to_vec(), ..company.clone() }
}

fn rows(manifest: &Manifest, part: Part) -> u64 {
    manifest.entry(part).unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_during_an_import_is_restored_where_the_disk_was_lost_in_one_process() {
    during_an_import(Processes::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_during_an_import_is_restored_where_the_disk_was_lost_in_five_processes() {
    during_an_import(Processes::Five).await;
}

async fn during_an_import(processes: Processes) {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let running = Running::start(processes).await;
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let (first, second) = (part_of(&company, 0..3), part_of(&company, 3..company.mailboxes.len()));
    load::mailboxes(&client, &first, &granted.revision).await.unwrap();
    let before = back_up(&running.data(), &backups.path().join("before")).await.unwrap();

    // One backup after the other while the rest is read: at least one is of the midst of it.
    let importing = tokio::spawn({
        let (client, second, revision) = (client.clone(), second.clone(), granted.revision.clone());
        async move { load::mailboxes(&client, &second, &revision).await.unwrap() }
    });
    let mut meanwhile = Vec::new();
    while !importing.is_finished() {
        let to = backups.path().join(meanwhile.len().to_string());
        meanwhile.push((back_up(&running.data(), &to).await.unwrap(), to));
    }
    let read = importing.await.unwrap();
    let expected = every_overview(&client, &company, &read.revision).await;
    let whole = backups.path().join("whole");
    let after = back_up(&running.data(), &whole).await.unwrap();
    let directory = running.stop().await;
    meanwhile.retain(|(manifest, _)| (rows(&before, Part::Log) + 1..rows(&after, Part::Log)).contains(&rows(manifest, Part::Log)));
    let (_, midst) = meanwhile.last().expect("no backup was taken in the midst of the import");
    assert_eq!(search::search(backups.path(), &secrets(&company)).unwrap().hits, 0);

    for (backup, complete) in [(&whole, true), (midst, false)] {
        let lost = with_the_keys_of(&directory);
        let command = Restore { consent: true, replace: false, ..everything(backup, &lost.path().join("data")) };
        restored(command).await.unwrap();
        assert_eq!(search::search(lost.path(), &secrets(&company)).unwrap().hits, 0);
        let running = Running::start_in(processes, lost).await;
        let client = running.client(&company.tenant.id);
        // What a revision named belongs to stores that are gone.
        let record = rapport::convert::record_ref(company.records[0].reference.clone());
        assert_eq!(overview(&client, record, &read.revision).await.unwrap_err().reason, Reason::RevisionLost);
        // The restored stores stand in the place of those before; views that were lost are retired by hand.
        let registered = told(erasures(&client).list_stores(ListStoresRequest {}).await).unwrap().stores;
        let waited = |kind| registered.iter().filter(|store| store.kind() == kind).count();
        assert_eq!([StoreKind::Log, StoreKind::Records].map(waited), [1, 1], "{registered:?}");
        if complete {
            let shown = every_overview(&client, &company, "").await;
            assert!(shown == expected, "an answer differs from before the backup");
        }
        // All that was read before the backup is there, and what came later is read again, once.
        assert_eq!(load::mailboxes(&client, &first, "").await.unwrap().accepted, 0);
        let again = load::mailboxes(&client, &second, "").await.unwrap();
        assert_eq!((again.accepted == 0, again.accepted + again.duplicate), (complete, read.accepted + read.duplicate));
        let shown = every_overview(&client, &company, &again.revision).await;
        assert!(shown == expected, "an answer differs once everything was read again");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_restored_over_what_is_there_unless_that_is_asked_for_and_decisions_never() {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let (first, second) = (backups.path().join("first"), backups.path().join("second"));
    let running = Running::start(Processes::One).await;
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let data = running.data();
    back_up(&data, &first).await.unwrap();
    assert_eq!(back_up(&data, &first).await.unwrap_err().reason, Reason::StorePresent);

    // A suite that runs.
    let fault = restored(everything(&first, &data)).await.unwrap_err();
    assert!(fault.reason == Reason::StoreFailed && fault.message.contains("stop the suite"), "{fault}");
    grant(&client).await.unwrap();
    back_up(&data, &second).await.unwrap();
    let directory = running.stop().await;

    let refused = restored(Restore { replace: false, ..everything(&first, &data) }).await.unwrap_err();
    assert!(refused.reason == Reason::StorePresent && refused.message.contains("--replace"), "{refused}");
    let refused = restored(Restore { consent: true, ..everything(&second, &data) }).await.unwrap_err();
    assert!(refused.reason == Reason::StorePresent && refused.message.contains("never rolled back"), "{refused}");
    let said = restored(everything(&first, &data)).await.unwrap();
    assert!(said.contains("decisions are left as they are"), "{said}");

    // The grant is from after the backup that was restored, and stands.
    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    let read = load::mailboxes(&client, &part_of(&company, 0..1), "").await.unwrap();
    assert!(read.accepted > 0, "a decision was rolled back");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_what_was_written_is_refused_by_verify_and_restore() {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let whole = backups.path().join("whole");
    let running = Running::start(Processes::One).await;
    load::company(&running.client(&company.tenant.id), &company).await.unwrap();
    let data = running.data();
    back_up(&data, &whole).await.unwrap();
    running.stop().await;

    let harms: [(&str, Harm); 6] = [
        ("cut", |folder| {
            let file = std::fs::File::options().write(true).open(folder.join("dictionary")).unwrap();
            file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        }),
        ("changed", |folder| {
            let mut bytes = std::fs::read(folder.join("records")).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(folder.join("records"), bytes).unwrap();
        }),
        ("swapped", |folder| _ = std::fs::copy(folder.join("consent"), folder.join("log")).unwrap()),
        ("missing", |folder| std::fs::remove_file(folder.join("consent")).unwrap()),
        ("manifest changed", |folder| {
            let text = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
            std::fs::write(folder.join("manifest.json"), text.replacen("\"taken\": \"2", "\"taken\": \"3", 1)).unwrap();
        }),
        ("no manifest", |folder| std::fs::remove_file(folder.join("manifest.json")).unwrap()),
    ];
    for (harm, does) in harms {
        let harmed = backups.path().join(harm);
        assert!(Command::new("cp").arg("-a").arg(&whole).arg(&harmed).status().unwrap().success());
        does(&harmed);
        let told = Command::new(binary()).args(["backup", "verify"]).arg(&harmed).output().unwrap();
        let said = String::from_utf8(told.stderr).unwrap();
        assert!(told.status.code() == Some(1) && said.contains("BACKUP_DAMAGED"), "{harm}: {said}");
        let fresh = tempfile::tempdir().unwrap();
        let command = Restore { consent: true, ..everything(&harmed, &fresh.path().join("data")) };
        assert_eq!(restored(command).await.unwrap_err().reason, Reason::BackupDamaged, "{harm}");
        assert_eq!(std::fs::read_dir(fresh.path()).unwrap().count(), 0, "{harm}: something was restored");
    }
    let told = Command::new(binary()).args(["backup", "verify"]).arg(&whole).output().unwrap();
    assert!(told.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_a_backup_serve_only_if_none_is_missing() {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let backup = backups.path().join("backup");
    let running = Running::start(Processes::One).await;
    let (client, _) = read_in(&running, &company).await;
    let target = || Target::Record(lead(&company.stories.lead.lead_id));
    assert!(!introducers(&client, target(), "").await.unwrap().is_empty());
    back_up(&running.data(), &backup).await.unwrap();
    opt_out(&client, &company.stories.opt_out_user).await.unwrap();
    let data = running.data();
    let directory = running.stop().await;

    // The disk of consent is lost, and with it the opt-out; the keyring knows of it.
    std::fs::remove_dir_all(data.join("consent")).unwrap();
    let said = restored(Restore { consent: true, ..everything(&backup, &data) }).await.unwrap();
    assert!(said.contains("decisions are restored"), "{said}");
    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    assert_eq!(grant(&client).await.unwrap_err().reason, Reason::ConsentRolledBack);
    let refused = introducers(&client, target(), "").await.unwrap_err();
    assert!(matches!(refused.reason, Reason::ConsentUnknown | Reason::ConsentRolledBack | Reason::DependencyUnavailable), "{refused}");
    running.stop().await;
}

#[tokio::test]
async fn decisions_that_a_mirror_holds_do_not_come_from_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("mirror/consent")).unwrap();
    std::fs::write(dir.path().join("mirror/consent/db"), b"").unwrap();
    let mut command = Restore { consent: true, ..everything(Path::new("anything"), &dir.path().join("data")) };
    command.config.settings.push(("keyring.mirror".to_owned(), dir.path().join("mirror").display().to_string()));
    let refused = restored(command).await.unwrap_err();
    assert!(refused.reason == Reason::StorePresent && refused.message.contains("--from-mirror"), "{refused}");
}

/// Which of the dictionaries serves, after a restore of the log alone.
async fn log_restored(backups: &[&Path], data: &Path) -> Restored {
    let config = runtime::Config { data_dir: data.to_owned(), ..Default::default() };
    let asked = Asked { log: true, records: false, replace: true, consent: false };
    let backups: Vec<_> = backups.iter().map(|backup| backup.to_path_buf()).collect();
    maintenance::restore(&backups, &commands::restore::places(&config), asked).await.unwrap()
}

/// Whether the dictionary that was there serves.
fn is_present(restored: &Restored) -> bool {
    restored.dictionary == Some(Dictionary::Present)
}

/// Reads every mailbox of a company into a fresh suite.
async fn read_in(running: &Running, company: &Company) -> (Client, String) {
    let client = running.client(&company.tenant.id);
    load::company(&client, company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, company, &granted.revision).await.unwrap();
    (client, read.revision)
}
