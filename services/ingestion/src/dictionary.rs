//! Who is behind which id: the dictionary of one tenant in memory, and how new names are minted within a commit.

use std::collections::{HashMap, HashSet};

use consent_client::TenantMirror;
use contracts::ingestion::v1 as pb;
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use prost::Message;
use sealing::{Context, Key};
use store::{Changes, MAX_VALUE_BYTES, Store};
use vocabulary::{Address, Fault, PersonId, TenantId};

use crate::tables;

/// The most plain bytes of a chunk: what fits into a row even if it does not compress.
const CHUNK_BYTES: usize = MAX_VALUE_BYTES - 256;

/// One tenant's names, both ways. Changed by commits only, when nothing of them can fail any more but the disk.
#[derive(Debug, Default)]
pub struct Dictionary {
    ids: HashMap<Address, PersonId, RandomState>,
    addresses: HashMap<PersonId, Address, RandomState>,
    /// Minted by commits that are not known to be durable: not to be told yet.
    undurable: HashSet<PersonId, RandomState>,
}

impl Dictionary {
    /// Reads a tenant's dictionary from its chunks. Blocks. A name that is no address, as one that was accepted under rules that have
    /// changed since, is passed over: it makes one person unknown, not the tenant unavailable.
    ///
    /// # Errors
    /// INTERNAL, STORE_FAILED when a chunk does not open or cannot be read.
    pub fn load(store: &Store, held: &TenantMirror) -> Result<Self, Fault> {
        let (mut dictionary, tenant) = (Self::default(), &held.tenant);
        let mut passed_over = 0_u64;
        for row in store.scan::<tables::Names>((tenant.clone(),)) {
            let ((_, chunk), row) = row?;
            for name in opened(held, chunk, &row)?.names {
                match Address::parse(&name.address) {
                    Ok(address) => dictionary.insert(PersonId(name.person_id), address),
                    Err(_) => passed_over += 1,
                }
            }
        }
        if passed_over > 0 {
            tracing::warn!(names = passed_over, "the dictionary holds names that are no addresses; they are passed over");
        }
        Ok(dictionary)
    }

    /// The id of an address.
    pub fn id(&self, address: &Address) -> Option<PersonId> {
        self.ids.get(address).copied()
    }

    /// The id of an address, if its minting is durable.
    pub fn durable_id(&self, address: &Address) -> Option<PersonId> {
        self.id(address).filter(|id| self.undurable.is_empty() || !self.undurable.contains(id))
    }

    /// The address behind an id.
    pub fn address(&self, id: PersonId) -> Option<&Address> {
        self.addresses.get(&id)
    }

    /// Whose addresses are erased, by what a tenant's mirror says.
    pub fn erased(&self, held: &TenantMirror) -> Vec<PersonId> {
        if held.erased.addresses.is_empty() {
            return Vec::new();
        }
        self.ids.iter().filter(|(address, _)| held.is_erased(address)).map(|(_, id)| *id).collect()
    }

    /// Forgets names that have left the disk.
    pub fn forget(&mut self, erased: &HashSet<PersonId, RandomState>) {
        for id in erased {
            if let Some(address) = self.addresses.remove(id) {
                self.ids.remove(&address);
            }
        }
    }

    /// Takes in what a commit minted.
    pub fn extend(&mut self, minted: Vec<(PersonId, Address)>) {
        for (id, address) in minted {
            self.undurable.insert(id);
            self.insert(id, address);
        }
    }

    /// Notes that what a commit minted is durable.
    pub fn settle(&mut self, minted: &[PersonId]) {
        for id in minted {
            self.undurable.remove(id);
        }
    }

    fn insert(&mut self, id: PersonId, address: Address) {
        self.addresses.insert(id, address.clone());
        self.ids.insert(address, id);
    }
}

/// The names that one commit needs: those of the dictionary, and new ones for whom it does not know.
#[derive(Debug)]
pub struct Minting<'a> {
    dictionary: &'a RwLock<Dictionary>,
    minted: Vec<(PersonId, Address)>,
    new: HashMap<Address, PersonId, RandomState>,
}

impl<'a> Minting<'a> {
    /// Over the dictionary as it stands: only commits change it, and this one is alone. It is locked for each look, so that nobody who
    /// reads waits for a whole commit.
    pub fn over(dictionary: &'a RwLock<Dictionary>) -> Self {
        Self { dictionary, minted: Vec::new(), new: HashMap::default() }
    }

    /// The id of an address, if the dictionary has one.
    pub fn known(&self, address: &Address) -> Option<PersonId> {
        self.dictionary.read().id(address)
    }

    /// The id of an address, minted if it has none.
    pub fn id(&mut self, address: &Address) -> PersonId {
        if let Some(id) = self.known(address).or_else(|| self.new.get(address).copied()) {
            return id;
        }
        let id = loop {
            let id = PersonId(sealing::random::id());
            if self.dictionary.read().address(id).is_none() {
                break id;
            }
        };
        self.new.insert(address.clone(), id);
        self.minted.push((id, address.clone()));
        id
    }

