//! The people behind addresses, as ingestion names them. Asked for when a record is written, so that reading needs no other service.

use std::collections::{BTreeSet, HashMap};

use contracts::ingestion::v1::ResolvePeopleRequest;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use runtime::{Context, Link, Onward, fault_of, sized};
use vocabulary::{Address, Fault, PersonId, TenantId};

const AT_ONCE: usize = 5_000;

/// A client of the service that names people.
#[derive(Clone, Debug)]
pub struct People(FeedServiceClient<Link>);

impl People {
    /// Over the link of `context`.
    pub fn new(context: &Context) -> Self {
        Self(sized!(FeedServiceClient::new(context.link("ingestion")), context.config.limits.internal()))
    }

    /// The person of every address; who had none gets one, so that the id is there before mail arrives. Whoever is erased has none and
    /// is left out.
    ///
    /// # Errors
    /// What ingestion answers.
    pub async fn resolve(
        &self,
        tenant: &TenantId,
        addresses: BTreeSet<Address>,
        onward: &Onward,
    ) -> Result<HashMap<Address, PersonId>, Fault> {
        let addresses: Vec<Address> = addresses.into_iter().collect();
        let mut people = HashMap::with_capacity(addresses.len());
        for part in addresses.chunks(AT_ONCE) {
            let request = ResolvePeopleRequest {
                tenant_id: tenant.as_str().to_owned(),
                addresses: part.iter().map(|address| address.as_str().to_owned()).collect(),
                mint: true,
                person_ids: Vec::new(),
            };
            let answer = self.0.clone().resolve_people(onward.as_service().request(request)).await.map_err(|status| fault_of(&status))?;
            let ids = answer.into_inner().person_ids;
            if ids.len() != part.len() {
                return Err(Fault::internal("ingestion named fewer people than it was asked for"));
            }
            let named = part.iter().cloned().zip(ids.into_iter().map(PersonId));
            people.extend(named.filter(|(_, person)| person.0 != 0));
        }
        Ok(people)
    }
}
