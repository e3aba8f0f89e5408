//! A writer in a process of its own, killed at random moments or out of space: what it acknowledged is there, what it wrote together
//! stays together.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use store::{Store, StoreError};

use crate::{Last, Notes, note, open, tenant};

const DIRECTORY: &str = "STORE_CRASH_DIRECTORY";
const ROUNDS: usize = 5;
const WRITERS: u32 = 4;
const ROWS: u64 = 3;

/// Commit `n` of the store, whoever makes it: three rows in one table and the note of how many there are in another.
async fn commit_next(store: &Store, writer: u32) -> Result<u64, StoreError> {
    store
        .commit(move |changes| {
            let n = changes.last::<Last>(())?.map_or(0, |(last, _)| last / ROWS + 1);
            let value = note(n.to_be_bytes().repeat(1 + (n % 97) as usize));
            for row in 0..ROWS {
                changes.put::<Last>(&(n * ROWS + row), &value)?;
            }
            changes.put::<Notes>(&(tenant("a"), writer), &note(n.to_be_bytes()))?;
            Ok(n)
        })
        .await
}

/// Not a test by itself: the process that the test below starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of the crash test"]
async fn writes_until_killed() {
    let store = open(Path::new(&std::env::var_os(DIRECTORY).unwrap())).await;
    writeln!(std::io::stdout()).unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            while let Ok(n) = commit_next(&store, writer).await {
                writeln!(std::io::stdout().lock(), "acknowledged {n}").unwrap();
            }
        });
    }
    writers.join_all().await;
}

/// This test binary again, run by a shell with one of its tests.
fn child(exec: &str, test: &str, path: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{exec} \"$0\" --exact {test} --ignored --nocapture")]);
    command.arg(std::env::current_exe().unwrap()).env(DIRECTORY, path).stdout(Stdio::piped());
    command
}

fn number(line: String) -> Option<u64> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

/// Runs the writer, kills it after `enough` acknowledgements, somewhere within a later commit, and returns all that it gave.
fn acknowledged_before_the_kill(path: &Path, enough: usize) -> BTreeSet<u64> {
    let mut writer = child("exec", "crash::writes_until_killed", path).spawn().unwrap();
    let mut seen = BTreeSet::new();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    while seen.len() < enough {
        seen.extend(number(lines.next().expect("the writer ended by itself").unwrap()));
    }
    writer.kill().unwrap();
    seen.extend(lines.map_while(Result::ok).filter_map(number));
    writer.wait().unwrap();
    seen
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut random = SmallRng::seed_from_u64(1);
    for _ in 0..ROUNDS {
        acknowledged.extend(acknowledged_before_the_kill(dir.path(), random.random_range(1..400)));
        check(dir.path(), &acknowledged).await;
    }
}

/// Holds what is in the store against what was acknowledged.
async fn check(path: &Path, acknowledged: &BTreeSet<u64>) {
    let store = open(path).await;
    let rows = store.scan::<Last>(()).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(rows.len() as u64 % ROWS, 0, "a commit was kept in part");
    for (at, (key, value)) in rows.iter().enumerate() {
        assert_eq!(*key, at as u64, "a commit is missing before a later one");
        assert_eq!(value.text[..8], (key / ROWS).to_be_bytes());
    }
    let newest = rows.len() as u64 / ROWS - 1;
    assert!(acknowledged.iter().all(|n| *n <= newest), "an acknowledged commit is gone");
    let noted = store.scan::<Notes>(()).map(|row| row.unwrap().1).max_by(|a, b| a.text.cmp(&b.text));
    assert_eq!(noted, Some(note(newest.to_be_bytes())));
    store.close().await;
}

/// Not a test by itself: the process that the test below starts with little space.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of the test of a full disk"]
async fn writes_until_the_disk_is_full() {
    let store = open(Path::new(&std::env::var_os(DIRECTORY).unwrap())).await;
    writeln!(std::io::stdout()).unwrap();
    let failed = loop {
        match commit_next(&store, 0).await {
            Ok(n) => writeln!(std::io::stdout().lock(), "acknowledged {n}").unwrap(),
            Err(error) => break error,
        }
    };
    assert!(matches!(failed, StoreError::Failed { .. } | StoreError::Damaged { .. }), "{failed}");
    assert_eq!(store.failure(), Some(failed.clone()));
    assert_eq!(commit_next(&store, 0).await, Err(failed), "a commit after a failed one");
    assert!(store.get::<Last>(&0).unwrap().is_some(), "reads go on");
    writeln!(std::io::stdout(), "refused").unwrap();
}

#[tokio::test]
async fn a_full_disk_ends_writing_but_not_reading_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    // In units of 512 bytes; a write beyond fails as it would on a full disk, where the signal is ignored.
    let output = child("trap '' XFSZ; ulimit -f 4096; exec", "crash::writes_until_the_disk_is_full", dir.path()).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && lines.lines().any(|line| line == "refused"), "the writer failed otherwise");
    let acknowledged = lines.lines().map(str::to_owned).filter_map(number).collect::<BTreeSet<_>>();
    assert!(!acknowledged.is_empty());
    check(dir.path(), &acknowledged).await;
}
