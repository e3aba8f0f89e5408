//! Starting: what the store says, whether the keyring agrees, and what earlier processes may still be holding.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use consent_domain::enforcement::{Enforcement, Terms};
use consent_domain::{Directory, State};
use contracts::consent::v1 as pb;
use parking_lot::RwLock;
use runtime::{Config, Context};
use store::{Options, Store, StoreError};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use vocabulary::{Fault, Reason, TenantId};

use crate::access::{self, Accesses};
use crate::convert::stored;
use crate::enforce::{Hub, Ticking};
use crate::erasures::{self, Erasures};
use crate::events::{Ledger, Texts};
use crate::expiring;
use crate::keys::{self, Keys, TenantKeys, blocking};
use crate::parting;
use crate::places::{Places, rolled_back};
use crate::requests::Kept;
use crate::steps::Observer;
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
/// STORE_FAILED, KEYRING_FAILED; CONSENT_ROLLED_BACK when decisions are missing.
pub(crate) async fn open(context: &Context, observer: Observer) -> Result<Arc<Core>, Fault> {
    let Context { config, clock, stopping, tasks, .. } = context;
    let places = Places::of(config);
    if places.mirror.is_none() {
        tracing::warn!("there is no `keyring.mirror`: whoever loses this disk loses every key and every decision");
    }
    places.expect_mirror()?;
    let directory = config.consent_texts.clone();
    let texts = blocking(move || Texts::read(directory.as_deref())).await?;
    let store = open_store(config, &places).await?;
    let found = store.get::<tables::Head>(&())?;
    let keys = Keys::open(&places, found.is_none()).await?;
    agree(found.as_ref(), &keys)?;
    let before = found.unwrap_or_default();
    let allowed_regions: Arc<[Box<str>]> = config.allowed_regions.iter().map(|region| region.as_str().into()).collect();
    let read = read(store.clone(), keys.clone(), Arc::clone(&allowed_regions), before.position).await;
    let (tenants, kept) = read.map_err(|fault| match fault.reason {
        Reason::KeyringFailed if keys.lacks_what_the_mirror_has() => rolled_back("the keyring lacks keys that its mirror has"),
        _ => fault,
    })?;
    keys.bring_mirror_up().await?;
    destroy_stray(&keys, &tenants).await?;
    keys.pay_every(PAY_EVERY);

    let erasures = Erasures::read(&store)?;
    let longest_lease_millis = before.longest_lease_millis.max(config.lease_ms);
    let head = pb::StoredHead { incarnation: before.incarnation + 1, position: before.position, longest_lease_millis };
    store.commit(move |changes| changes.put::<tables::Head>(&(), &head)).await?;

    let terms = Terms { lease: config.lease() };
    let longest_granted = Duration::from_millis(before.longest_lease_millis);
    let mut enforcement = Enforcement::new(terms, head.incarnation, longest_granted, clock.boot_time());
    let farewell = parting::recorded(&store)?;
    if let Some(farewell) = &farewell {
        enforcement = enforcement.after(farewell, clock.boot_time());
    }
    let tenants = Arc::new(RwLock::new(tenants));
    let hub = Arc::new(Hub::new(Arc::clone(clock), enforcement, head.incarnation));
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
        ending: CancellationToken::new(),
        parted: AtomicBool::new(false),
        head,
        erasures,
        texts,
        access: Accesses::new(context),
        writing: Mutex::new(kept),
        allowed_regions,
        changed: Arc::new(Notify::new()),
        observer,
    });
    expiring::settle(&core).await?;
    expiring::start(&core);
    access::start(&core, context);
    let length = Duration::from_millis(config.farewell_ms);
    tasks.spawn(parting::when(stopping.clone(), Arc::downgrade(&core), length));
    if let Some(farewell) = farewell {
        parting::forget_once_over(&core, &farewell);
    }
    Ok(core)
}

/// Opens the store, and its mirror if there is one.
///
/// # Errors
/// STORE_FAILED; CONSENT_ROLLED_BACK when the mirror has decisions that the store has not.
pub(crate) async fn open_store(config: &Config, places: &Places) -> Result<Store, Fault> {
    let mirror = places.mirror.as_ref().map(|mirror| mirror.store.as_path());
    Store::open_mirrored(&places.store, mirror, options(config)).await.map_err(|error| match error {
        StoreError::BehindMirror => rolled_back("the store of consent lacks decisions that its mirror has"),
        error => error.into(),
    })
}

