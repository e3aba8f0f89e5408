//! A consent that lacks decisions is closed, and how it comes back without its mirror: everything is withdrawn.

use std::path::Path;
use std::time::Duration;

use consent::{Recovered, Recovery, recover};
use contracts::consent::v1 as pb;
use pb::enforcement_service_client::EnforcementServiceClient;
use pb::erasure_service_client::ErasureServiceClient;
use pb::store_registry_service_client::StoreRegistryServiceClient;
use runtime::{Config, fault_of};
use sealing::{Change, Keyring, SlotId, SlotOwner, TenantKey};
use vocabulary::{Clock as _, Fault, Kind, Reason, SystemClock, TenantId};

use crate::hand::Hand;
use crate::restarting::{keyring, mailbox_slots};
use crate::suite::{Suite, TENANT, create_tenant, opt_out, register, told};

const LEASE: Duration = Duration::from_millis(200);

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

pub fn put_back(from: &Path, to: &Path) {
    std::fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

pub async fn withdraw_all(dir: &Path, erase: &[&str]) -> Result<Recovered, Fault> {
    let config = Config { data_dir: dir.to_owned(), ..Config::default() };
    let erase = erase.iter().map(|tenant| TenantId::parse(tenant).unwrap()).collect();
    recover(&config, &SystemClock, Recovery::WithdrawAll { erase }).await
}

/// Granted; the store copied; then Ada opts out and Bob opts out and in again; then the copy is put back.
async fn rolled_back() -> (tempfile::TempDir, u32) {
    rolled_back_from(async |_| {}).await
}

/// The same, after something else.
async fn rolled_back_from(first: impl AsyncFnOnce(&Suite)) -> (tempfile::TempDir, u32) {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    first(&suite).await;
    let dir = suite.stop().await;
    copy(&dir.path().join("consent"), &dir.path().join("copy"));
    let suite = Suite::on(dir, LEASE).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    suite.consents().opt_out_user(opt_out("bob")).await.unwrap();
    let back = pb::OptInUserRequest { tenant_id: TENANT.into(), user: "bob@contoso.example".into(), ..Default::default() };
    suite.consents().opt_in_user(back).await.unwrap();
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    let generation = snapshot.users()["bob"].generation;
    let dir = suite.stop().await;
    put_back(&dir.path().join("copy"), &dir.path().join("consent"));
    (dir, generation)
}

#[tokio::test]
async fn a_consent_that_lacks_decisions_serves_nobody() {
    let (dir, _) = rolled_back().await;
    let suite = Suite::on(dir, LEASE).await;
    assert_eq!(suite.closed().unwrap().reason, Reason::ConsentRolledBack);
    let get = pb::GetConsentRequest { tenant_id: TENANT.into(), ..Default::default() };
    let told_so = [
        told(suite.consents().get_consent(get).await).unwrap_err(),
        told(suite.tenants().create_tenant(create_tenant()).await).unwrap_err(),
        told(suite.consents().opt_out_user(opt_out("ada")).await).unwrap_err(),
    ];
    for fault in told_so {
        assert_eq!((fault.kind, fault.reason), (Kind::FailedPrecondition, Reason::ConsentRolledBack));
        assert!(fault.message.contains("older than its keyring") && fault.message.contains("rapport consent recover"), "{fault}");
    }
    // Nobody gets as far as a lease.
    let hello = EnforcementServiceClient::new(suite.link.clone()).enforce(tokio_stream::empty()).await;
    assert_eq!(fault_of(&hello.unwrap_err()).reason, Reason::ConsentRolledBack);
    let dir = suite.stop().await;
    std::fs::remove_dir_all(dir.path().join("consent")).unwrap();
    let suite = Suite::on(dir, LEASE).await;
    assert!(suite.closed().unwrap().message.contains("empty"));
}

#[tokio::test]
async fn a_decision_is_missed_whatever_it_did_to_keys() {
    // An opt-out before any grant destroys nothing; a change of settings takes nothing away.
    for decides in [true, false] {
        let suite = Suite::start(LEASE).await;
        let dir = suite.stop().await;
        copy(&dir.path().join("consent"), &dir.path().join("copy"));
        let suite = Suite::on(dir, LEASE).await;
        if decides {
            suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
        } else {
            let mut other = register(true, false, true);
            other.application.as_mut().unwrap().application_id = "other".into();
            suite.applications().register_application(other).await.unwrap();
        }
        let dir = suite.stop().await;
        put_back(&dir.path().join("copy"), &dir.path().join("consent"));
        let suite = Suite::on(dir, LEASE).await;
        assert_eq!(suite.closed().map(|fault| fault.reason), Some(Reason::ConsentRolledBack), "opt-out: {decides}");
    }
}

#[tokio::test]
async fn tenants_of_which_only_keys_are_left_are_erased_by_name() {
    let (dir, _) = rolled_back().await;
    std::fs::remove_dir_all(dir.path().join("consent")).unwrap();
    let held = keyring(dir.path()).await.len();
    let fault = withdraw_all(dir.path(), &[]).await.unwrap_err();
    assert!(fault.reason == Reason::ConsentRolledBack && fault.message.contains("--erase-tenant contoso"), "{fault}");
    let unknown = withdraw_all(dir.path(), &[TENANT, "fabrikam"]).await.unwrap_err();
    assert!(unknown.reason == Reason::InvalidFields && unknown.message.contains("fabrikam"), "{unknown}");
    assert_eq!(keyring(dir.path()).await.len(), held, "a refusal destroys nothing");
    assert_eq!(withdraw_all(dir.path(), &[TENANT]).await.unwrap().erased, 1);
    assert!(keyring(dir.path()).await.is_empty());
    let suite = Suite::on(dir, LEASE).await;
    let fault = told(suite.tenants().create_tenant(create_tenant()).await).unwrap_err();
    assert_eq!(fault.reason, Reason::TenantExists, "what is sealed under that id opens no more");
}

#[tokio::test]
async fn a_withdrawal_after_it_waits_for_a_farewell_that_may_be_lost() {
    let (dir, _) = rolled_back().await;
    let farewell = Duration::from_millis(1_500);
    let config = Config { data_dir: dir.path().to_owned(), lease_ms: 200, farewell_ms: 1_500, ..Config::default() };
    recover(&config, &SystemClock, Recovery::WithdrawAll { erase: Vec::new() }).await.unwrap();
    let before = SystemClock.boot_time();
    let suite = Suite::on(dir, LEASE).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    assert!(suite.boot_time() >= before + farewell);
}

#[tokio::test]
async fn withdrawing_everything_destroys_every_key_and_reuses_no_name() {
    let (dir, generation) = rolled_back().await;
    assert_eq!(generation, 2);
    let position = keyring(dir.path()).await.position();
    let recovered = withdraw_all(dir.path(), &[]).await.unwrap();
    assert_eq!((recovered.withdrawn, recovered.mailboxes, recovered.erased), (1, 3, 0));
    assert!(recovered.position > position + 1_000_000_000);
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 0);
    let fault = withdraw_all(dir.path(), &[]).await.unwrap_err();
    assert!(fault.reason == Reason::InvalidFields && fault.message.contains("revoke"), "{fault}");

    let suite = Suite::on(dir, LEASE).await;
    assert!(suite.closed().is_none() && !suite.consent().await.granted);
    let (hand, snapshot) = Hand::lease(&suite, pb::Holder::Analytics).await;
    assert!(snapshot.incarnation > 1_000_000_000 && snapshot.position >= recovered.position);
    assert!(snapshot.tenants[0].erasure_number > 1_000_000_000);
    drop(hand);
    suite.grant().await;
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    let users = snapshot.users();
    for name in ["ada", "bob", "support"] {
        assert!(users[name].generation > generation + 1_000, "{name}");
    }
    let dir = suite.stop().await;
    assert_eq!(mailbox_slots(&keyring(dir.path()).await), 9);
}

