//! Whom a question is about: the people of its target, and their ids. Only contracts of other services are spoken here.

use consent_client::{Permit, Side};
use contracts::analytics::v1 as records;
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use contracts::common::v1::{RecordKind, RecordRef};
use contracts::ingestion::v1::ResolvePeopleRequest;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use feed::Reader;
use graph_domain::Target;
use runtime::{Link, Onward, fault_of};
use vocabulary::revision::Part;
use vocabulary::{Address, Fault, PersonId, Revision};

use crate::convert::{Question, Whom};
use crate::follow::Folded;
use crate::readable::may_introduce;

/// The addresses of everybody a question is about, one list a person, and the revision the records were read at.
///
/// A person on no record is nobody, unless the tenant shows unrecorded people: the answer is that of an unknown address, so that
/// nobody finds out who writes to a recruiter or a clinic (domain, section 5).
///
/// # Errors
/// NOT_FOUND, RECORD_NOT_FOUND; otherwise what the record service answers.
pub async fn people(
    mut client: RecordServiceClient<Link>,
    onward: &Onward,
    permit: &Permit,
    question: &Question,
) -> Result<(Vec<Vec<Address>>, Revision), Fault> {
    let tenant_id = question.tenant.to_string();
    // Of the demanded revision the record service waits for its own part only.
    let demanded = question.demanded.point(Part::Records);
    let revision = demanded.map(|point| Revision::of(Part::Records, point.incarnation, point.position)).unwrap_or_default().to_string();
    match &question.whom {
        Whom::Address(address) if permit.settings.unrecorded_people_visible => Ok((vec![vec![address.clone()]], Revision::default())),
        Whom::Address(address) => {
            let request = records::ListRecordsRequest {
                tenant_id,
                address: address.as_str().to_owned(),
                page_size: 1,
                revision,
                ..Default::default()
            };
            let found =
                client.list_records(onward.clone().as_part().request(request)).await.map_err(|status| fault_of(&status))?.into_inner();
            let recorded = (!found.records.is_empty()).then(|| vec![address.clone()]);
            Ok((recorded.into_iter().collect(), Revision::parse(&found.revision)?))
        }
        Whom::Record(named) => {
            let request = records::GetRecordRequest { tenant_id, r#ref: Some(named.clone()), revision };
            let found =
                client.get_record(onward.clone().as_part().request(request)).await.map_err(|status| fault_of(&status))?.into_inner();
            let revision = Revision::parse(&found.revision)?;
            Ok((people_of(found), revision))
        }
    }
}

/// The people of a record, by their first address. The addresses of a contact or lead are one person's; which of the others belong
/// together nobody tells, so each is a person.
fn people_of(found: records::GetRecordResponse) -> Vec<Vec<Address>> {
    let parsed = |addresses: &[String]| -> Vec<Address> { addresses.iter().filter_map(|text| Address::parse(text).ok()).collect() };
    let own = found.record.filter(|record| {
        let kind = record.r#ref.as_ref().map(RecordRef::kind);
        matches!(kind, Some(RecordKind::Contact | RecordKind::Lead))
    });
    let own = own.map(|record| parsed(&record.addresses)).unwrap_or_default();
    let others = parsed(&found.people).into_iter().filter(|address| !own.contains(address)).map(|address| vec![address]);
    let mut people: Vec<Vec<Address>> = [own.clone()].into_iter().filter(|own| !own.is_empty()).chain(others).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// The people whom anybody may be asked about, with the ids they are known by; each with the address to call them by.
///
/// Left out are people unknown here, lists, rooms, people inside whom the directory does not name, and any of ours whose own gates
/// are not open: a tie between two of ours needs both people's (domain, section 2).
///
/// # Errors
/// What the feed answers.
pub async fn targets(
    mut client: FeedServiceClient<Link>,
    onward: &Onward,
    permit: &Permit,
    reader: &Reader<Folded>,
    people: Vec<Vec<Address>>,
) -> Result<Vec<(Address, Target)>, Fault> {
    let mut named: Vec<(Address, Vec<PersonId>, Vec<Address>)> = Vec::new();
    for addresses in people {
        let Some(first) = addresses.first().cloned() else { continue };
        let inside = addresses.iter().find_map(|address| match permit.side(address) {
            Side::Ours(user) => Some(user),
            Side::InsideUnknown | Side::Guest | Side::List | Side::Room | Side::Outside => None,
        });
        match inside {
            Some(user) => {
                let user = permit.user(user).filter(|user| user.is_open() && may_introduce(user));
                named.extend(user.map(|user| (first, reader.persons_of(user.id).to_vec(), Vec::new())));
            }
            None => {
                let outside = |address: &Address| matches!(permit.side(address), Side::Outside | Side::Guest);
                named.push((first, Vec::new(), addresses.into_iter().filter(outside).collect()));
            }
        }
    }
    let wanted: Vec<String> = named.iter().flat_map(|(_, _, addresses)| addresses).map(|address| address.as_str().to_owned()).collect();
    let mut ids = Vec::new().into_iter();
    if !wanted.is_empty() {
        let request = ResolvePeopleRequest { tenant_id: permit.tenant.to_string(), addresses: wanted, mint: false, person_ids: Vec::new() };
        let answer = client.resolve_people(onward.as_service().request(request)).await.map_err(|status| fault_of(&status))?;
        ids = answer.into_inner().person_ids.into_iter();
    }
    let mut targets = Vec::new();
    for (first, mut persons, addresses) in named {
        persons.extend(ids.by_ref().take(addresses.len()).filter(|id| *id != 0).map(PersonId));
        if !persons.is_empty() {
            targets.push((first, Target { persons }));
        }
    }
    Ok(targets)
}
