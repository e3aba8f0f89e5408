//! Killed with SIGKILL at every step of every kind of decision: it is wholly there or wholly not, an acknowledged one is there, no
//! destroyed key comes back and no key is there without a decision. The steps are those that an undisturbed run is seen to take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use consent::{Observer, Step};
use contracts::consent::v1 as pb;
use pb::erasure_service_client::ErasureServiceClient;
use pb::store_registry_service_client::StoreRegistryServiceClient;
use rustix::process::{Signal, getpid, kill_process};
use sealing::SlotId;
use tempfile::TempDir;
use tokio::task::JoinSet;
use vocabulary::{Fault, SystemClock};

use crate::hand::Hand;
use crate::mirror::{config, first, ring, root};
use crate::recovering::copy;
use crate::suite::{Suite, TENANT, grant, opt_out, revoke, told};

const DIRECTORY: &str = "CONSENT_KILLED_DIRECTORY";
const OPERATION: &str = "CONSENT_KILLED_OPERATION";
const POINT: &str = "CONSENT_KILLED_POINT";
const ACKNOWLEDGED: &str = "acknowledged";
/// Children that run at a time.
const AT_ONCE: usize = 4;
const STORE: u64 = 5;

/// What is interrupted.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Grant,
    Revoke,
    OptIn,
    /// With all that follows: ids named, rows reported, `names` replaced.
    EraseUser,
    EraseTenant,
}

impl Operation {
    const ALL: [Self; 5] = [Self::Grant, Self::Revoke, Self::OptIn, Self::EraseUser, Self::EraseTenant];

    /// What stands before it.
    async fn prepare(self, suite: &Suite) {
        suite.fill().await;
        let register = pb::RegisterStoreRequest { store_id: STORE, kind: pb::StoreKind::Log.into(), ..Default::default() };
        registry(suite).register_store(register).await.unwrap();
        match self {
            Self::Grant => {}
            Self::Revoke | Self::EraseUser | Self::EraseTenant => drop(suite.grant().await),
            Self::OptIn => {
                suite.grant().await;
                suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
            }
        }
    }

    /// Asks for it, as often as need be: the same request every time.
    async fn ask(self, suite: &Suite) -> Result<(), Fault> {
        let request_id = "only-one".to_owned();
        match self {
            Self::Grant => told(suite.consents().grant_consent(pb::GrantConsentRequest { request_id, ..grant() }).await).map(drop),
            Self::Revoke => told(suite.consents().revoke_consent(pb::RevokeConsentRequest { request_id, ..revoke() }).await).map(drop),
            Self::OptIn => {
                let user = "ada@contoso.example".into();
                let request = pb::OptInUserRequest { tenant_id: TENANT.into(), user, request_id, ..Default::default() };
                told(suite.consents().opt_in_user(request).await).map(drop)
            }
            Self::EraseUser => {
                let user = "ada@contoso.example".into();
                let request = pb::EraseUserRequest { tenant_id: TENANT.into(), user, request_id, ..Default::default() };
                told(erasures(suite).erase_user(request).await).map(drop)
            }
            Self::EraseTenant => {
                let confirm_tenant_id = TENANT.into();
                let request = pb::EraseTenantRequest { tenant_id: TENANT.into(), confirm_tenant_id, validate_only: false };
                told(erasures(suite).erase_tenant(request).await).map(drop)
            }
        }
    }

