//! What is exported of a person: records without anybody else on them, and figures.

use analytics_domain::Record;
use contracts::analytics::v1 as pb;
use contracts::common::v1::RecordKind;
use vocabulary::{Address, Fault, PersonId, TenantId, Timestamp};

use super::{record_message, timestamp};

/// Whose export.
pub struct Exporting {
    /// The tenant.
    pub tenant: TenantId,
    /// Every address of the person.
    pub addresses: Vec<Address>,
    /// Their ids.
    pub people: Vec<PersonId>,
}

/// Whose export is asked for.
///
/// # Errors
/// INVALID_FIELDS.
pub fn exporting(request: &pb::ExportRequest) -> Result<Exporting, Fault> {
    let tenant = TenantId::parse(&request.tenant_id).map_err(|error| Fault::invalid_field("tenant_id", error.to_string()))?;
    let address = |(at, text): (usize, &String)| {
        Address::parse(text).map_err(|error| Fault::invalid_field(format!("addresses[{at}]"), error.to_string()))
    };
    let addresses = request.addresses.iter().enumerate().map(address).collect::<Result<_, _>>()?;
    Ok(Exporting { tenant, addresses, people: request.person_ids.iter().copied().map(PersonId).collect() })
}

/// A record that names the person. What it says of others is left out: their addresses, and their names where the record is about them.
pub fn exported(record: &Record, theirs: &[Address]) -> pb::ExportedRecord {
    let is_theirs = |text: &String| theirs.iter().any(|address| address.as_str() == text);
    let mut told = record_message(record);
    let kind = told.r#ref.as_ref().map_or(RecordKind::Unspecified, contracts::common::v1::RecordRef::kind);
    let is_person = matches!(kind, RecordKind::Contact | RecordKind::Lead);
    if is_person && !told.addresses.iter().any(is_theirs) {
        (told.name, told.job_title) = Default::default();
    }
    // The addresses of a contact or lead are one person's.
    if !(is_person && told.addresses.iter().any(is_theirs)) {
        told.addresses.retain(is_theirs);
        told.contact_ids.clear();
        told.primary_contact_id.clear();
    }
    told.team.retain(is_theirs);
    told.stakeholders.retain(|stakeholder| is_theirs(&stakeholder.address));
    if !is_theirs(&told.owner) {
        told.owner.clear();
    }
    pb::ExportedRecord { record: Some(told) }
}

/// How much the timelines hold.
pub fn exported_timeline(interactions: usize, first: Timestamp, last: Timestamp) -> pb::ExportedTimeline {
    pb::ExportedTimeline {
        interactions: i64::try_from(interactions).unwrap_or(i64::MAX),
        first_time: Some(timestamp(first)),
        last_time: Some(timestamp(last)),
    }
}

#[cfg(test)]
mod tests {
    use analytics_domain::{Known, Party, Stakeholder};
    use vocabulary::entry::{RecordKind as Kind, RecordRef};

    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn known(text: &str) -> Known {
        Known { address: address(text), person: PersonId(1) }
    }

    #[test]
    fn of_a_record_only_what_concerns_the_person_is_told() {
        let reference = |kind| RecordRef { kind, id: "r".into() };
        let person = [address("eve@x.example"), address("eve@home.example")];
        let stakeholder = |text| Stakeholder { party: Party::Address(known(text)), role: "sponsor".into() };
        let record = |kind, own: &str| Record {
            name: "A name".into(),
            job_title: "Head of Post".into(),
            owner: Some(address("ada@ours.example")),
            team: vec![address("ada@ours.example"), address("ben@ours.example")],
            addresses: vec![known(own), known("eve@private.example")],
            stakeholders: vec![stakeholder("eve@home.example"), stakeholder("dan@x.example")],
            ..Record::named(reference(kind))
        };
        let told = |kind, own| exported(&record(kind, own), &person).record.unwrap();
        let own = told(Kind::Contact, "eve@x.example");
        assert_eq!((own.name.as_str(), own.addresses.len(), own.owner.as_str(), own.team.len()), ("A name", 2, "", 0));
        let others = told(Kind::Lead, "dan@x.example");
        assert_eq!((others.name.as_str(), others.job_title.as_str(), others.addresses.len(), others.stakeholders.len()), ("", "", 0, 1));
        assert_eq!(others.stakeholders[0].address, "eve@home.example");
        let deal = told(Kind::Opportunity, "dan@x.example");
        assert_eq!((deal.name.as_str(), deal.addresses.len(), deal.stakeholders.len()), ("A name", 0, 1));
        let owner = exported(&record(Kind::Opportunity, "dan@x.example"), &[address("ada@ours.example")]).record.unwrap();
        assert_eq!(
            (owner.owner.as_str(), owner.team.as_slice(), owner.stakeholders.len()),
            ("ada@ours.example", &["ada@ours.example".to_owned()][..], 0)
        );
    }
}
