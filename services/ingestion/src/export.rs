//! What the dictionary and the log hold on a person: names first, then each interaction that names them, block by block.
//!
//! Nothing is read by a permit that was taken for what came before: each block is opened by a permit of its own, and each item is told under
//! one that is younger than whatever withdrawal was answered before it.

use std::collections::VecDeque;
use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use futures::{Stream, StreamExt as _, stream};
use pb::export_response::Item;
use vocabulary::{Address, Fault, PersonId, TenantId, UserId};

use crate::convert;
use crate::mailboxes::{CRM, may_be_read};
use crate::service::{Ingestion, blocking};
use crate::tables;
use crate::tenant::Tenant;

/// What is asked for: the addresses of one person.
pub struct Asked {
    pub tenant: TenantId,
    pub addresses: Vec<Address>,
}

/// A block that may name the person.
#[derive(Clone, Copy)]
struct Place {
    user: UserId,
    generation: u32,
    position: u64,
}

/// Streams what is held on a person.
///
/// # Errors
/// Those of [`Ingestion::admit`]; within the stream also those of the store.
pub async fn export(
    ingestion: &Arc<Ingestion>,
    asked: Asked,
) -> Result<impl Stream<Item = Result<pb::ExportResponse, Fault>> + Send + use<>, Fault> {
    let (permit, tenant) = ingestion.admit(&asked.tenant).await?;
    let people: Vec<(Address, PersonId)> = {
        let names = tenant.opened()?.names.read();
        let held = asked.addresses.into_iter().filter(|address| !permit.is_erased(address));
        held.filter_map(|address| names.durable_id(&address).map(|person| (address, person))).collect()
    };
    let named = people.iter().map(|(address, person)| pb::ExportedName { address: address.as_str().to_owned(), person_id: person.0 });
    let named: Vec<_> = named.map(Item::Name).collect();
    let places = if people.is_empty() { VecDeque::new() } else { places(&tenant) };
    let reading = Reading { ingestion: Arc::clone(ingestion), tenant: asked.tenant, people: people.into(), places };
    let interactions = stream::try_unfold(reading, |mut reading| async move {
        let Some(place) = reading.places.pop_front() else { return Ok::<_, Fault>(None) };
        let items = reading.block(place).await?;
        Ok(Some((items, reading)))
    });
    let interactions = interactions.flat_map(|items| match items {
        Ok(items) => stream::iter(items.into_iter().map(Ok)).left_stream(),
        Err(fault) => stream::iter([Err(fault)]).right_stream(),
    });
    let all = stream::iter(named.into_iter().map(Ok)).chain(interactions);
    Ok(all.map(|item| item.map(|item| pb::ExportResponse { item: Some(item) })))
}

/// Every block of every source, mailbox by mailbox.
fn places(tenant: &Tenant) -> VecDeque<Place> {
    let mut mailboxes = tenant.mailboxes.lock();
    let mut places = VecDeque::new();
    for user in mailboxes.users() {
        places.extend(mailboxes.entry(user).blocks().map(|block| Place { user, generation: block.generation, position: block.position }));
    }
    places
}

struct Reading {
    ingestion: Arc<Ingestion>,
    tenant: TenantId,
    people: Arc<[(Address, PersonId)]>,
    places: VecDeque<Place>,
}

impl Reading {
    /// What one block tells of the person, as far as it may be read at this moment; nothing of one that is gone.
    async fn block(&self, place: Place) -> Result<Vec<Item>, Fault> {
        let permit = self.ingestion.consent.permit(&self.tenant)?;
        let people: Vec<_> = self.people.iter().filter(|(address, _)| !permit.is_erased(address)).cloned().collect();
        let source = match place.user {
            CRM => Some((permit.facts_key.clone(), String::new())),
            user => permit.user(user).filter(|user| may_be_read(user) && user.generation == place.generation).and_then(|user| {
                let mailbox = user.address().map(|address| address.as_str().to_owned()).unwrap_or_default();
                Some((user.log_key.clone()?, mailbox))
            }),
        };
        let Some((key, mailbox)) = source.filter(|_| !people.is_empty()) else { return Ok(Vec::new()) };
        let (store, tenant) = (self.ingestion.store.clone(), self.tenant.clone());
        let items = blocking(move || {
            let Some(block) = store.get::<tables::Log>(&place.position)? else { return Ok(Vec::new()) };
            let at = feed::block::log_place(&tenant, place.user, place.generation, place.position);
            let entries = feed::block::open(&key, &at, &block.sealed)?;
            Ok(entries.iter().flat_map(|entry| told(entry, &people, &mailbox)).collect())
        });
        let items = items.await?;
        // What was withdrawn while it was read is not told.
        let still = self.ingestion.consent.permit(&self.tenant)?;
        let stands =
            place.user == CRM || still.user(place.user).is_some_and(|user| may_be_read(user) && user.generation == place.generation);
        Ok(if stands { items } else { Vec::new() })
    }
}

/// An interaction, once for each address of the person that is on it. A stub tells nothing of anybody.
fn told(entry: &pb::Entry, people: &[(Address, PersonId)], mailbox: &str) -> Vec<Item> {
    let on_it = people.iter().filter_map(|(address, person)| {
        let participant = entry.participants.iter().find(|participant| participant.person_id == person.0);
        let is_author = entry.author == person.0;
        (is_author || participant.is_some()).then(|| convert::exported(entry, address, participant.filter(|_| !is_author), mailbox))
    });
    if entry.stub { Vec::new() } else { on_it.map(Item::Interaction).collect() }
}