    /// What other stores say to it until nothing is left to do.
    async fn follow(self, suite: &Suite) -> Result<(), Fault> {
        let Self::EraseUser = self else { return Ok(()) };
        let name = pb::NameErasedRequest { tenant_id: TENANT.into(), number: 1, person_ids: vec![77] };
        told(registry(suite).name_erased(name).await)?;
        loop {
            let get = pb::GetErasureRequest { tenant_id: TENANT.into(), number: 1 };
            let erasure = told(erasures(suite).get_erasure(get).await)?.erasure.unwrap();
            if erasure.finish_time.is_some() {
                return Ok(());
            }
            let names_generation = erasure.names_generation;
            let report = pb::ReportErasureRequest { store_id: STORE, tenant_id: TENANT.into(), number: 100, rows: 1, names_generation };
            told(registry(suite).report_erasure(report).await)?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn registry(suite: &Suite) -> StoreRegistryServiceClient<runtime::Link> {
    StoreRegistryServiceClient::new(suite.link.clone())
}

fn erasures(suite: &Suite) -> ErasureServiceClient<runtime::Link> {
    ErasureServiceClient::new(suite.link.clone())
}

async fn start(dir: TempDir, observer: Observer) -> Suite {
    let config = config(dir.path());
    Suite::observed(dir, Arc::new(SystemClock), config, observer).await.map_err(|(_, fault)| fault).unwrap()
}

fn nobody() -> Observer {
    Arc::new(|_| {})
}

/// What holders are told of whom, without positions; nothing of a tenant that is gone.
type Told = BTreeMap<String, (i32, u32, bool, bool)>;

async fn told_to_holders(suite: &Suite) -> Told {
    let (_hand, snapshot) = Hand::lease(suite, pb::Holder::Analytics).await;
    let users = crate::hand::by_name(&snapshot.tenants);
    users.into_iter().map(|(name, user)| (name, (user.state, user.generation, user.named_in_analytics, user.named_in_graph))).collect()
}

type Keys = BTreeMap<SlotId, [u8; 32]>;

/// Every key in the keyring, which its mirror has too.
async fn keys(dir: &Path) -> Keys {
    let held = async |dir: &Path| {
        let ring = ring(dir, &root()).await;
        ring.slots().map(|slot| (slot.clone(), *ring.get(slot).unwrap().as_bytes())).collect::<Keys>()
    };
    let kept = held(&first(dir)).await;
    assert_eq!(kept, held(&dir.join("second disk")).await);
    kept
}

/// The files before an operation, and what stands in them before it and after it.
struct Course {
    operation: Operation,
    prepared: TempDir,
    before: Told,
    keys_before: Keys,
    after: Told,
    keys_after: Keys,
    steps: Vec<Step>,
}

impl Course {
    async fn undisturbed(operation: Operation) -> Self {
        let suite = start(tempfile::tempdir().unwrap(), nobody()).await;
        operation.prepare(&suite).await;
        let before = told_to_holders(&suite).await;
        let prepared = suite.stop().await;
        let keys_before = keys(prepared.path()).await;
        let dir = tempfile::tempdir().unwrap();
        copy(prepared.path(), dir.path());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let observer = Arc::clone(&seen);
        let suite = start(dir, Arc::new(move |step| observer.lock().unwrap().push(step))).await;
        operation.ask(&suite).await.unwrap();
        operation.follow(&suite).await.unwrap();
        let after = told_to_holders(&suite).await;
        let keys_after = keys(suite.stop().await.path()).await;
        let steps = seen.lock().unwrap().clone();
        Self { operation, prepared, before, keys_before, after, keys_after, steps }
    }

    /// Kills at the point, starts again, looks, and lets the operation come to its end.
    async fn killed_at(&self, point: usize) {
        let named = format!("{:?}, killed after {point}: {:?}", self.operation, self.steps[point]);
        let dir = tempfile::tempdir().unwrap();
        copy(self.prepared.path(), dir.path());
        let acknowledged = child(dir.path(), self.operation, point).await;
        let suite = start(dir, nobody()).await;
        let found = told_to_holders(&suite).await;
        assert!(found == self.before || found == self.after, "{named}: half of it: {found:?}");
        assert!(!acknowledged || found == self.after, "{named}: it was acknowledged, and is not there");
        let dir = suite.stop().await;
        self.look_at_keys(&keys(dir.path()).await, found == self.after, &named);
        let suite = start(dir, nobody()).await;
        let again = self.operation.ask(&suite).await;
        // A tenant that is erased has no answers left to be given again.
        let over = matches!(self.operation, Operation::EraseTenant) && found == self.after;
        assert!(again.is_ok() || over, "{named}: {again:?}");
        self.operation.follow(&suite).await.unwrap();
        assert_eq!(told_to_holders(&suite).await, self.after, "{named}");
        let kept = keys(suite.stop().await.path()).await;
        assert_eq!(names(&kept), names(&self.keys_after), "{named}");
        assert!(self.destroyed().all(|key| !kept.values().any(|held| held == key)), "{named}: a destroyed key came back");
    }

    /// No key without a decision that needs it, and none that a decision which is there destroyed.
    fn look_at_keys(&self, found: &Keys, decided: bool, named: &str) {
        let allowed: BTreeSet<&SlotId> = match decided {
            // While `names` is replaced there are two of them.
            true => self.keys_after.keys().chain(self.keys_before.keys().filter(|slot| tenant_key(slot))).collect(),
            false => self.keys_before.keys().collect(),
        };
        assert!(found.keys().all(|slot| allowed.contains(slot)), "{named}: a key without a decision: {:?}", found.keys());
        for (slot, key) in &self.keys_before {
            let mailbox_key_went = decided && !tenant_key(slot) && !self.keys_after.contains_key(slot);
            assert!(!mailbox_key_went || !found.values().any(|held| held == key), "{named}: {slot:?} is still there");
            assert!(decided || found.get(slot) == Some(key), "{named}: {slot:?} is lost");
        }
    }

    fn destroyed(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.keys_before.iter().filter(|(slot, _)| !self.keys_after.contains_key(slot)).map(|(_, key)| key)
    }
}

fn names(keys: &Keys) -> Vec<&SlotId> {
    keys.keys().collect()
}

fn tenant_key(slot: &SlotId) -> bool {
    matches!(slot.owner, sealing::SlotOwner::Tenant(_))
}

/// Runs the other half until it is killed; whether the operation was acknowledged.
async fn child(dir: &Path, operation: Operation, point: usize) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::goes_on_until_it_is_killed", "--ignored", "--nocapture"]);
    command.env(DIRECTORY, dir).env(OPERATION, (operation as usize).to_string()).env(POINT, point.to_string());
    let ended = tokio::task::spawn_blocking(move || command.stdout(Stdio::piped()).output().unwrap()).await.unwrap();
    let killed = std::os::unix::process::ExitStatusExt::signal(&ended.status);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(killed, Some(9), "{operation:?} {point}: {said}");
    said.contains(ACKNOWLEDGED)
}

/// Not a test by itself: the process that the test below starts, and that ends itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of the test of kills"]
async fn goes_on_until_it_is_killed() {
    let number = |name| std::env::var_os(name).unwrap().into_string().unwrap().parse::<usize>().unwrap();
    let (operation, point) = (Operation::ALL[number(OPERATION)], number(POINT));
    let place = TempDir::with_prefix("unused").unwrap();
    let steps = AtomicUsize::new(0);
    let observer = move |_| {
        if steps.fetch_add(1, Ordering::SeqCst) == point {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    };
    let path = std::path::PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let config = config(&path);
    let suite = Suite::observed(place, Arc::new(SystemClock), config, Arc::new(observer)).await.map_err(|(_, fault)| fault).unwrap();
    operation.ask(&suite).await.unwrap();
    println!("{ACKNOWLEDGED}");
    operation.follow(&suite).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_step_a_decision_is_wholly_there_or_wholly_not() {
    let mut told = Vec::new();
    for operation in Operation::ALL {
        let course = Arc::new(Course::undisturbed(operation).await);
        assert_ne!(course.before, course.after, "{operation:?}");
        let mut running = JoinSet::new();
        for point in 0..course.steps.len() {
            while running.len() >= AT_ONCE {
                running.join_next().await.unwrap().unwrap();
            }
            let course = Arc::clone(&course);
            running.spawn(async move { course.killed_at(point).await });
        }
        running.join_all().await;
        told.push((operation, course.steps.clone()));
    }
    let steps: BTreeSet<Step> = told.iter().flat_map(|(_, steps)| steps.iter().copied()).collect();
    assert_eq!(steps.len(), 6, "a step that no operation takes: {steps:?}");
    for (operation, steps) in told {
        println!("{operation:?}: killed after each of {steps:?}");
    }
}
