//! An overview of its parts. A part that is down, or that the caller may not see, is named; a request that is wrong fails as a whole. Pure.

use contracts::analytics::v1::GetRelationshipResponse;
use contracts::consent::v1::GetConsentResponse;
use contracts::gateway::v1 as pb;
use contracts::gateway::v1::OverviewPart;
use contracts::graph::v1::ListIntroducersResponse;
use vocabulary::{Fault, Kind, Revision};

use crate::convert;

/// What the parts answered.
pub struct Parts {
    pub relationship: Result<GetRelationshipResponse, Fault>,
    pub introducers: Result<ListIntroducersResponse, Fault>,
    pub consent: Result<GetConsentResponse, Fault>,
}

/// Puts the parts together.
///
/// # Errors
/// What a part says of the request itself: it holds for the whole. When every part is down, what the first says.
pub fn overview(parts: Parts) -> Result<pb::GetOverviewResponse, Fault> {
    let mut missing = Missing::default();
    let relationship = missing.take(OverviewPart::Relationship, parts.relationship)?;
    let introducers = missing.take(OverviewPart::Introducers, parts.introducers)?;
    let consent = missing.take(OverviewPart::Consent, parts.consent)?;
    if relationship.is_none() && introducers.is_none() && consent.is_none() {
        return Err(missing.first.unwrap_or_else(|| Fault::internal("an overview without parts")));
    }
    let revisions = [
        relationship.as_ref().map(|part| &part.revision),
        introducers.as_ref().map(|part| &part.revision),
        consent.as_ref().map(|part| &part.revision),
    ];
    let mut revision = Revision::default();
    for part in revisions.into_iter().flatten() {
        revision = revision.join(&Revision::parse(part)?);
    }
    Ok(pb::GetOverviewResponse {
        relationship: relationship.and_then(|part| part.relationship),
        introducers: introducers.map(|part| part.introducers).unwrap_or_default(),
        consent: consent.and_then(|part| part.consent),
        unavailable: missing.parts,
        revision: revision.to_string(),
    })
}

/// The parts that are down.
#[derive(Default)]
struct Missing {
    parts: Vec<pb::UnavailablePart>,
    first: Option<Fault>,
}

impl Missing {
    fn take<T>(&mut self, part: OverviewPart, answered: Result<T, Fault>) -> Result<Option<T>, Fault> {
        let fault = match answered {
            Ok(answer) => return Ok(Some(answer)),
            Err(fault) => fault,
        };
        match fault.kind {
            Kind::Unavailable | Kind::DeadlineExceeded | Kind::Internal | Kind::ResourceExhausted | Kind::PermissionDenied => {}
            Kind::InvalidArgument
            | Kind::NotFound
            | Kind::AlreadyExists
            | Kind::FailedPrecondition
            | Kind::Aborted
            | Kind::Unauthenticated => return Err(fault),
        }
        self.parts.push(pb::UnavailablePart {
            part: part.into(),
            reason: convert::reason(fault.reason).into(),
            message: fault.message.clone(),
        });
        self.first.get_or_insert(fault);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use contracts::common::v1::ErrorReason;
    use vocabulary::Reason;
    use vocabulary::revision::Part;

    use super::*;

    fn down() -> Fault {
        Fault::unavailable(Reason::DependencyUnavailable, "down", Duration::from_millis(1))
    }

    fn parts() -> Parts {
        let revision = |part| Revision::of(part, 1, 5).to_string();
        Parts {
            relationship: Ok(GetRelationshipResponse { revision: revision(Part::Log), ..Default::default() }),
            introducers: Ok(ListIntroducersResponse { revision: revision(Part::Consent), ..Default::default() }),
            consent: Ok(GetConsentResponse { revision: Revision::of(Part::Consent, 1, 9).to_string(), ..Default::default() }),
        }
    }

    #[test]
    fn a_part_that_is_down_is_named_and_the_rest_is_answered() {
        let overview = overview(Parts { introducers: Err(down()), ..parts() }).unwrap();
        assert_eq!(overview.unavailable.len(), 1);
        assert_eq!(overview.unavailable[0].part(), OverviewPart::Introducers);
        assert_eq!(overview.unavailable[0].reason(), ErrorReason::DependencyUnavailable);
    }

    #[test]
    fn the_revision_is_the_parts_together() {
        let overview = overview(parts()).unwrap();
        let expected = Revision::of(Part::Consent, 1, 9).with(Part::Log, 1, 5);
        assert_eq!(overview.revision, expected.to_string());
    }

    #[test]
    fn a_wrong_request_fails_as_a_whole() {
        let unknown = Fault::not_found(Reason::RecordNotFound, "no such record");
        assert_eq!(overview(Parts { relationship: Err(unknown.clone()), ..parts() }), Err(unknown));
    }

    #[test]
    fn without_any_part_the_call_fails() {
        let none = Parts { relationship: Err(down()), introducers: Err(down()), consent: Err(down()) };
        assert_eq!(overview(none), Err(down()));
    }
}