    /// Writes what was minted as new chunks, counted in the tally, and answers it.
    ///
    /// # Errors
    /// INTERNAL, STORE_FAILED.
    pub fn write(
        self,
        changes: &mut Changes<'_>,
        tenant: &TenantId,
        key: &Key,
        tally: &mut pb::StoredTally,
    ) -> Result<Vec<(PersonId, Address)>, Fault> {
        let mut rest = self.minted.as_slice();
        while !rest.is_empty() {
            let mut names = pb::Names::default();
            let mut bytes = 0;
            while let Some(((id, address), after)) = rest.split_first() {
                bytes += address.as_str().len() + 16;
                if bytes > CHUNK_BYTES {
                    break;
                }
                names.names.push(pb::Name { person_id: id.0, address: address.as_str().to_owned() });
                rest = after;
            }
            tally.name_chunks += 1;
            let place = place(tenant, tally.name_chunks);
            let sealed =
                sealing::seal_compressed(key, &place, &names.encode_to_vec()).map_err(|error| Fault::internal(error.to_string()))?;
            changes.put::<tables::Names>(&(tenant.clone(), tally.name_chunks), &pb::StoredNames { sealed })?;
        }
        Ok(self.minted)
    }
}

/// The chunks that name one of these people. Blocks.
///
/// # Errors
/// INTERNAL, STORE_FAILED when a chunk does not open or cannot be read.
pub fn chunks_naming(store: &Store, held: &TenantMirror, people: &HashSet<PersonId, RandomState>) -> Result<Vec<u64>, Fault> {
    let mut chunks = Vec::new();
    for row in store.scan::<tables::Names>((held.tenant.clone(),)) {
        let ((_, chunk), row) = row?;
        if opened(held, chunk, &row)?.names.iter().any(|name| people.contains(&PersonId(name.person_id))) {
            chunks.push(chunk);
        }
    }
    Ok(chunks)
}

/// Whether a chunk opens under no key `names` that exists. Blocks.
///
/// # Errors
/// STORE_FAILED when a chunk cannot be read.
pub fn any_under_none(store: &Store, held: &TenantMirror) -> Result<bool, Fault> {
    for row in store.scan::<tables::Names>((held.tenant.clone(),)) {
        let ((_, chunk), row) = row?;
        if held.open_names(|key| sealing::open_compressed(key, &place(&held.tenant, chunk), &row.sealed)).is_err() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The chunks that do not open with the present key `names`. Blocks.
///
/// # Errors
/// STORE_FAILED when a chunk cannot be read.
pub fn chunks_under_retired(store: &Store, held: &TenantMirror) -> Result<Vec<u64>, Fault> {
    let mut chunks = Vec::new();
    for row in store.scan::<tables::Names>((held.tenant.clone(),)) {
        let ((_, chunk), row) = row?;
        if sealing::open_compressed(&held.names_key, &place(&held.tenant, chunk), &row.sealed).is_err() {
            chunks.push(chunk);
        }
    }
    Ok(chunks)
}

/// Writes chunks anew, under the present key `names` and without these people.
///
/// # Errors
/// INTERNAL, STORE_FAILED.
pub fn leave_out(
    changes: &mut Changes<'_>,
    held: &TenantMirror,
    chunks: &[u64],
    people: &HashSet<PersonId, RandomState>,
) -> Result<(), Fault> {
    let tenant = &held.tenant;
    for &chunk in chunks {
        let at = (tenant.clone(), chunk);
        let Some(row) = changes.get::<tables::Names>(&at)? else { continue };
        let mut names = opened(held, chunk, &row)?;
        names.names.retain(|name| !people.contains(&PersonId(name.person_id)));
        if names.names.is_empty() {
            changes.delete::<tables::Names>(&at);
            continue;
        }
        let sealed = sealing::seal_compressed(&held.names_key, &place(tenant, chunk), &names.encode_to_vec());
        let sealed = sealed.map_err(|error| Fault::internal(error.to_string()))?;
        changes.put::<tables::Names>(&at, &pb::StoredNames { sealed })?;
    }
    Ok(())
}

fn opened(held: &TenantMirror, chunk: u64, row: &pb::StoredNames) -> Result<pb::Names, Fault> {
    let plain = held.open_names(|key| sealing::open_compressed(key, &place(&held.tenant, chunk), &row.sealed))?;
    pb::Names::decode(plain.as_slice()).map_err(|_| Fault::internal("a chunk of the dictionary cannot be read"))
}

fn place(tenant: &TenantId, chunk: u64) -> Context {
    Context::new("ingestion.names").tenant(tenant).number(chunk)
}
