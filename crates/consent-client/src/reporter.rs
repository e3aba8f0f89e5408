//! What a store tells consent of erasures: that it takes part, and up to which one it is in line. What is to be erased stands in the mirror.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contracts::consent::v1 as pb;
use contracts::consent::v1::store_registry_service_client::StoreRegistryServiceClient;
use parking_lot::Mutex;
use runtime::{Link, Onward, fault_of};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use vocabulary::{Fault, PersonId, TenantId};

/// What a store holds, as the contract names it.
pub use contracts::consent::v1::StoreKind;

/// How long consent may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// When to try again what failed.
const RETRY: Duration = Duration::from_millis(500);
/// How many ids are named in one request.
const NAMED_AT_ONCE: usize = 500;

/// A store's word to consent. Clones share it; it falls silent when the last one is dropped.
#[derive(Clone)]
pub struct Reporter {
    shared: Arc<Shared>,
    client: StoreRegistryServiceClient<Link>,
    _task: Arc<AbortOnDrop>,
}

#[derive(Default)]
struct Shared {
    /// What is to be said of each tenant.
    waiting: Mutex<BTreeMap<TenantId, Said>>,
    nudge: Notify,
}

/// In line up to which number, how many rows that took, and under which generation of `names` everything is sealed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Said {
    number: u64,
    rows: u64,
    names_generation: u32,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reporter {
    /// Registers the store of that incarnation with consent, over `link`, in the place of those that it `replaces`, and passes on whatever
    /// is reported, however long that takes. Must be called within a Tokio runtime.
    pub fn start(link: Link, store_id: u64, kind: StoreKind, replaces: Vec<u64>) -> Self {
        let (shared, client) = (Arc::new(Shared::default()), StoreRegistryServiceClient::new(link));
        let registration = pb::RegisterStoreRequest { store_id, kind: kind.into(), replaced_store_ids: replaces };
        let task = tokio::spawn(keep(Arc::clone(&shared), client.clone(), registration));
        Self { shared, client, _task: Arc::new(AbortOnDrop(task.abort_handle())) }
    }

    /// Says that the store is in line with every erasure of a tenant up to `number`, which took `rows` rows removed or written anew, and
    /// that everything it keeps under `names` is sealed under that generation; 0, if it keeps nothing there.
    pub fn in_line(&self, tenant: &TenantId, number: u64, rows: u64, names_generation: u32) {
        if number == 0 {
            return;
        }
        {
            let mut waiting = self.shared.waiting.lock();
            let said = waiting.entry(tenant.clone()).or_default();
            said.number = said.number.max(number);
            said.rows += rows;
            said.names_generation = said.names_generation.max(names_generation);
        }
        self.shared.nudge.notify_one();
    }

    /// Names the ids behind erased addresses. Once it is answered they are durable with consent, and the dictionary may forget them.
    ///
    /// # Errors
    /// What consent answers.
    pub async fn name_erased(&self, tenant: &TenantId, number: u64, people: &[PersonId]) -> Result<(), Fault> {
        let mut parts: Vec<&[PersonId]> = people.chunks(NAMED_AT_ONCE).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        for part in parts {
            let person_ids = part.iter().map(|person| person.0).collect();
            let request = pb::NameErasedRequest { tenant_id: tenant.as_str().to_owned(), number, person_ids };
            let named = self.client.clone().name_erased(Onward::service().within(PATIENCE).request(request)).await;
            named.map_err(|status| fault_of(&status))?;
        }
        Ok(())
    }
}

async fn keep(shared: Arc<Shared>, mut client: StoreRegistryServiceClient<Link>, registration: pb::RegisterStoreRequest) {
    let store_id = registration.store_id;
    while let Err(status) = client.register_store(Onward::service().within(PATIENCE).request(registration.clone())).await {
        tracing::debug!(fault = %fault_of(&status), "the store is not registered with consent yet");
        sleep(RETRY).await;
    }
    loop {
        let next = shared.waiting.lock().first_key_value().map(|(tenant, said)| (tenant.clone(), *said));
        let Some((tenant, told)) = next else {
            shared.nudge.notified().await;
            continue;
        };
        let Said { number, rows, names_generation } = told;
        let report = pb::ReportErasureRequest { store_id, tenant_id: tenant.as_str().to_owned(), number, rows, names_generation };
        match client.report_erasure(Onward::service().within(PATIENCE).request(report)).await {
            Ok(_) => shared.said(&tenant, told),
            Err(status) => {
                tracing::debug!(fault = %fault_of(&status), "a report of an erasure is said again");
                sleep(RETRY).await;
            }
        }
    }
}

impl Shared {
    /// Takes away what was said, unless more has come since.
    fn said(&self, tenant: &TenantId, told: Said) {
        let mut waiting = self.waiting.lock();
        match waiting.get_mut(tenant) {
            Some(held) if *held == told => drop(waiting.remove(tenant)),
            Some(held) => held.rows = held.rows.saturating_sub(told.rows),
            None => {}
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reporter({} tenants wait)", self.shared.waiting.lock().len())
    }
}
