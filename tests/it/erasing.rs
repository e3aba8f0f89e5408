//! Somebody is erased: from the answer on nobody sees them, every store says when its rows are gone, and nothing brings them back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contracts::consent::v1 as pb;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use contracts::consent::v1::erasure_service_client::ErasureServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rapport::client::{Client, told};
use rapport::demo::{load, search};
use sealing::{Keyring, KeyringError, RootKeySource, SlotOwner, TenantKey};
use vocabulary::{Clock as _, Fault, Reason, SystemClock};

use crate::crash::copy_of;
use crate::fixtures::{grant, introducers, kept, lead, opt_out, overview, secrets, small_company};
use crate::harness::{Processes, Running};

/// How long a small company may take to be rid of somebody.
const WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn the_erased_are_gone_in_one_process() {
    erase(Processes::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_erased_are_gone_in_five_processes() {
    erase(Processes::Five).await;
}

async fn erase(processes: Processes) {
    let running = Running::start(processes).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let named = || lead(&company.stories.lead.lead_id);
    let record = kept(&client, named()).await.unwrap();
    let strongest = company.stories.opt_out_user.clone();
    let knows = introducers(&client, Target::Record(named()), &read.revision).await.unwrap();
    assert!(knows.iter().any(|one| one.address == strongest));

    // What would go is said, and nothing goes.
    let planned = erase_person(&client, &record.addresses, true).await.unwrap();
    assert_eq!((planned.erasure.unwrap().addresses as usize, planned.enforced_time), (record.addresses.len(), None));
    assert_eq!(introducers(&client, Target::Record(named()), "").await.unwrap(), knows);

    // A user: from the answer on nobody is introduced by them, and the directory does not know them.
    let erased = erase_user(&client, &strongest).await.unwrap();
    assert_eq!(erased.erasure.as_ref().unwrap().mailboxes, 1);
    let rest = introducers(&client, Target::Record(named()), "").await.unwrap();
    assert!(!rest.is_empty() && rest.iter().all(|one| one.address != strongest));
    assert_eq!(user(&client, &strongest).await.unwrap_err().reason, Reason::UserNotFound);
    assert_eq!(opt_out(&client, &strongest).await.unwrap_err().reason, Reason::UserNotFound);
    let number = erased.erasure.unwrap().number;
    let report = finished(&client, number).await;
    assert_eq!((report.kind(), report.stores.len()), (pb::ErasureKind::User, 4));
    assert!(report.stores.iter().all(|store| store.report_time.is_some()));
    let rows = |kind| report.stores.iter().filter(|store| store.kind() == kind).map(|store| store.rows).sum::<i64>();
    assert!(rows(pb::StoreKind::Log) > 0, "{report:?}");

    // The next sync names the user again: they are back, opted out, and nothing of theirs is read.
    let back = pb::User {
        external_id: "back".into(),
        addresses: vec![strongest.clone()],
        display_name: "Back".into(),
        kind: pb::UserKind::Person.into(),
        ..Default::default()
    };
    let message = pb::SyncUsersRequest { tenant_id: client.tenant.clone(), users: vec![back], ..Default::default() };
    let synced = DirectoryServiceClient::new(client.link.clone()).sync_users(tokio_stream::iter([message])).await;
    assert_eq!(told(synced).unwrap().added, 1);
    let again = introducers(&client, Target::Record(named()), "").await.unwrap();
    assert!(again.iter().all(|one| one.address != strongest));
    let second = erase_user(&client, &strongest).await.unwrap().erasure.unwrap();
    assert_eq!(second.mailboxes, 0, "a mailbox was opened for them");
    finished(&client, second.number).await;

    // A person: their record is gone with the answer, and nobody knows them.
    let erased = erase_person(&client, &record.addresses, false).await.unwrap();
    assert_eq!(overview(&client, named(), "").await.unwrap_err().reason, Reason::RecordNotFound);
    let known = introducers(&client, Target::Address(record.addresses[0].clone()), "").await.unwrap();
    assert!(known.is_empty());
    let number = erased.erasure.unwrap().number;
    let report = finished(&client, number).await;
    assert_eq!((report.kind(), report.stores.len()), (pb::ErasureKind::Person, 4));
    assert!(report.stores.iter().any(|store| store.kind() == pb::StoreKind::Records && store.rows > 0), "{report:?}");

    // Neither comes back with what is sent again: the person by a rule of its own.
    let users: Vec<_> = company.mailboxes.iter().filter(|mailbox| mailbox.address != strongest).cloned().collect();
    let left = synthetic::Company { mailboxes: users, ..company.clone() };
    let again = load::mailboxes(&client, &left, "").await.unwrap();
    assert_eq!(again.accepted, 0);
    assert!(again.ignored.get("SUPPRESSED").is_some_and(|count| *count > 0), "{:?}", again.ignored);
    let refused = rapport::commands::records::upsert(&client, vec![record.clone()]).await.unwrap();
    assert_eq!(refused.results[0].field, "addresses");

    // Nor with a restart, and no file holds anybody in clear.
    let directory = running.stop().await;
    let generation = finished_generation(&report);
    assert_eq!(names_generations(&directory.path().join("data")), [generation], "a key that sealed what was deleted is still there");
    let running = Running::start_in(processes, directory).await;
    let client = running.client(&company.tenant.id);
    let known = introducers(&client, Target::Address(record.addresses[0].clone()), &again.revision).await.unwrap();
    assert!(known.is_empty());
    assert_eq!(user(&client, &strongest).await.unwrap_err().reason, Reason::UserNotFound);
    assert_eq!(search::search(&running.data(), &secrets(&company)).unwrap().hits, 0);
    assert!(finished(&client, number).await.finish_time.is_some());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_put_back_from_before_an_erasure_bring_themselves_in_line() {
    let running = Running::start(Processes::One).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let named = || lead(&company.stories.lead.lead_id);
    let (record, strongest) = (kept(&client, named()).await.unwrap(), company.stories.opt_out_user.clone());
    assert!(!introducers(&client, Target::Record(named()), &read.revision).await.unwrap().is_empty());
    let directory = running.stop().await;
    let before = copy_of(&directory);

    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    // The answers wait for leases from before the start; what is decided is enforced without them.
    let erasing = tokio::spawn({
        let (client, addresses, strongest) = (client.clone(), record.addresses.clone(), strongest.clone());
        async move { tokio::join!(erase_person(&client, &addresses, false), erase_user(&client, &strongest)).0.is_ok() }
    });
    let listed = async {
        loop {
            let request = pb::ListErasuresRequest { tenant_id: client.tenant.clone(), ..Default::default() };
            let listed = told(erasures(&client).list_erasures(request).await).unwrap().erasures;
            if listed.len() == 2 {
                return listed;
            }
        }
    };
    for erasure in tokio::time::timeout(WITHIN, listed).await.unwrap() {
        finished(&client, erasure.number).await;
    }
    erasing.abort();
    let directory = running.stop().await;
    for view in ["graph", "analytics/timelines"] {
        let (now, then) = (directory.path().join("data").join(view), before.path().join("data").join(view));
        std::fs::remove_dir_all(&now).unwrap();
        std::fs::rename(then, now).unwrap();
    }

    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    assert!(introducers(&client, Target::Address(record.addresses[0].clone()), &read.revision).await.unwrap().is_empty());
    for other in company.records.iter().take(40) {
        let target = Target::Record(rapport::convert::record_ref(other.reference.clone()));
        if let Ok(known) = introducers(&client, target, &read.revision).await {
            assert!(known.iter().all(|one| one.address != strongest), "an erased user came back with a view");
        }
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_tenant_leaves_its_report_alone() {
    for processes in [Processes::One, Processes::Five] {
        let running = Running::start(processes).await;
        let company = small_company();
        let client = running.client(&company.tenant.id);
        load::company(&client, &company).await.unwrap();
        let granted = grant(&client).await.unwrap();
        load::mailboxes(&client, &company, &granted.revision).await.unwrap();
        let request = |confirm: &str, validate_only| pb::EraseTenantRequest {
            tenant_id: client.tenant.clone(),
            confirm_tenant_id: confirm.to_owned(),
            validate_only,
        };
        let slip = told(erasures(&client).erase_tenant(request("another", false)).await).unwrap_err();
        assert_eq!((slip.reason, slip.violations[0].field.as_str()), (Reason::InvalidFields, "confirm_tenant_id"));
        let planned = told(erasures(&client).erase_tenant(request(&client.tenant, true)).await).unwrap();
        assert!(planned.users as usize >= company.mailboxes.len() && planned.enforced_time.is_none());

        let erased = told(erasures(&client).erase_tenant(request(&client.tenant, false)).await).unwrap();
        let number = erased.erasure.unwrap().number;
        assert_eq!(user(&client, &company.stories.opt_out_user).await.unwrap_err().reason, Reason::TenantNotFound);
        assert_eq!(load::mailboxes(&client, &company, "").await.unwrap_err().reason, Reason::TenantNotFound);
        let report = finished(&client, number).await;
        assert_eq!((report.kind(), report.stores.len()), (pb::ErasureKind::Tenant, 4));
        let rows = |kind| report.stores.iter().filter(|store| store.kind() == kind).map(|store| store.rows).sum::<i64>();
        assert!(rows(pb::StoreKind::Log) > 0 && rows(pb::StoreKind::Records) > 0, "{report:?}");
        assert_eq!(load::company(&client, &company).await.err().unwrap().reason, Reason::TenantExists, "an id is never given again");

        let directory = running.stop().await;
        assert_eq!(names_generations(&directory.path().join("data")), [0_u32; 0], "a key of the tenant is still there");
        let running = Running::start_in(processes, directory).await;
        let client = running.client(&company.tenant.id);
        assert_eq!(user(&client, &company.stories.opt_out_user).await.unwrap_err().reason, Reason::TenantNotFound);
        assert!(finished(&client, number).await.finish_time.is_some());
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_killed_is_wholly_there_or_not_and_goes_on_by_itself() {
    let company = small_company();
    let prepared = Arc::new(tempfile::tempdir().unwrap());
    let running = Running::in_a_child(Arc::clone(&prepared));
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let (named, strongest) = (|| lead(&company.stories.lead.lead_id), company.stories.opt_out_user.clone());
    let record = kept(&client, named()).await.unwrap();
    assert!(!introducers(&client, Target::Record(named()), &read.revision).await.unwrap().is_empty());
    running.stop().await;

    let mut dice = StdRng::seed_from_u64(6);
    let mut begun = 0;
    for round in 0..8 {
        let running = Running::in_a_child(copy_of(&prepared));
        let client = running.client(&company.tenant.id);
        // Nobody waits for these: an answer takes as long as the leases from before the start, the decision does not.
        let erasing = tokio::spawn({
            let (client, strongest, addresses) = (client.clone(), strongest.clone(), record.addresses.clone());
            async move { tokio::join!(erase_user(&client, &strongest), erase_person(&client, &addresses, false)).0.is_ok() }
        });
        let moment = Duration::from_millis(dice.random_range(0..500));
        let _reached = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        let directory = running.kill();
        let _broken_off = erasing.await.unwrap();

        let running = Running::in_a_child(directory);
        let client = running.client(&company.tenant.id);
        let request = pb::ListErasuresRequest { tenant_id: client.tenant.clone(), ..Default::default() };
        let listed = told(erasures(&client).list_erasures(request).await).unwrap().erasures;
        for erasure in &listed {
            finished(&client, erasure.number).await;
        }
        begun += listed.len();
        let decided = |kind| listed.iter().any(|erasure| erasure.kind() == kind);
        let gone = user(&client, &strongest).await.is_err_and(|fault| fault.reason == Reason::UserNotFound);
        assert_eq!(gone, decided(pb::ErasureKind::User), "round {round}, killed after {moment:?}");
        let shown = overview(&client, named(), &read.revision).await;
        let gone = shown.is_err_and(|fault| fault.reason == Reason::RecordNotFound);
        assert_eq!(gone, decided(pb::ErasureKind::Person), "round {round}, killed after {moment:?}");
        running.kill();
    }
    assert!(begun > 0, "no round came as far as a decision");
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_told_and_acknowledge() {
    let running = Running::start(Processes::One).await;
    let company = small_company();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let erased = erase_person(&client, &["somebody@outside.example".to_owned()], false).await.unwrap();
    let erasure = erased.erasure.unwrap();
    let application = erasure.notices[0].application_id.clone();
    let request = || pb::WatchErasuresRequest { tenant_id: client.tenant.clone(), application_id: application.clone() };
    let mut watched = erasures(&client).watch_erasures(request()).await.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    let subject = first.subject.unwrap();
    assert_eq!((first.number, subject.addresses), (erasure.number, vec!["somebody@outside.example".to_owned()]));

    // The next one comes on the same stream.
    let next = erase_person(&client, &["another@outside.example".to_owned()], false).await.unwrap().erasure.unwrap();
    assert_eq!(watched.message().await.unwrap().unwrap().number, next.number);

    for (number, notices) in [(erasure.number, erasure.notices), (next.number, next.notices)] {
        for notice in notices {
            let done = pb::AcknowledgeErasureRequest { tenant_id: client.tenant.clone(), application_id: notice.application_id, number };
            let said = told(erasures(&client).acknowledge_erasure(done).await).unwrap().erasure.unwrap();
            assert!(said.notices.iter().any(|notice| notice.acknowledge_time.is_some() && !notice.overdue));
        }
    }
    // Who comes again is told of nothing that was acknowledged.
    let mut again = erasures(&client).watch_erasures(request()).await.unwrap().into_inner();
    let silent = tokio::time::timeout(Duration::from_millis(200), again.message()).await;
    assert!(silent.is_err(), "{silent:?}");
    running.stop().await;
}

/// The generation of `names` that everything is sealed under since an erasure was finished.
fn finished_generation(report: &pb::Erasure) -> u32 {
    assert!(report.names_generation > 1, "names were not replaced: {report:?}");
    report.names_generation
}

/// The generations of `names` whose keys exist, by the keyring itself.
pub fn names_generations(data: &Path) -> Vec<u32> {
    let keyring = keyring(data);
    let generations = keyring.slots().filter_map(|slot| match slot.owner {
        SlotOwner::Tenant(TenantKey::Names { generation }) => Some(generation),
        _ => None,
    });
    generations.collect()
}

/// The keyring of a suite that has stopped.
pub fn keyring(data: &Path) -> Keyring {
    let root = RootKeySource::File(data.join("root.key")).load().unwrap();
    // A suite that ran in this process lets go of its keyring when its last task has ended, a moment after it stopped.
    let patience = SystemClock.boot_time() + Duration::from_secs(10);
    loop {
        match Keyring::open(&data.join("keyring"), &data.join("epoch"), &root) {
            Err(KeyringError::InUse) if SystemClock.boot_time() < patience => std::thread::yield_now(),
            opened => break opened.unwrap(),
        }
    }
}

/// Asks about erasures.
pub fn erasures(client: &Client) -> ErasureServiceClient<runtime::Link> {
    ErasureServiceClient::new(client.link.clone())
}

/// A user's erasure.
pub async fn erase_user(client: &Client, user: &str) -> Result<pb::EraseUserResponse, Fault> {
    let request = pb::EraseUserRequest { tenant_id: client.tenant.clone(), user: user.to_owned(), ..Default::default() };
    told(erasures(client).erase_user(request).await)
}

/// An outside person's erasure, or what it would take.
pub async fn erase_person(client: &Client, addresses: &[String], validate_only: bool) -> Result<pb::ErasePersonResponse, Fault> {
    let addresses = addresses.to_vec();
    let request = pb::ErasePersonRequest { tenant_id: client.tenant.clone(), addresses, validate_only, ..Default::default() };
    told(erasures(client).erase_person(request).await)
}

async fn user(client: &Client, address: &str) -> Result<pb::GetUserResponse, Fault> {
    let request = pb::GetUserRequest { tenant_id: client.tenant.clone(), user: address.to_owned() };
    told(DirectoryServiceClient::new(client.link.clone()).get_user(request).await)
}

/// The erasure once every store has reported.
pub async fn finished(client: &Client, number: u64) -> pb::Erasure {
    let asking = async {
        loop {
            let request = pb::GetErasureRequest { tenant_id: client.tenant.clone(), number };
            let erasure = told(erasures(client).get_erasure(request).await).unwrap().erasure.unwrap();
            if erasure.finish_time.is_some() {
                return erasure;
            }
        }
    };
    tokio::time::timeout(WITHIN, asking).await.expect("an erasure is not finished")
}
