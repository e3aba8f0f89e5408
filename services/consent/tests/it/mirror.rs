//! `keyring.mirror`: keys and decisions lie on a second disk before anything is answered, and whatever the first disk loses comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use consent::{Recovery, attach_mirror, recover, rotate_root};
use contracts::consent::v1 as pb;
use runtime::{Config, config};
use sealing::{Change, Keyring, KeyringError, RootKey, SlotOwner};
use tempfile::TempDir;
use vocabulary::{Fault, Reason, SystemClock};

use crate::recovering::{copy, put_back};
use crate::restarting::mailbox_slots;
use crate::suite::{Suite, TENANT, opt_out, revoke, told};

const LEASE: Duration = Duration::from_millis(200);

/// A root key that no disk holds, and a mirror in a directory of its own.
pub fn config(dir: &Path) -> Config {
    let root_key_command = ["sh", "-c", "printf %064d 7"].map(str::to_owned).to_vec();
    let keyring = config::Keyring { root_key_command, mirror: Some(dir.join("second disk")), ..Default::default() };
    Config { data_dir: first(dir), lease_ms: LEASE.as_millis() as u64, keyring, ..Config::default() }
}

pub fn first(dir: &Path) -> PathBuf {
    dir.join("first disk")
}

async fn open(dir: TempDir) -> Result<Suite, Fault> {
    let config = config(dir.path());
    Suite::configured(dir, Arc::new(SystemClock), config).await.map_err(|(_, fault)| fault)
}

async fn from_mirror(dir: &Path) -> Result<u64, Fault> {
    recover(&config(dir), &SystemClock, Recovery::FromMirror).await.map(|recovered| recovered.position)
}

