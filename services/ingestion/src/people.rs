//! Ids for addresses and addresses for ids, for the services that name people.

use std::sync::Arc;

use consent_client::Permit;
use contracts::ingestion::v1 as pb;
use vocabulary::{Address, Fault, PersonId, TenantId};

use crate::append::Written;
use crate::dictionary::{Dictionary, Minting};
use crate::service::Ingestion;
use crate::tables;

/// Nobody has this id.
const NOBODY: PersonId = PersonId(0);

/// What is asked of the dictionary.
#[derive(Debug)]
pub struct Question {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose ids are wanted; `None` for what is no address and so has no id.
    pub addresses: Vec<Option<Address>>,
    /// Whether unknown addresses get an id.
    pub mint: bool,
    /// Whose addresses are wanted.
    pub ids: Vec<PersonId>,
}

/// Answers from memory what is durable there, and goes through the committer for the rest.
///
/// # Errors
/// Those of [`Ingestion::admit`], and of the store.
pub async fn resolve(ingestion: &Arc<Ingestion>, question: Question) -> Result<pb::ResolvePeopleResponse, Fault> {
    let (permit, tenant) = ingestion.admit(&question.tenant).await?;
    let question = without_erased(question, &permit);
    drop(permit);
    {
        let names = tenant.opened()?.names.read();
        let ids: Vec<_> = question.addresses.iter().map(|address| names.durable_id(address.as_ref()?)).collect();
        let settled = question.addresses.iter().zip(&ids).all(|(address, id)| match (address, id) {
            (None, _) | (_, Some(_)) => true,
            (Some(address), None) => !question.mint && names.id(address).is_none(),
        });
        if settled {
            return Ok(response(ids, &question.ids, &names));
        }
    }
    let (consent, held) = (ingestion.consent.clone(), Arc::clone(&tenant));
    let change = move |changes: &mut store::Changes<'_>| {
        let permit = consent.permit(&tenant.id)?;
        let opened = tenant.opened()?;
        // Whoever was erased since the question was asked gets no id either.
        let question = without_erased(question, &permit);
        let mut tally = changes.get::<tables::Tally>(&tenant.id)?.unwrap_or_default();
        let mut minting = Minting::over(&opened.names);
        let mut id_of = |address: &Address| if question.mint { Some(minting.id(address)) } else { minting.known(address) };
        let ids = question.addresses.iter().map(|address| id_of(address.as_ref()?)).collect();
        let minted = minting.write(changes, &tenant.id, &permit.names_key, &mut tally)?;
        if !minted.is_empty() {
            changes.put::<tables::Tally>(&tenant.id, &tally)?;
        }
        let written = minted.iter().map(|(id, _)| *id).collect();
        let mut names = opened.names.write();
        names.extend(minted);
        Ok(Written { answer: response(ids, &question.ids, &names), position: None, minted: written })
    };
    ingestion.commit(held, change).await.await
}

/// The question, in which nobody who is erased has an address or an id.
fn without_erased(mut question: Question, permit: &Permit) -> Question {
    for address in &mut question.addresses {
        *address = address.take().filter(|address| !permit.is_erased(address));
    }
    for id in question.ids.iter_mut().filter(|id| permit.erased.people.contains(id)) {
        *id = NOBODY;
    }
    question
}

fn response(ids: Vec<Option<PersonId>>, wanted: &[PersonId], names: &Dictionary) -> pb::ResolvePeopleResponse {
    let address = |id: &PersonId| names.address(*id).map_or_else(String::new, |address| address.as_str().to_owned());
    pb::ResolvePeopleResponse {
        person_ids: ids.into_iter().map(|id| id.map_or(0, |id| id.0)).collect(),
        addresses: wanted.iter().map(address).collect(),
    }
}
