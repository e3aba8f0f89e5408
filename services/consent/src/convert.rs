//! The contract's messages into the domain's words and back, side by side. What is wrong with a request ends here.

pub(crate) mod fields;

pub(crate) mod application;
pub(crate) mod consent;
pub(crate) mod directory;
pub(crate) mod tenant;

pub(crate) mod enforcement;
pub(crate) mod stored;

use prost_types::Timestamp as WireTime;
use vocabulary::Timestamp;

pub(crate) fn time(time: Timestamp) -> WireTime {
    WireTime { seconds: time.seconds(), nanos: time.subsecond_nanos() }
}
