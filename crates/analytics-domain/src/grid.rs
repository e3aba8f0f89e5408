//! The order of the grid: what needs attention first, then by revenue, then by id (Rapport rule).

use std::cmp::Reverse;

use measures::health::Trend;
use vocabulary::Address;
use vocabulary::entry::RecordKind;

use crate::health::State as HealthState;
use crate::record::{Record, State};
use crate::relationship::Relationship;

/// Where a relationship stands in the grid: the least first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whether it can wait.
    pub can_wait: bool,
    /// Its revenue, the largest first.
    pub revenue_minor: Reverse<i64>,
    /// Its record id.
    pub id: Box<str>,
}

impl Place {
    /// The place of a relationship.
    pub fn of(relationship: &Relationship) -> Self {
        Self {
            can_wait: !needs_attention(relationship),
            revenue_minor: Reverse(relationship.record.revenue_minor),
            id: relationship.record.reference.id.clone(),
        }
    }
}

/// Whether a relationship needs attention: poor, declining, or waiting for us.
pub fn needs_attention(relationship: &Relationship) -> bool {
    let health = &relationship.health;
    health.state == Some(HealthState::Poor) || health.trend == Trend::Declining || relationship.kpis.awaiting_us_since.is_some()
}

/// Whether a record belongs in a grid of this state and owner; contacts and accounts are in no state, so they are in every grid.
pub fn in_grid(record: &Record, state: Option<State>, owner: Option<&Address>) -> bool {
    let has_state = matches!(record.reference.kind, RecordKind::Lead | RecordKind::Opportunity);
    let in_state = !has_state || state.is_none_or(|state| record.state == state);
    in_state && owner.is_none_or(|owner| record.owner.as_ref() == Some(owner))
}

#[cfg(test)]
mod tests;