#[tokio::test]
async fn what_a_missing_decision_made_unreadable_can_only_be_erased() {
    let (dir, _) = rolled_back().await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let names = |generation| SlotId::of_tenant(&tenant, TenantKey::Names { generation });
    {
        // As a replacement of `names` leaves it that began and ended since.
        let mut keyring = keyring(dir.path()).await;
        let position = keyring.position();
        keyring.apply(Change { mint: vec![names(2)], destroy: vec![names(1)] }, position).unwrap();
    }
    let fault = withdraw_all(dir.path(), &[]).await.unwrap_err();
    assert_eq!(fault.reason, Reason::ConsentRolledBack);
    assert!(fault.message.contains("--erase-tenant contoso"), "{fault}");
    assert!(Suite::on(dir, LEASE).await.stop().await.path().exists());
}

#[tokio::test]
async fn an_unreadable_tenant_is_erased_when_the_administrator_says_so() {
    let (dir, _) = rolled_back_from(async |suite| {
        // One that nobody has reported on when the copy is made.
        let erase = pb::EraseUserRequest { tenant_id: TENANT.into(), user: "support@contoso.example".into(), ..Default::default() };
        ErasureServiceClient::new(suite.link.clone()).erase_user(erase).await.unwrap();
    })
    .await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let facts = SlotId::of_tenant(&tenant, TenantKey::Facts);
    keyring(dir.path()).await.apply(Change::destroy([facts]), 0).unwrap();
    let recovered = withdraw_all(dir.path(), &[TENANT]).await.unwrap();
    assert_eq!((recovered.withdrawn, recovered.erased), (0, 1));
    assert!(keyring(dir.path()).await.is_empty());
    let suite = Suite::on(dir, LEASE).await;
    let fault = told(suite.tenants().create_tenant(create_tenant()).await).unwrap_err();
    assert_eq!(fault.reason, Reason::TenantExists, "ids of erased tenants are never given again");
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    let mut registry = StoreRegistryServiceClient::new(suite.link.clone());
    let kind = pb::StoreKind::Log.into();
    registry.register_store(pb::RegisterStoreRequest { store_id: 5, kind, ..Default::default() }).await.unwrap();
    let number = snapshot.tenants[0].erasure_number;
    let report = pb::ReportErasureRequest { store_id: 5, tenant_id: TENANT.into(), number, rows: 1, names_generation: 0 };
    registry.report_erasure(report).await.unwrap();
    for number in [1, number] {
        let get = pb::GetErasureRequest { tenant_id: TENANT.into(), number };
        let erasure = told(ErasureServiceClient::new(suite.link.clone()).get_erasure(get).await).unwrap().erasure.unwrap();
        assert!(erasure.finish_time.is_some(), "{erasure:?}");
    }
    assert!(snapshot.tenants.len() == 1 && snapshot.tenants[0].erased && snapshot.tenants[0].erasure_number > 1_000_000_000);
}

