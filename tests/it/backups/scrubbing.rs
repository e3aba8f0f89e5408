//! Stores written anew: what was deleted leaves their files, and nothing else changes.

use std::path::{Path, PathBuf};

use rapport::cli::Scrub;
use rapport::commands;
use vocabulary::{Fault, Reason};

use super::after::blocks;
use super::{config, read_in};
use crate::crash::copy_of;
use crate::fixtures::{every_overview, opt_out, small_company};
use crate::harness::{Processes, Running};

async fn scrub(data: &Path) -> Result<String, Fault> {
    let areas = ["consent", "ingestion", "analytics", "graph"].map(str::to_owned).to_vec();
    let mut out = Vec::new();
    commands::scrub::run(Scrub { areas, json: false, config: config(data) }, &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Which of the values lie in any file of the folder.
fn found(folder: &Path, values: &[Vec<u8>]) -> usize {
    let files: Vec<Vec<u8>> = files(folder).iter().map(|path| std::fs::read(path).unwrap()).collect();
    values.iter().filter(|value| files.iter().any(|bytes| bytes.windows(value.len()).any(|window| window == value.as_slice()))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_nothing_opens_leave_the_files_and_everything_else_answers_as_before() {
    let company = small_company();
    let running = Running::start(Processes::One).await;
    let (client, _) = read_in(&running, &company).await;
    let fault = scrub(&running.data()).await.unwrap_err();
    assert!(fault.reason == Reason::StoreFailed && fault.message.contains("stop the suite"), "{fault}");
    let before = blocks(&copy_of(&running.directory).path().join("data")).await;
    opt_out(&client, &company.stories.opt_out_user).await.unwrap();
    let expected = every_overview(&client, &company, "").await;
    let directory = running.stop().await;
    let data = directory.path().join("data");
    let after = blocks(&data).await;
    let gone = before.keys().find(|user| !after.contains_key(user)).expect("the blocks of whoever opted out are in the log");
    // A piece of each sealed value: a page of the database may not hold the whole of it in one place.
    let pieces = |blocks: &[contracts::ingestion::v1::Block]| blocks.iter().map(|block| block.sealed[8..40].to_vec()).collect::<Vec<_>>();
    let (gone, kept) = (pieces(&before[gone]), pieces(after.values().next().unwrap()));
    assert!(found(&data.join("ingestion"), &gone) > 0, "the database had removed them by itself");

    let said = scrub(&data).await.unwrap();
    assert!(said.contains("ingestion/log") && said.contains("graph/ties"), "{said}");
    assert_eq!((found(&data.join("ingestion"), &gone), found(&data.join("ingestion"), &kept)), (0, kept.len()));
    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&client.tenant);
    let shown = every_overview(&client, &company, "").await;
    assert!(shown == expected, "an answer differs after a scrub");
    running.stop().await;
}
