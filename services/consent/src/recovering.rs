//! What an administrator does when consent is closed or its keyring is lost: brings back what the mirror has, or withdraws everything. Both
//! while nothing serves these stores.

mod withdrawing;

use runtime::{Config, config};
use sealing::{Keyring, KeyringError};
use store::{Store, StoreError};
use vocabulary::{Clock, Fault, TenantId};

use crate::keys::{Keys, blocking};
use crate::opening::{agree, open_store, options};
use crate::places::{Mirror, Places, rolled_back, root_key};
use crate::tables;

/// How consent comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Keyring and store hold what the mirror does.
    FromMirror,
    /// The store goes on from where it is: every tenant's consent is withdrawn and every mailbox key destroyed.
    WithdrawAll {
        /// Tenants to be erased, because what is kept of them is sealed under a key that a missing decision destroyed.
        erase: Vec<TenantId>,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The position from which consent goes on.
    pub position: u64,
    /// Tenants whose consent was withdrawn.
    pub withdrawn: u64,
    /// Mailboxes whose keys were destroyed.
    pub mailboxes: u64,
    /// Tenants that were erased.
    pub erased: u64,
}

/// Brings consent back. Interrupted, bringing it back from the mirror is done again; of a withdrawal, the next start destroys the keys that
/// are left.
///
/// # Errors
/// STORE_FAILED, KEYRING_FAILED, among others because a process serves these stores; CONSENT_ROLLED_BACK when this way does not bring
/// consent back, with what does; INVALID_FIELDS when no mirror is set, or nothing is to be withdrawn.
pub async fn recover(config: &Config, clock: &dyn Clock, recovery: Recovery) -> Result<Recovered, Fault> {
    let places = Places::of(config);
    match recovery {
        Recovery::FromMirror => from_mirror(config, &places).await,
        Recovery::WithdrawAll { erase } => withdrawing::withdraw_all(config, &places, clock.now(), &erase).await,
    }
}

/// Seals the epoch record of the keyring, and of its mirror, under another root key, with new keys under it. Interrupted, it is done again.
///
/// # Errors
/// KEYRING_FAILED: the root keys, or a keyring that cannot be opened or is in use.
pub async fn rotate_root(config: &Config, next: &config::Keyring) -> Result<(), Fault> {
    let (places, next) = (Places::of(config), root_key(next, &config.data_dir));
    blocking(move || {
        let next = next.load_or_create()?;
        let mirror = places.mirror.as_ref().map(|mirror| (&mirror.keyring, &mirror.epoch));
        for (dir, epoch) in [(&places.keyring, &places.epoch)].into_iter().chain(mirror) {
            match Keyring::open(dir, epoch, &next) {
                // An earlier try came that far.
                Ok(_) => {}
                Err(KeyringError::RootKeyWrong) => Keyring::open(dir, epoch, &places.root.load()?)?.rotate_root(&next)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    })
    .await
}

/// Makes the mirror that is set, of a suite that has had none, or has lost it.
///
/// # Errors
/// INVALID_FIELDS when none is set; otherwise as an ordinary start.
pub async fn attach_mirror(config: &Config) -> Result<(), Fault> {
    let places = Places::of(config);
    if places.mirror.is_none() {
        return Err(no_mirror());
    }
    let store = open_store(config, &places).await?;
    let keys = Keys::open(&places, false).await?;
    agree(store.get::<tables::Head>(&())?.as_ref(), &keys)?;
    keys.bring_mirror_up().await?;
    store.close().await;
    Ok(())
}

fn no_mirror() -> Fault {
    Fault::invalid_field("keyring.mirror", "names no folder with a mirror")
}

async fn from_mirror(config: &Config, places: &Places) -> Result<Recovered, Fault> {
    let mirror = places.mirror.clone().filter(Mirror::is_there).ok_or_else(no_mirror)?;
    let store = Store::open(&mirror.store, options(config)).await?;
    let head = store.get::<tables::Head>(&())?.unwrap_or_default();
    store.close().await;
    let lacks = || rolled_back("the mirror lacks decisions too");
    let (root, keys) = (places.root.clone(), mirror.clone());
    let original = blocking(move || Ok(Keyring::open(&keys.keyring, &keys.epoch, &root.load()?)?)).await?;
    if original.position() > head.position {
        return Err(lacks());
    }
    // The store first: it is refused where it knows more, and nothing is touched then.
    Store::recover(&places.store, &mirror.store, options(config)).await.map_err(|error| match error {
        StoreError::AheadOfMirror => lacks(),
        error => error.into(),
    })?;
    let to = places.clone();
    let recovered = blocking(move || Ok(Keyring::recover(&to.keyring, &to.epoch, &to.root.load()?, &original).map(drop))).await?;
    recovered.map_err(|error| match error {
        KeyringError::AheadOfMirror => lacks(),
        error => error.into(),
    })?;
    Ok(Recovered { position: head.position, ..Recovered::default() })
}