/// The keyring in this folder, of a service that has ended.
pub async fn ring(dir: &Path, root: &RootKey) -> Keyring {
    loop {
        match Keyring::open(&dir.join("keyring"), &dir.join("epoch"), root) {
            Err(KeyringError::InUse) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

pub fn root() -> RootKey {
    RootKey::from_hex(&format!("{:064}", 7)).unwrap()
}

async fn both(dir: &Path) -> (usize, usize) {
    let (one, other) = (ring(&first(dir), &root()).await, ring(&dir.join("second disk"), &root()).await);
    assert_eq!(one.position(), other.position());
    assert!(one.slots().all(|slot| one.get(slot) == other.get(slot)));
    (mailbox_slots(&one), mailbox_slots(&other))
}

async fn granted() -> Suite {
    let suite = open(tempfile::tempdir().unwrap()).await.unwrap();
    suite.fill().await;
    suite.grant().await;
    suite
}

#[tokio::test]
async fn every_key_that_comes_or_goes_does_so_on_both_disks() {
    let suite = granted().await;
    let dir = suite.stop().await;
    assert_eq!(both(dir.path()).await, (9, 9));
    let suite = open(dir).await.unwrap();
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    assert_eq!(both(dir.path()).await, (6, 6));
    let suite = open(dir).await.unwrap();
    suite.consents().revoke_consent(revoke()).await.unwrap();
    assert_eq!(both(suite.stop().await.path()).await, (0, 0));
}

/// A copy of these disks, of which the first has lost some parts.
fn losing(template: &TempDir, lost: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(template.path(), dir.path());
    for path in lost.iter().map(|part| first(dir.path()).join(part)) {
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
    dir
}

/// The drill of SECURITY.md, with each part that a disk may hold.
#[tokio::test]
async fn whatever_the_first_disk_loses_comes_back_from_the_second() {
    let suite = granted().await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let (before, template) = (suite.consent().await, suite.stop().await);
    for lost in [&["keyring", "epoch", "consent"][..], &["keyring", "epoch"], &["consent"], &["keyring"], &["epoch"]] {
        // Started all the same, it serves nobody, and makes nothing in the place of what is lost.
        let dir = match open(losing(&template, lost)).await {
            Ok(suite) => {
                assert_eq!(suite.closed().unwrap().reason, Reason::ConsentRolledBack, "{lost:?}");
                suite.stop().await
            }
            Err(fault) => {
                assert_eq!(fault.reason, Reason::KeyringFailed, "{lost:?}");
                assert!(fault.message.contains("rapport consent recover --from-mirror"), "{fault}");
                losing(&template, lost)
            }
        };
        from_mirror(dir.path()).await.unwrap();
        assert_eq!(both(dir.path()).await, (6, 6), "{lost:?}");
        let suite = open(dir).await.unwrap();
        assert_eq!(suite.consent().await, before, "{lost:?}");
        suite.consents().revoke_consent(revoke()).await.unwrap();
        assert_eq!(both(suite.stop().await.path()).await, (0, 0), "{lost:?}");
    }
}

#[tokio::test]
async fn a_first_disk_that_is_put_back_is_closed_until_the_mirror_brings_what_it_lacks() {
    let suite = granted().await;
    let dir = suite.stop().await;
    let old = dir.path().join("old");
    copy(&first(dir.path()), &old);
    let suite = open(dir).await.unwrap();
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    // All of it, keyring and record too, which nothing but the mirror can tell.
    put_back(&old, &first(dir.path()));
    let suite = open(dir).await.unwrap();
    assert!(suite.closed().unwrap().message.contains("mirror"));
    let fault = told(suite.consents().opt_out_user(opt_out("ada")).await).unwrap_err();
    assert_eq!(fault.reason, Reason::ConsentRolledBack);
    let dir = suite.stop().await;
    from_mirror(dir.path()).await.unwrap();
    assert_eq!(both(dir.path()).await, (6, 6));
    // The keyring alone put back: its key of Ada would open what she withdrew.
    for part in ["keyring", "epoch"] {
        let (from, to) = (old.join(part), first(dir.path()).join(part));
        if from.is_dir() { put_back(&from, &to) } else { _ = std::fs::copy(from, to).unwrap() }
    }
    let suite = open(dir).await.unwrap();
    assert!(suite.closed().unwrap().message.contains("keyring is older than its mirror"));
    let dir = suite.stop().await;
    from_mirror(dir.path()).await.unwrap();
    assert_eq!(both(dir.path()).await, (6, 6));
    assert!(open(dir).await.unwrap().closed().is_none());
}

#[tokio::test]
async fn a_mirror_that_lags_behind_is_brought_up_and_brings_nothing_back() {
    let suite = granted().await;
    let dir = suite.stop().await;
    let alone = Config { keyring: config::Keyring { mirror: None, ..config(dir.path()).keyring }, ..config(dir.path()) };
    let suite = Suite::configured(dir, Arc::new(SystemClock), alone).await.map_err(|(_, fault)| fault).unwrap();
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    assert_eq!(from_mirror(dir.path()).await.unwrap_err().reason, Reason::ConsentRolledBack);
    assert_eq!(mailbox_slots(&ring(&first(dir.path()), &root()).await), 6);
    let dir = open(dir).await.unwrap().stop().await;
    assert_eq!(both(dir.path()).await, (6, 6));
}

#[tokio::test]
async fn a_mirror_of_which_a_part_is_old_brings_nothing_back() {
    let suite = granted().await;
    let dir = suite.stop().await;
    let (mirrored, old) = (dir.path().join("second disk/consent"), dir.path().join("old"));
    copy(&mirrored, &old);
    let suite = open(dir).await.unwrap();
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    put_back(&old, &mirrored);
    std::fs::remove_dir_all(first(dir.path())).unwrap();
    assert_eq!(from_mirror(dir.path()).await.unwrap_err().reason, Reason::ConsentRolledBack);
    assert!(!first(dir.path()).exists());
}

#[tokio::test]
async fn a_mirror_that_is_not_mounted_is_not_made_anew_unless_it_is_asked_for() {
    let suite = granted().await;
    let dir = suite.stop().await;
    let second = dir.path().join("second disk");
    std::fs::remove_dir_all(&second).unwrap();
    for way in [open_err(dir.path()).await, from_mirror(dir.path()).await.unwrap_err()] {
        assert!(way.message.contains("mirror"), "{way}");
    }
    assert!(!second.exists());
    attach_mirror(&config(dir.path())).await.unwrap();
    assert_eq!(both(dir.path()).await, (9, 9));
    let suite = open(dir).await.unwrap();
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    assert_eq!(both(suite.stop().await.path()).await, (6, 6));
}

#[tokio::test]
async fn a_key_that_only_the_mirror_has_is_brought_back_and_not_destroyed_there() {
    let suite = granted().await;
    let dir = suite.stop().await;
    {
        // As a keyring that was put back to just before it was minted, at the position that the mirror has too.
        let mut keyring = ring(&first(dir.path()), &root()).await;
        let lost = keyring.slots().find(|slot| matches!(slot.owner, SlotOwner::Mailbox { .. })).unwrap().clone();
        keyring.apply(Change::destroy([lost]), 0).unwrap();
    }
    let suite = open(dir).await.unwrap();
    assert!(suite.closed().unwrap().message.contains("lacks keys that its mirror has"));
    let dir = suite.stop().await;
    from_mirror(dir.path()).await.unwrap();
    assert_eq!(both(dir.path()).await, (9, 9));
    assert!(open(dir).await.unwrap().closed().is_none());
}

#[tokio::test]
async fn nothing_is_granted_or_withdrawn_for_good_while_the_mirror_cannot_be_written() {
    let suite = granted().await;
    let (mirror, aside) = (suite.path().join("second disk/keyring"), suite.path().join("aside"));
    std::fs::rename(&mirror, &aside).unwrap();
    let fault = told(suite.consents().opt_out_user(opt_out("ada")).await).unwrap_err();
    assert_eq!(fault.reason, Reason::KeyringFailed, "{fault}");
    // It is in force, and its keys are owed where they still are.
    std::fs::rename(&aside, &mirror).unwrap();
    assert!(!suite.consents().opt_out_user(opt_out("ada")).await.unwrap().into_inner().mailbox_closed);
    std::fs::rename(&mirror, &aside).unwrap();
    let back = pb::OptInUserRequest { tenant_id: TENANT.into(), user: "ada@contoso.example".into(), ..Default::default() };
    assert_eq!(told(suite.consents().opt_in_user(back.clone()).await).unwrap_err().reason, Reason::KeyringFailed);
    std::fs::rename(&aside, &mirror).unwrap();
    assert!(suite.consents().opt_in_user(back).await.unwrap().into_inner().mailbox_open);
    assert_eq!(both(suite.stop().await.path()).await, (9, 9));
}

#[tokio::test]
async fn another_root_key_is_taken_by_both_and_may_be_taken_twice() {
    let suite = granted().await;
    let before = suite.consent().await;
    let dir = suite.stop().await;
    let next = config::Keyring { root_key_file: Some(dir.path().join("next.key")), ..Default::default() };
    rotate_root(&config(dir.path()), &next).await.unwrap();
    let fault = open_err(dir.path()).await;
    assert!(fault.message.contains("another root key"), "{fault}");
    rotate_root(&config(dir.path()), &next).await.unwrap();
    let keyring = config::Keyring { mirror: config(dir.path()).keyring.mirror, ..next };
    let config = Config { keyring, ..config(dir.path()) };
    let suite = Suite::configured(dir, Arc::new(SystemClock), config).await.map_err(|(_, fault)| fault).unwrap();
    assert_eq!(suite.consent().await, before);
    suite.consents().revoke_consent(revoke()).await.unwrap();
}

async fn open_err(dir: &Path) -> Fault {
    let context = runtime::Context::new(Arc::new(config(dir)), Arc::new(SystemClock));
    consent::open(&context).await.err().unwrap()
}
