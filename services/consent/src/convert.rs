//! The contract's messages into the domain's words and back, side by side. What is wrong with a request ends here.

pub(crate) mod fields;

pub(crate) mod access;
pub(crate) mod application;
pub(crate) mod consent;
pub(crate) mod directory;
pub(crate) mod erasure;
pub(crate) mod event;
pub(crate) mod export;
pub(crate) mod group;
pub(crate) mod tenant;

pub(crate) mod enforcement;
pub(crate) mod stored;

use consent_domain::Purpose;
use contracts::common::v1 as common;
use prost_types::Timestamp as WireTime;
use vocabulary::Timestamp;

pub(crate) fn time(time: Timestamp) -> WireTime {
    WireTime { seconds: time.seconds(), nanos: time.subsecond_nanos() }
}

/// A purpose as a word of the contract.
pub(crate) fn purpose_word(purpose: Purpose) -> common::Purpose {
    match purpose {
        Purpose::RelationshipAnalytics => common::Purpose::RelationshipAnalytics,
        Purpose::ConnectionGraph => common::Purpose::ConnectionGraph,
    }
}

/// An instant at rest: 0 says that there is none.
pub(crate) fn micros(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::micros)
}

/// An instant as it was kept.
pub(crate) fn instant(micros: i64) -> Option<Timestamp> {
    (micros != 0).then(|| Timestamp::from_micros(micros))
}
