//! The keyring on threads that may block, and the names of its slots. Which keys come and go is decided elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use consent_domain::{Decision, KeyName, KeyPart, NamesKey, Purpose, State};
use parking_lot::Mutex;
use sealing::{Change, Context, Key, Keyring, KeyringError, MailboxKey, RootKey, SlotId, TenantKey};
use vocabulary::{Fault, Kind, Reason, TenantId, UserId};

use crate::places::{Mirror, Places, rolled_back};

/// The tenant keys that are never replaced.
const TENANT_KEYS: [TenantKey; 3] = [TenantKey::Facts, TenantKey::Lookup, TenantKey::Ledger];

/// An earlier process of ours may take a moment to let go of the keyring.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The keys of a tenant.
#[derive(Clone, Debug)]
pub(crate) struct TenantKeys {
    pub names: Key,
    /// The generation before, while not everything is sealed anew.
    pub retired_names: Option<Key>,
    pub facts: Key,
    pub lookup: Key,
    pub ledger: Key,
}

impl TenantKeys {
    /// Opens what is sealed under `names`, of whichever generation there is.
    ///
    /// # Errors
    /// STORE_FAILED when it is damaged, out of place or under another key.
    pub fn opened(&self, place: &Context, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let opened = sealing::open(&self.names, place, sealed);
        let opened = opened.or_else(|error| self.retired_names.as_ref().map_or(Err(error), |key| sealing::open(key, place, sealed)));
        Ok(opened?)
    }
}

/// The open keyring; clones share it.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Mutex<Ring>>);

struct Ring {
    keyring: Keyring,
    /// Changed after the keyring, so that it never knows more.
    mirror: Option<Keyring>,
    /// Slots whose destruction is decided, durable and told, but failed.
    owed: Vec<SlotId>,
    /// The latest position that anything was to be destroyed at.
    owed_at: u64,
}

impl Keys {
    /// Opens the keyring; on a first start makes it, and the root key where none is given. Its mirror is opened, and left as it is until
    /// [`Self::bring_mirror_up`].
    ///
    /// # Errors
    /// KEYRING_FAILED; CONSENT_ROLLED_BACK when the mirror has seen changes that the keyring has not.
    pub async fn open(places: &Places, first_start: bool) -> Result<Self, Fault> {
        let (places, mirrored) = (places.clone(), places.mirror.is_some());
        let once = move || -> Result<Result<Ring, KeyringError>, Fault> {
            let root = if first_start { places.root.load_or_create() } else { places.root.load() }?;
            Ok(Ring::open(&places, &root, first_start))
        };
        for tries in (0..LOCK_TRIES).rev() {
            match blocking(once.clone()).await? {
                Err(KeyringError::InUse) if tries > 0 => tokio::time::sleep(LOCK_PAUSE).await,
                Err(KeyringError::AheadOfMirror) => return Err(rolled_back("the keyring is older than its mirror")),
                Ok(ring) => return Ok(Self(Arc::new(Mutex::new(ring)))),
                Err(error) => {
                    tracing::error!(%error, "the keyring cannot be opened");
                    return Err(if mirrored { with_a_mirror(error) } else { error.into() });
                }
            }
        }
        Err(KeyringError::InUse.into())
    }

    /// The position of the keyring's last change.
    pub fn position(&self) -> u64 {
        self.0.lock().keyring.position()
    }

