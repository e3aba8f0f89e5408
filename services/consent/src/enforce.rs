//! Enforce: the pure machine of `consent_domain::enforcement` driven by streams and a timer.

mod hub;
mod stream;
mod ticking;

pub(crate) use hub::{Change, Hub, Told};
pub(crate) use stream::serve;
pub(crate) use ticking::Ticking;
