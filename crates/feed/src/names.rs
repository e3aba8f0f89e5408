//! Which people ours are: the person ids of the directory's addresses, asked of ingestion, one request at a time beside everything else.

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use consent_client::{Permit, UserKind, UserMirror};
use contracts::ingestion::v1 as pb;
use runtime::{Onward, fault_of};
use vocabulary::{Address, Fault, PersonId, TenantId};

use crate::Fold;
use crate::follower::Follower;
use crate::settle::decided_at;
use crate::source::RETRY;
use crate::view::Ours;

const ADDRESSES_AT_ONCE: usize = 2_000;
/// How long ingestion may take to name people.
const NAMING: Duration = Duration::from_secs(10);

/// What is known, and who is to be asked for.
#[derive(Default)]
pub(crate) struct Names {
    people: HashMap<TenantId, HashMap<Address, PersonId>>,
    /// Tenants with addresses whose ids are not known, next first.
    unnamed: VecDeque<TenantId>,
    asking: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    pause: Duration,
}

/// What ingestion answered.
pub(crate) struct Answer {
    tenant: TenantId,
    addresses: Vec<Address>,
    ids: Result<Vec<u64>, Fault>,
}

impl Names {
    /// The next answer; never, while nothing is asked.
    pub async fn answer(&mut self) -> Answer {
        match &mut self.asking {
            Some(asking) => asking.as_mut().await,
            None => std::future::pending().await,
        }
    }

    pub fn forget(&mut self, tenant: &TenantId) {
        self.people.remove(tenant);
    }

    fn unknown<'a>(&self, permit: &'a Permit) -> HashSet<&'a Address> {
        let people = self.people.get(&permit.tenant);
        let known = |address: &Address| people.is_some_and(|people| people.contains_key(address));
        ours(permit).flat_map(|user| &user.addresses).filter(|address| !known(address)).collect()
    }

    fn enqueue(&mut self, tenant: &TenantId) {
        if !self.unnamed.contains(tenant) {
            self.unnamed.push_back(tenant.clone());
        }
    }
}

impl<F: Fold> Follower<F> {
    /// Tells readers who of the people are ours, once the ids of all are known.
    pub(crate) fn name_ours(&mut self, permit: &Permit) {
        if !self.names.unknown(permit).is_empty() {
            return self.names.enqueue(&permit.tenant);
        }
        let people = self.names.people.entry(permit.tenant.clone()).or_default();
        let addresses: HashSet<&Address> = ours(permit).flat_map(|user| &user.addresses).collect();
        people.retain(|address, _| addresses.contains(address));
        let mut learned = Ours::default();
        for user in ours(permit) {
            let ids = user.addresses.iter().filter_map(|address| Some((address, *people.get(address)?))).filter(|(_, id)| id.0 != 0);
            let mut persons = Vec::new();
            for (address, person) in ids {
                // Of two who claim an address the directory says whose it is; both keep what their own mailboxes tell of it.
                if permit.user_at(address).is_none_or(|owner| owner.id == user.id) {
                    learned.user_of.insert(person, user.id);
                }
                persons.push(person);
            }
            persons.sort_unstable();
            learned.persons_of.insert(user.id, persons);
        }
        *self.shared.tenant(&permit.tenant).ours.write() = Arc::new(learned);
        self.standings.entry(permit.tenant.clone()).or_default().named = Some(decided_at(permit));
        self.answer_for(&permit.tenant);
    }

    /// Asks for the next people, if nobody is being asked for.
    pub(crate) fn ask_names(&mut self) -> Result<(), Fault> {
        while self.names.asking.is_none() {
            let Some(tenant) = self.names.unnamed.front() else { break };
            let permit = self.permit(tenant)?;
            let Some(tenant) = self.names.unnamed.pop_front() else { break };
            // What is not settled yet comes here again when it is.
            let Some(permit) = permit.filter(|permit| self.is_open_as(permit)) else { continue };
            let addresses: Vec<Address> = self.names.unknown(&permit).into_iter().take(ADDRESSES_AT_ONCE).cloned().collect();
            if addresses.is_empty() {
                self.name_ours(&permit);
                continue;
            }
            let (mut client, pause) = (self.client.clone(), self.names.pause);
            self.names.asking = Some(Box::pin(async move {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                let request = pb::ResolvePeopleRequest {
                    tenant_id: tenant.as_str().to_owned(),
                    addresses: addresses.iter().map(|address| address.as_str().to_owned()).collect(),
                    mint: true,
                    person_ids: Vec::new(),
                };
                let answer = client.resolve_people(Onward::service().within(NAMING).request(request)).await;
                let ids = answer.map(|answer| answer.into_inner().person_ids).map_err(|status| fault_of(&status));
                Answer { tenant, addresses, ids }
            }));
        }
        Ok(())
    }

    /// Takes in what ingestion answered. Whoever could not be named is asked for again after all others.
    pub(crate) fn learn(&mut self, Answer { tenant, addresses, ids }: Answer) -> Result<(), Fault> {
        (self.names.asking, self.names.pause) = (None, RETRY);
        self.names.enqueue(&tenant);
        let ids = ids?;
        if ids.len() != addresses.len() {
            return Err(Fault::internal("ingestion named some of the people it was asked for"));
        }
        self.names.pause = Duration::ZERO;
        if self.standings.contains_key(&tenant) {
            self.names.people.entry(tenant).or_default().extend(addresses.into_iter().zip(ids.into_iter().map(PersonId)));
        }
        Ok(())
    }
}

/// Who is ours by the directory, departed or not.
fn ours(permit: &Permit) -> impl Iterator<Item = &UserMirror> {
    permit.users.values().map(AsRef::as_ref).filter(|user| matches!(user.kind, UserKind::Person | UserKind::Shared))
}