    /// Whether it holds no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.lock().keyring.is_empty()
    }

    /// Every slot.
    pub fn slots(&self) -> Vec<SlotId> {
        self.0.lock().keyring.slots().cloned().collect()
    }

    /// The keys of a tenant.
    pub fn of_tenant(&self, tenant: &TenantId, names: NamesKey) -> Result<TenantKeys, Fault> {
        let ring = self.0.lock();
        let key = |key| ring.keyring.get(&SlotId::of_tenant(tenant, key)).ok_or_else(missing);
        let of_names = |generation| key(TenantKey::Names { generation });
        let retired_names = if names.retiring { Some(of_names(names.generation - 1)?) } else { None };
        let (facts, lookup, ledger) = (key(TenantKey::Facts)?, key(TenantKey::Lookup)?, key(TenantKey::Ledger)?);
        Ok(TenantKeys { names: of_names(names.generation)?, retired_names, facts, lookup, ledger })
    }

    /// The key of what the ledger says of a user; absent once the user is erased.
    pub fn of_ledger(&self, tenant: &TenantId, user: UserId) -> Option<Key> {
        self.0.lock().keyring.get(&SlotId::of_ledger(tenant, user))
    }

    /// Those of the slots that there is no key in.
    pub fn lacking(&self, slots: impl IntoIterator<Item = SlotId>) -> Vec<SlotId> {
        let ring = self.0.lock();
        slots.into_iter().filter(|slot| !ring.keyring.contains(slot)).collect()
    }

    /// The keys of these mailboxes, all of which must exist.
    pub fn of_mailboxes(&self, tenant: &TenantId, names: impl IntoIterator<Item = KeyName>) -> Result<Vec<(KeyName, Key)>, Fault> {
        let ring = self.0.lock();
        let keys = names.into_iter().map(|name| Ok((name, ring.keyring.get(&slot(tenant, name)).ok_or_else(missing)?)));
        keys.collect()
    }

    /// Lets the mirror hold what the keyring does. What the keyring lacks goes there too, so the decisions must have found every key they need.
    ///
    /// # Errors
    /// KEYRING_FAILED.
    pub async fn bring_mirror_up(&self) -> Result<(), Fault> {
        let ring = Arc::clone(&self.0);
        blocking(move || {
            let Ring { keyring, mirror, .. } = &mut *ring.lock();
            mirror.as_mut().map_or(Ok(()), |mirror| mirror.follow(keyring)).map_err(logged)
        })
        .await
    }

    /// Whether the mirror has a slot that the keyring lacks.
    pub fn lacks_what_the_mirror_has(&self) -> bool {
        let ring = self.0.lock();
        ring.mirror.as_ref().is_some_and(|mirror| mirror.slots().any(|slot| !ring.keyring.contains(slot)))
    }

    /// Makes slots, durably. What is owed goes at the same time, so that a name that comes back gets a new key.
    pub async fn mint(&self, slots: Vec<SlotId>, position: u64) -> Result<(), Fault> {
        if slots.is_empty() {
            return Ok(());
        }
        let ring = Arc::clone(&self.0);
        blocking(move || {
            let ring = &mut *ring.lock();
            let minted = ring.apply(Change { mint: slots.clone(), destroy: ring.owed.clone() }, position);
            if let Err(KeyringError::Mirror(_)) = &minted {
                // They stand in the keyring, and no decision will.
                ring.owed.extend(slots);
            }
            minted.map_err(logged)?;
            ring.owed.clear();
            Ok(())
        })
        .await
    }

    /// Destroys slots and whatever is still owed, and notes the position, so that a store without the decision taken there is known to be
    /// behind. When it fails, it is owed; the next call tries again.
    pub async fn destroy(&self, slots: Vec<SlotId>, position: u64) -> Result<(), Fault> {
        let ring = Arc::clone(&self.0);
        if slots.is_empty() && !ring.lock().owes(position) {
            return Ok(());
        }
        blocking(move || {
            let ring = &mut *ring.lock();
            ring.owed.extend(slots);
            ring.owed_at = ring.owed_at.max(position);
            ring.apply(Change::destroy(ring.owed.iter().cloned()), ring.owed_at).map_err(logged)?;
            ring.owed.clear();
            Ok(())
        })
        .await
    }

    /// Tries again and again to destroy what is owed, for as long as somebody has the keyring open. Must be called within a Tokio runtime.
    pub fn pay_every(&self, pause: Duration) {
        let ring = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(ring) = ring.upgrade() else { return };
                // What fails is in the log, and still owed.
                let _owed = Self(ring).destroy(Vec::new(), 0).await;
            }
        });
    }
}

impl Ring {
    fn open(places: &Places, root: &RootKey, first_start: bool) -> Result<Self, KeyringError> {
        let keyring = match Keyring::open(&places.keyring, &places.epoch, root) {
            Err(KeyringError::Absent) if first_start => Keyring::create(&places.keyring, &places.epoch, root)?,
            opened => opened?,
        };
        let mirror = places.mirror.as_ref().map(|mirror| open_mirror(mirror, root, &keyring)).transpose()?;
        Ok(Self { keyring, mirror, owed: Vec::new(), owed_at: 0 })
    }

    /// Whether a key is to be destroyed, or a position to be noted: this one, or one that failed.
    fn owes(&self, position: u64) -> bool {
        let noted = self.mirror.iter().map(Keyring::position).fold(self.keyring.position(), u64::min);
        !self.owed.is_empty() || self.owed_at.max(position) > noted
    }

    fn apply(&mut self, change: Change, position: u64) -> Result<(), KeyringError> {
        match &mut self.mirror {
            Some(mirror) => self.keyring.apply_mirrored(mirror, change, position),
            None => self.keyring.apply(change, position),
        }
    }
}

/// What a keyring that cannot be opened is told with, where there is a mirror.
fn with_a_mirror(error: KeyringError) -> Fault {
    let lost = matches!(error, KeyringError::Absent | KeyringError::EpochRecordAbsent | KeyringError::Damaged(_));
    let mut fault = Fault::from(error);
    if lost {
        fault.message.push_str(": `rapport consent recover --from-mirror` brings it back");
    }
    fault
}

