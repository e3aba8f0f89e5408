//! What a strength rests on: the figures shown beside it.

use vocabulary::{Day, Timestamp};

use super::{HalfLife, Streams, Touch};

/// The evidence behind a strength. Counts are of touches, before the day rule; what came at or after the instant is not in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasons {
    /// Touches counted; one that went both ways counts once.
    pub touches: u32,
    /// Touches from the user to the other person.
    pub outbound: u32,
    /// Touches from the other person to the user.
    pub inbound: u32,
    /// Touches with nobody else on them.
    pub one_to_one: u32,
    /// Distinct UTC days with a touch in either direction.
    pub active_days: u32,
    /// The latest UTC day with touches in both directions.
    pub last_two_way_day: Option<Day>,
    /// The latest touch from the user.
    pub last_outbound: Option<Timestamp>,
    /// The latest touch from the other person.
    pub last_inbound: Option<Timestamp>,
    /// The half-life whose term in the strength is largest: whether the tie lives on last week or on past years.
    pub carried_by: Option<HalfLife>,
    /// Whether the score was cut because one direction was never seen.
    pub capped: bool,
}

impl Reasons {
    pub(super) fn of(counted: &[Touch], streams: &Streams, carried_by: Option<HalfLife>, capped: bool) -> Self {
        let count = |wanted: fn(&Touch) -> bool| counted.iter().filter(|touch| wanted(touch)).count() as u32;
        let latest = |wanted: fn(&Touch) -> bool| counted.iter().filter(|touch| wanted(touch)).map(|touch| touch.time).max();
        let two_way = two_way_days(streams);
        Self {
            touches: counted.len() as u32,
            outbound: count(|touch| touch.direction.is_outbound()),
            inbound: count(|touch| touch.direction.is_inbound()),
            one_to_one: count(|touch| touch.one_to_one),
            active_days: (streams.outbound.len() + streams.inbound.len() - two_way.len()) as u32,
            last_two_way_day: two_way.last().copied(),
            last_outbound: latest(|touch| touch.direction.is_outbound()),
            last_inbound: latest(|touch| touch.direction.is_inbound()),
            carried_by,
            capped,
        }
    }

    /// The share of touches with nobody else on them, 0.0..=1.0; none without touches.
    pub fn one_to_one_share(&self) -> Option<f64> {
        (self.touches > 0).then(|| f64::from(self.one_to_one) / f64::from(self.touches))
    }
}

/// The days both streams hold, oldest first. Each stream holds a day at most once and in order, so one walk finds them.
fn two_way_days(streams: &Streams) -> Vec<Day> {
    let mut inbound = streams.inbound.iter().map(|event| event.time.day()).peekable();
    let outbound = streams.outbound.iter().map(|event| event.time.day());
    outbound
        .filter(|day| {
            while inbound.next_if(|other| other < day).is_some() {}
            inbound.peek() == Some(day)
        })
        .collect()
}
