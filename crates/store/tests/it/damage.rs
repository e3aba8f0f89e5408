//! Bytes that change on disk: found when the store is opened or the row is read, or without effect; never served.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use store::{Store, StoreError};

use crate::{Note, Notes, Summary, note, open, options, tenant};

type Content = (Vec<((vocabulary::TenantId, u32), Note)>, Option<Note>);

/// A store whose rows have been replaced and deleted over two runs, so that the file is full of older versions, and with so many keys
/// that every part of it still holds the newest version of some row.
async fn written(path: &Path) -> Content {
    let mut content = None;
    for run in 0..2 {
        let store = open(path).await;
        for group in 0..400 {
            let write = move |changes: &mut store::Changes<'_>| {
                let mut random = SmallRng::seed_from_u64(run * 1000 + group);
                for _ in 0..8 {
                    let key = (tenant("a"), random.random_range(0..3000));
                    let bytes = vec![random.random(); random.random_range(0..5000)];
                    changes.put::<Notes>(&key, &note(bytes))?;
                    changes.delete::<Notes>(&(tenant("a"), random.random_range(0..3000)));
                }
                changes.put::<Summary>(&(), &note((run * 1000 + group).to_be_bytes()))
            };
            store.commit(write).await.unwrap();
        }
        content = Some(read(&store).unwrap());
        store.close().await;
    }
    content.unwrap()
}

fn read(store: &Store) -> Result<Content, StoreError> {
    Ok((store.scan::<Notes>(()).collect::<Result<_, _>>()?, store.get::<Summary>(&())?))
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = fs::copy(entry.path(), to.join(entry.file_name())).unwrap(),
        }
    }
}

fn flip(path: &Path, offset: u64, mask: u8) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ mask], offset).unwrap();
}

/// Whether the damage was found; panics when something else than what was written is served.
async fn is_found(path: &Path, truth: &Content) -> bool {
    let found = match Store::open(path, options()).await {
        Ok(store) => {
            let content = read(&store);
            store.close().await;
            content
        }
        Err(error) => Err(error),
    };
    assert!(found.is_err() || found.as_ref() == Ok(truth), "something that was never the state of the store was served");
    found.is_err()
}

#[tokio::test]
async fn a_flipped_byte_is_found_or_without_effect() {
    let dir = tempfile::tempdir().unwrap();
    let (path, damaged) = (dir.path().join("store"), dir.path().join("damaged"));
    let truth = written(&path).await;
    let mut random = SmallRng::seed_from_u64(1);
    let mut found = 0;
    let names = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_file());
    for entry in names.collect::<Vec<_>>() {
        let bytes = entry.metadata().unwrap().len();
        let flips = bytes.min(if entry.file_name() == "db" { 100 } else { 10 });
        for _ in 0..flips {
            copy(&path, &damaged);
            flip(&damaged.join(entry.file_name()), random.random_range(0..bytes), 1 << random.random_range(0..8));
            found += u32::from(is_found(&damaged, &truth).await);
            fs::remove_dir_all(&damaged).unwrap();
        }
    }
    assert!(found > 30, "hardly any damage was found: {found}");
}

#[tokio::test]
async fn a_database_file_cut_short_is_found_unless_nothing_lay_behind_the_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (path, damaged) = (dir.path().join("store"), dir.path().join("damaged"));
    let truth = written(&path).await;
    let bytes = fs::metadata(path.join("db")).unwrap().len();
    let mut found = 0;
    for cut in 0..16 {
        copy(&path, &damaged);
        File::options().write(true).open(damaged.join("db")).unwrap().set_len(bytes * cut / 16).unwrap();
        found += u32::from(is_found(&damaged, &truth).await);
        fs::remove_dir_all(&damaged).unwrap();
    }
    assert!(found >= 4, "hardly any cut was found: {found}");
}