fn names_slots(keyring: &Keyring) -> usize {
    keyring.slots().filter(|slot| matches!(slot.owner, SlotOwner::Tenant(TenantKey::Names { .. }))).count()
}

#[tokio::test]
async fn names_that_were_being_replaced_go_on_being_replaced() {
    let (dir, _) = rolled_back().await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let next = SlotId::of_tenant(&tenant, TenantKey::Names { generation: 2 });
    keyring(dir.path()).await.apply(Change::mint([next.clone()]), 0).unwrap();
    withdraw_all(dir.path(), &[]).await.unwrap();
    let kept = keyring(dir.path()).await;
    assert!(kept.contains(&next) && kept.contains(&SlotId::of_tenant(&tenant, TenantKey::Names { generation: 1 })));
    drop(kept);
    // No store is registered, so consent seals its own rows anew and ends it.
    let suite = Suite::on(dir, LEASE).await;
    assert!(!suite.consent().await.granted);
    let slots = async |dir: &Path| names_slots(&keyring(dir).await);
    let mut dir = suite.stop().await;
    let mut turns = 0;
    while slots(dir.path()).await > 1 && turns < 20 {
        let suite = Suite::on(dir, LEASE).await;
        tokio::time::sleep(LEASE).await;
        dir = suite.stop().await;
        turns += 1;
    }
    let kept = keyring(dir.path()).await;
    assert!(kept.contains(&next) && names_slots(&kept) == 1);
    drop(kept);
    let suite = Suite::on(dir, LEASE).await;
    let get = pb::GetUserRequest { tenant_id: TENANT.into(), user: "ada@contoso.example".into() };
    assert!(told(suite.directory().get_user(get).await).unwrap().user.is_some());
}