/// How the store is opened.
pub(crate) fn options(config: &Config) -> Options {
    Options { cache_bytes: config.store.cache_bytes / CACHE_SHARE, fresh_incarnation: sealing::random::id() }
}

/// A keyring that knows more than the store belongs to a store that was put back or lost: its decisions are missing, and what they
/// withdrew would stand open again.
///
/// # Errors
/// CONSENT_ROLLED_BACK.
pub(crate) fn agree(head: Option<&pb::StoredHead>, keys: &Keys) -> Result<(), Fault> {
    match head {
        None if !keys.is_empty() => Err(rolled_back("the keyring holds keys, but the store of consent is empty")),
        Some(head) if keys.position() > head.position => Err(rolled_back("the store of consent is older than its keyring")),
        Some(_) | None => Ok(()),
    }
}

async fn read(store: Store, keys: Keys, allowed_regions: Arc<[Box<str>]>, position: u64) -> Result<(Tenants, Kept), Fault> {
    let reading = move || -> Result<(Tenants, Kept), Fault> {
        let (mut held, mut ledgers) = (BTreeMap::new(), HashMap::new());
        for row in store.scan::<tables::Tenants>(()) {
            let (tenant, row) = row?;
            let own = keys.of_tenant(&tenant, stored::names(&row))?;
            let state = state(&store, &tenant, &row, &own, &allowed_regions)?;
            let mailbox_keys: HashMap<_, _> = keys.of_mailboxes(&tenant, state.keys())?.into_iter().collect();
            let ledger = Ledger::read(&store, &tenant)?;
            if !keys.lacking(keys::of_ledger(&state, &ledger.named())).is_empty() {
                return Err(keys::missing());
            }
            ledgers.insert(tenant.clone(), ledger);
            held.insert(tenant, Arc::new(Held { state, keys: own, mailbox_keys }));
        }
        Ok((Tenants { held, position, erased: erasures::erased_tenants(&store)?, ledgers }, Kept::read(&store)?))
    };
    tokio::task::spawn_blocking(reading).await.unwrap_or_else(|_| Err(Fault::internal("the store could not be read")))
}

/// What is decided about a tenant.
///
/// # Errors
/// STORE_FAILED when a row is damaged, or under keys that are gone.
pub(crate) fn state(
    store: &Store,
    tenant: &TenantId,
    row: &pb::StoredTenant,
    own: &TenantKeys,
    allowed_regions: &Arc<[Box<str>]>,
) -> Result<State, Fault> {
    let mut directory = Directory::default();
    for row in store.scan::<tables::Users>((tenant.clone(),)) {
        let ((_, id), row) = row?;
        directory.put(Arc::new(stored::user(tenant, id, &row, own)?));
    }
    let applications = stored::applications(store.get::<tables::Applications>(tenant)?.unwrap_or_default());
    let (settings, consent) = stored::tenant(tenant, row, own)?;
    let groups = Arc::new(stored::groups(store, tenant, own)?);
    let erased = Arc::new(erasures::erased(store, tenant)?);
    let (allowed_regions, names, position) = (Arc::clone(allowed_regions), stored::names(row), row.position);
    let tenant = tenant.clone();
    Ok(State { tenant, settings, allowed_regions, consent, applications, groups, directory, names, erased, position })
}

/// A slot without a decision that stands is what a crash left: minted for a decision that was never taken, or not yet destroyed.
async fn destroy_stray(keys: &Keys, tenants: &Tenants) -> Result<(), Fault> {
    let mut needed = HashSet::new();
    for (tenant, held) in &tenants.held {
        needed.extend(keys::needed(&held.state, &tenants.named(tenant)));
    }
    let stray: Vec<_> = keys.slots().into_iter().filter(|slot| !needed.contains(slot)).collect();
    if !stray.is_empty() {
        tracing::warn!(slots = stray.len(), "destroying keys without a decision");
    }
    keys.destroy(stray, tenants.position).await
}
