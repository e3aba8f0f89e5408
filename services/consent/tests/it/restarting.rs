//! What a restart keeps, and what it refuses.

use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use contracts::consent::v1 as pb;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use sealing::{Change, Keyring, KeyringError, MailboxKey, RootKeySource, SlotId, SlotOwner};
use vocabulary::{Reason, TenantId, UserId};

use crate::hand::Hand;
use crate::suite::{Suite, TENANT, grant, opt_out, revoke, told};

const LEASE: Duration = Duration::from_millis(200);

/// The keyring of a service that has ended; its last thread may take a moment to let go.
pub async fn keyring(dir: &Path) -> Keyring {
    let root = RootKeySource::File(dir.join("root.key")).load().unwrap();
    loop {
        match Keyring::open(&dir.join("keyring"), &dir.join("epoch"), &root) {
            Err(KeyringError::InUse) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

pub fn mailbox_slots(keyring: &Keyring) -> usize {
    keyring.slots().filter(|slot| matches!(slot.owner, SlotOwner::Mailbox { .. })).count()
}

#[tokio::test]
async fn a_restart_keeps_every_decision_and_every_key() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    suite.consents().opt_out_user(opt_out("bob")).await.unwrap();
    let (hand, before) = Hand::lease(&suite, pb::Holder::Analytics).await;
    let revision = {
        let request = pb::GetConsentRequest { tenant_id: TENANT.into(), ..Default::default() };
        suite.consents().get_consent(request).await.unwrap().into_inner().revision
    };
    let (consent, tenant) = (suite.consent().await, get_tenant(&suite).await);
    drop(hand);
    let suite = suite.restart(LEASE).await;
    assert_eq!((suite.consent().await, get_tenant(&suite).await), (consent, tenant));
    let (_hand, after) = Hand::lease(&suite, pb::Holder::Analytics).await;
    assert_eq!((after.position, after.log_incarnation), (before.position, before.log_incarnation));
    assert!(after.incarnation > before.incarnation);
    assert_eq!(after.tenants, before.tenants);
    let request = pb::GetConsentRequest { tenant_id: TENANT.into(), revision };
    suite.consents().get_consent(request).await.unwrap();
}

#[tokio::test]
async fn after_a_restart_nothing_is_answered_before_every_older_lease_is_over() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let dir = suite.stop().await;
    let before = vocabulary::Clock::boot_time(&vocabulary::SystemClock);
    // The longest lease ever in force counts, not the present one.
    let suite = Suite::on(dir, LEASE / 2).await;
    suite.consents().revoke_consent(revoke()).await.unwrap();
    assert!(suite.boot_time() >= before + LEASE);
}

#[tokio::test]
async fn a_withdrawal_takes_the_keys_out_of_the_keyring() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 9);
    let suite = Suite::on(dir, LEASE).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 6);
    let suite = Suite::on(dir, LEASE).await;
    suite.consents().revoke_consent(revoke()).await.unwrap();
    let dir = suite.stop().await;
    let keyring = keyring(dir.path()).await;
    // Names, facts, lookup and ledger of the tenant stay, and what the ledger says of each of three users.
    assert_eq!((mailbox_slots(&keyring), keyring.len()), (0, 4 + 3));
}

#[tokio::test]
async fn a_key_without_a_decision_is_destroyed_at_the_start() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let dir = suite.stop().await;
    let stray = SlotId::of_mailbox(&TenantId::parse(TENANT).unwrap(), UserId(7), 1, MailboxKey::Log);
    keyring(dir.path()).await.apply(Change::mint([stray.clone()]), 0).unwrap();
    let dir = Suite::on(dir, LEASE).await.stop().await;
    let keyring = keyring(dir.path()).await;
    assert!(!keyring.contains(&stray) && mailbox_slots(&keyring) == 9);
}

#[tokio::test]
async fn a_decision_without_its_key_is_refused_and_never_mended() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let dir = suite.stop().await;
    {
        let mut keyring = keyring(dir.path()).await;
        let lost = keyring.slots().find(|slot| matches!(slot.owner, SlotOwner::Mailbox { .. })).unwrap().clone();
        keyring.apply(Change::destroy([lost]), 0).unwrap();
    }
    let fault = Suite::refused(dir).await;
    assert_eq!(fault.reason, Reason::KeyringFailed);
    assert!(fault.message.contains("has no key"), "{fault}");
}

#[tokio::test]
async fn keys_outlive_a_commit_that_failed_after_its_batch_was_applied() {
    let dir = Suite::start(LEASE).await.stop().await;
    let witness = dir.path().join("consent/witness");
    std::fs::remove_file(&witness).unwrap();
    let sealable = memfd_create("witness", MemfdFlags::ALLOW_SEALING).unwrap();
    symlink(format!("/proc/self/fd/{}", sealable.as_raw_fd()), &witness).unwrap();
    let suite = Suite::on(dir, LEASE).await;
    // The witness is written last: from here on a commit fails with its batch on disk.
    fcntl_add_seals(&sealable, SealFlags::WRITE).unwrap();
    let fault = told(suite.consents().grant_consent(grant()).await).unwrap_err();
    assert_eq!(fault.reason, Reason::StoreFailed, "{fault}");
    assert!(!suite.consent().await.granted);
    let dir = suite.stop().await;
    std::fs::remove_file(&witness).unwrap();
    let suite = Suite::on(dir, LEASE).await;
    assert!(suite.consent().await.granted);
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 9);
}

async fn get_tenant(suite: &Suite) -> pb::Tenant {
    let request = pb::GetTenantRequest { tenant_id: TENANT.into() };
    told(suite.tenants().get_tenant(request).await).unwrap().tenant.unwrap()
}