/// The mirror of a keyring, which must not have seen more.
fn open_mirror(place: &Mirror, root: &RootKey, keyring: &Keyring) -> Result<Keyring, KeyringError> {
    let mirror = match Keyring::open(&place.keyring, &place.epoch, root) {
        Err(KeyringError::Absent) => Keyring::create(&place.keyring, &place.epoch, root),
        opened => opened,
    };
    let mirror = mirror.map_err(|error| match error {
        KeyringError::InUse => error,
        error => KeyringError::Mirror(error.into()),
    })?;
    if mirror.position() > keyring.position() { Err(KeyringError::AheadOfMirror) } else { Ok(mirror) }
}

/// The slots that a decision mints.
pub(crate) fn minted(tenant: &TenantId, decision: &Decision) -> Vec<SlotId> {
    let names = decision.names.filter(|names| names.retiring).map(|names| of_names(tenant, names.generation));
    decision.mint.iter().map(|name| slot(tenant, *name)).chain(names).collect()
}

/// The slots that a decision destroys.
pub(crate) fn destroyed(tenant: &TenantId, decision: &Decision) -> Vec<SlotId> {
    let names = decision.names.filter(|names| !names.retiring).map(|names| of_names(tenant, names.generation - 1));
    let erased = decision.erasure.as_ref().and_then(|erasure| erasure.user).map(|user| SlotId::of_ledger(tenant, user));
    decision.destroy.iter().map(|name| slot(tenant, *name)).chain(names).chain(erased).collect()
}

/// The slots of a tenant's own keys.
pub(crate) fn of_tenant(tenant: &TenantId, names: NamesKey) -> Vec<SlotId> {
    let generations = if names.retiring { names.generation - 1..=names.generation } else { names.generation..=names.generation };
    let never_replaced = TENANT_KEYS.iter().map(|key| SlotId::of_tenant(tenant, *key));
    never_replaced.chain(generations.map(|generation| of_names(tenant, generation))).collect()
}

fn of_names(tenant: &TenantId, generation: u32) -> SlotId {
    SlotId::of_tenant(tenant, TenantKey::Names { generation })
}

/// Every slot that the decisions about a tenant need; `named` are the users whom its ledger names.
pub(crate) fn needed<'a>(state: &'a State, named: &'a BTreeSet<UserId>) -> impl Iterator<Item = SlotId> + 'a {
    let mailboxes = state.keys().map(|name| slot(&state.tenant, name));
    of_tenant(&state.tenant, state.names).into_iter().chain(mailboxes).chain(of_ledger(state, named))
}

/// The slots of what a ledger says of users: of those whom it names, and of whoever ever had a mailbox key, so that the first choice of theirs
/// needs no key of its own.
pub(crate) fn of_ledger<'a>(state: &'a State, named: &'a BTreeSet<UserId>) -> impl Iterator<Item = SlotId> + 'a {
    let mailboxes = state.directory.users().filter(|user| user.mailbox.generation > 0).map(|user| user.id);
    let others = named.iter().copied().filter(|user| state.directory.get(*user).is_none_or(|user| user.mailbox.generation == 0));
    mailboxes.chain(others).map(|user| SlotId::of_ledger(&state.tenant, user))
}

fn slot(tenant: &TenantId, name: KeyName) -> SlotId {
    let key = match name.part {
        KeyPart::Log => MailboxKey::Log,
        KeyPart::View(Purpose::RelationshipAnalytics) => MailboxKey::Analytics,
        KeyPart::View(Purpose::ConnectionGraph) => MailboxKey::Graph,
    };
    SlotId::of_mailbox(tenant, name.user, name.generation, key)
}

/// Does what may block on a thread for it.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::internal("the keyring's thread ended in a panic")))
}

fn logged(error: KeyringError) -> Fault {
    tracing::error!(%error, "the keyring was not changed");
    error.into()
}

/// Minting another key in its place would only hide that what it sealed is lost.
pub(crate) fn missing() -> Fault {
    let message = "a decision that stands has no key in the keyring: restore the keyring that belongs to this store";
    Fault::new(Kind::Internal, Reason::KeyringFailed, message)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use runtime::Config;

    use super::*;

    #[tokio::test]
    async fn what_is_owed_is_paid_without_being_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        let keys = Keys::open(&Places::of(&config), true).await.unwrap();
        let slot = SlotId::of_mailbox(&TenantId::parse("contoso").unwrap(), UserId(7), 1, MailboxKey::Log);
        keys.mint(vec![slot.clone()], 1).await.unwrap();
        let (files, aside) = (dir.path().join("keyring"), dir.path().join("aside"));
        fs::rename(&files, &aside).unwrap();
        assert_eq!(keys.destroy(vec![slot], 2).await.unwrap_err().reason, Reason::KeyringFailed);
        keys.pay_every(Duration::from_millis(1));
        fs::rename(&aside, &files).unwrap();
        let paid = async {
            while !keys.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), paid).await.unwrap();
        assert_eq!(keys.position(), 2);
    }
}
