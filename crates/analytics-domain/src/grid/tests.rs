//! What comes first.

use std::sync::Arc;

use measures::health::Trend;

use super::{Place, in_grid};
use crate::health::State as HealthState;
use crate::record::{Record, State};
use crate::relationship::Relationship;
use crate::testing::{asked, contact, days_ago, fold, opportunity, readable, records, relationships, user_address};

fn relationship(id: &str, revenue_minor: i64) -> Relationship {
    let all = relationships(&fold(&[]), &readable(), asked());
    let plain = all.into_iter().find(|relationship| relationship.record.reference == opportunity()).unwrap();
    let record = Record { revenue_minor, reference: crate::testing::reference(opportunity().kind, id), ..(*plain.record).clone() };
    Relationship { record: Arc::new(record), ..plain }
}

#[test]
fn attention_comes_first_then_revenue_then_id() {
    let (mut poor, mut declining, mut waiting) = (relationship("poor", 1), relationship("declining", 3), relationship("waiting", 2));
    poor.health.state = Some(HealthState::Poor);
    declining.health.trend = Trend::Declining;
    waiting.kpis.awaiting_us_since = Some(days_ago(2));
    let calm = [relationship("b", 9), relationship("a", 9), relationship("rich", 10)];
    let mut all: Vec<Relationship> = [poor, declining, waiting].into_iter().chain(calm).collect();
    all.sort_by_key(Place::of);
    let ids: Vec<&str> = all.iter().map(|relationship| &*relationship.record.reference.id).collect();
    assert_eq!(ids, ["declining", "waiting", "poor", "rich", "a", "b"]);
}

#[test]
fn a_grid_is_of_one_state_and_owner() {
    let records = records();
    let (deal, contact) = (records.get(&opportunity()).unwrap(), records.get(&contact()).unwrap());
    let (one, two) = (user_address(1), user_address(2));
    for (what, record, state, owner, expected) in [
        ("all", deal, None, None, true),
        ("open", deal, Some(State::Open), None, true),
        ("won", deal, Some(State::Won), None, false),
        ("the owner's", deal, None, Some(&one), true),
        ("somebody's on the team", deal, None, Some(&two), false),
        ("a contact is in no state", contact, Some(State::Won), None, true),
        ("a contact without an owner", contact, None, Some(&one), false),
    ] {
        assert_eq!(in_grid(record, state, owner), expected, "{what}");
    }
}
