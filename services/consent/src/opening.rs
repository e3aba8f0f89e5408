//! Starting: what the store says, whether the keyring agrees, and what earlier processes may still be holding.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use consent_domain::enforcement::{Enforcement, Terms};
use consent_domain::{Directory, State};
use contracts::consent::v1 as pb;
use parking_lot::RwLock;
use runtime::{Config, Context};
use store::{Options, Store};
use tokio::sync::{Mutex, Notify};
use vocabulary::{Fault, Kind, Reason};

use crate::convert::stored;
use crate::enforce::{Hub, Ticking};
use crate::erasures::{self, Erasures};
use crate::expiring;
use crate::keys::{self, Keys};
use crate::requests::Kept;
use crate::tables;
use crate::tenants::{Held, Tenants};
use crate::writer::Core;

/// The share of the process's cache that the store of consent takes: an eighth, for its rows are all in memory already.
const CACHE_SHARE: u64 = 8;

/// How often the destruction of keys that failed is tried again.
const PAY_EVERY: Duration = Duration::from_secs(5);

/// Opens everything.
///
/// # Errors
/// STORE_FAILED, KEYRING_FAILED.
pub(crate) async fn open(context: &Context) -> Result<Arc<Core>, Fault> {
    let Context { config, clock, stopping, .. } = context;
    let store = open_store(config).await?;
    let found = store.get::<tables::Head>(&())?;
    let keys = Keys::open(config, found.is_none()).await?;
    agree(found.as_ref(), &keys)?;
    let before = found.unwrap_or_default();
    let allowed_regions: Arc<[Box<str>]> = config.allowed_regions.iter().map(|region| region.as_str().into()).collect();
    let (tenants, kept) = read(store.clone(), keys.clone(), Arc::clone(&allowed_regions), before.position).await?;
    destroy_stray(&keys, &tenants).await?;
    keys.pay_every(PAY_EVERY);

    let erasures = Erasures::read(&store)?;
    let longest_lease_millis = before.longest_lease_millis.max(config.lease_ms);
    let head = pb::StoredHead { incarnation: before.incarnation + 1, position: before.position, longest_lease_millis };
    store.commit(move |changes| changes.put::<tables::Head>(&(), &head)).await?;

    let terms = Terms { lease: config.lease() };
    let longest_granted = Duration::from_millis(before.longest_lease_millis);
    let enforcement = Enforcement::new(terms, head.incarnation, longest_granted, clock.boot_time());
    let tenants = Arc::new(RwLock::new(tenants));
    let hub = Arc::new(Hub::new(Arc::clone(clock), enforcement, head.incarnation, terms.lease));
    tracing::info!(incarnation = head.incarnation, position = head.position, "consent is open");
    let core = Arc::new(Core {
        clock: Arc::clone(clock),
        limits: config.limits.clone(),
        store,
        keys,
        tenants,
        _ticking: Ticking::start(Arc::clone(&hub)),
        hub,
        page_key: sealing::Key::random(),
        ending: stopping.child_token(),
        head,
        erasures,
        writing: Mutex::new(kept),
        allowed_regions,
        changed: Arc::new(Notify::new()),
    });
    expiring::settle(&core).await?;
    expiring::start(&core);
    Ok(core)
}

async fn open_store(config: &Config) -> Result<Store, Fault> {
    let options = Options { cache_bytes: config.store.cache_bytes / CACHE_SHARE, fresh_incarnation: sealing::random::id() };
    Ok(Store::open(&config.area_dir("consent"), options).await?)
}

/// A keyring that knows more than the store belongs to a store that was put back or lost: its decisions are missing, and what they
/// withdrew would stand open again.
fn agree(head: Option<&pb::StoredHead>, keys: &Keys) -> Result<(), Fault> {
    let message = match head {
        None if !keys.is_empty() => "the keyring holds keys but the store of consent is empty: restore the store that belongs to it",
        Some(head) if keys.position() > head.position => {
            "the keyring is ahead of the store of consent: restore a store that has all decisions"
        }
        Some(_) | None => return Ok(()),
    };
    Err(Fault::new(Kind::FailedPrecondition, Reason::KeyringFailed, message))
}

async fn read(store: Store, keys: Keys, allowed_regions: Arc<[Box<str>]>, position: u64) -> Result<(Tenants, Kept), Fault> {
    let reading = move || -> Result<(Tenants, Kept), Fault> {
        let mut held = BTreeMap::new();
        for row in store.scan::<tables::Tenants>(()) {
            let (tenant, row) = row?;
            let names = stored::names(&row);
            let own = keys.of_tenant(&tenant, names)?;
            let mut directory = Directory::default();
            for row in store.scan::<tables::Users>((tenant.clone(),)) {
                let ((_, id), row) = row?;
                directory.put(Arc::new(stored::user(&tenant, id, &row, &own)?));
            }
            let applications = stored::applications(store.get::<tables::Applications>(&tenant)?.unwrap_or_default());
            let (settings, consent) = stored::tenant(&tenant, &row, &own)?;
            let groups = Arc::new(stored::groups(&store, &tenant, &own)?);
            let erased = Arc::new(erasures::erased(&store, &tenant)?);
            let allowed_regions = Arc::clone(&allowed_regions);
            let (id, position) = (tenant.clone(), row.position);
            let state = State { tenant: id, settings, allowed_regions, consent, applications, groups, directory, names, erased, position };
            let mailbox_keys: HashMap<_, _> = keys.of_mailboxes(&tenant, state.keys())?.into_iter().collect();
            held.insert(tenant, Arc::new(Held { state, keys: own, mailbox_keys }));
        }
        Ok((Tenants { held, position, erased: erasures::erased_tenants(&store)? }, Kept::read(&store)?))
    };
    tokio::task::spawn_blocking(reading).await.unwrap_or_else(|_| Err(Fault::internal("the store could not be read")))
}

/// A slot without a decision that stands is what a crash left: minted for a decision that was never taken, or not yet destroyed.
async fn destroy_stray(keys: &Keys, tenants: &Tenants) -> Result<(), Fault> {
    let needed: HashSet<_> = tenants.held.values().flat_map(|held| keys::needed(&held.state)).collect();
    let stray: Vec<_> = keys.slots().into_iter().filter(|slot| !needed.contains(slot)).collect();
    if !stray.is_empty() {
        tracing::warn!(slots = stray.len(), "destroying keys without a decision");
    }
    keys.destroy(stray, tenants.position).await
}
