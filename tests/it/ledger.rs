//! The ledger, as an auditor uses it: the command line against five processes, and files that are verified without them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::backups::{back_up, everything, restored};
use crate::erasing::{erase_person, erase_user, finished};
use crate::fixtures::{grant, opt_out, small_company};
use crate::harness::{Processes, Running, binary};
use rapport::demo::load;

/// Whether the command succeeded, and what it said.
fn rapport(arguments: &[&str]) -> (bool, String) {
    let done = Command::new(binary()).args(arguments).output().unwrap();
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.success(), said)
}

/// The same, about the ledger of a running suite.
fn asked(running: &Running, tenant: &str, arguments: &[&str]) -> String {
    let server = format!("http://{}", running.address);
    let (ended, said) = rapport(&[&["ledger"], arguments, &["--server", &server, "--tenant", tenant]].concat());
    assert!(ended, "{arguments:?}: {said}");
    said
}

fn verify(export: &Path, key: &str, older: &Path) -> (bool, String) {
    rapport(&["ledger", "verify", export.to_str().unwrap(), "--key", key.trim(), "--older", older.to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_keeps_a_checkpoint_and_finds_whatever_was_changed_since() {
    let company = small_company();
    let tenant = company.tenant.id.as_str();
    let running = Running::start(Processes::Five).await;
    let client = running.client(tenant);
    load::company(&client, &company).await.unwrap();
    grant(&client).await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let (export, older, later) = (place.path().join("export"), place.path().join("older"), place.path().join("later"));
    fs::write(&older, asked(&running, tenant, &["checkpoint"])).unwrap();
    let key = asked(&running, tenant, &["checkpoint", "--key"]);
    let backup = place.path().join("backup");
    back_up(&running.data(), &backup).await.unwrap();

    let erased = &company.users[1].addresses[0];
    let outside = company.records.iter().find(|record| !record.addresses.is_empty()).unwrap();
    opt_out(&client, erased).await.unwrap();
    asked(&running, tenant, &["events", "--user", erased]);
    let number = erase_user(&client, erased).await.unwrap().erasure.unwrap().number;
    erase_person(&client, &outside.addresses, false).await.unwrap();
    let erasure = finished(&client, number).await;
    let proof = asked(&running, tenant, &["prove", &(erasure.ledger_size - 1).to_string()]);
    assert!(proof.contains(&format!("erasure {number}, user")) && proof.contains("stands in the ledger"), "{proof}");
    fs::write(&later, asked(&running, tenant, &["checkpoint"])).unwrap();
    asked(&running, tenant, &["export", export.to_str().unwrap()]);
    let events = asked(&running, tenant, &["events"]);
    assert!(events.contains("consent granted") && events.contains("(erased)") && !events.contains(erased), "{events}");
    assert!(!fs::read_to_string(&export).unwrap().contains(erased.as_str()));

    // The suite is put back to before, as far as it ever is: what was decided stays decided, and in the ledger.
    let directory = running.stop().await;
    restored(everything(&backup, &directory.path().join("data"))).await.unwrap();
    for checkpoint in [&older, &later] {
        let (whole, said) = verify(&export, &key, checkpoint);
        assert!(whole && said.contains("each as it was signed"), "{said}");
    }
    let running = Running::start_in(Processes::Five, directory).await;
    asked(&running, tenant, &["export", export.to_str().unwrap()]);
    running.stop().await;
    assert!(verify(&export, &key, &later).0, "the ledger goes on from what was signed last");

    let signed = fs::read_to_string(&export).unwrap();
    let lines: Vec<String> = signed.lines().map(str::to_owned).collect();
    let event = |at: usize| lines.iter().position(|line| line.starts_with(&format!("event {at} "))).unwrap();
    let changed = |change: &dyn Fn(&mut Vec<String>), finding: &str| {
        let mut lines = lines.clone();
        change(&mut lines);
        fs::write(&export, format!("{}\n", lines.join("\n"))).unwrap();
        let (whole, said) = verify(&export, &key, &older);
        assert!(!whole && said.contains(finding) && said.contains("LEDGER_CHANGED"), "{finding}: {said}");
    };
    let other = lines[event(3)].replacen("event 3 ", "event 2 ", 1);
    changed(&|lines| lines[event(2)].clone_from(&other), "event 2");
    changed(&|lines| drop(lines.remove(event(3))), "event 3 was removed");
    changed(&|lines| lines.swap(event(1), event(2)), "out of its order");
    let digits = lines.iter().position(|line| *line == "checkpoint").unwrap() + 2;
    changed(&|lines| lines[digits] = "4".to_owned(), "the checkpoint is not what was signed");
    let (whole, said) = verify(&older, &key, &older);
    assert!(!whole && said.contains("is no ledger export"), "{said}");
}
