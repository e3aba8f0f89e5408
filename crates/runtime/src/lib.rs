//! What a process needs before it is about anything, in the order in which a process meets it.
//! No area's rule, message or table is known here.

pub mod config;
pub mod context;
pub mod telemetry;

mod wire;

pub mod access;
pub mod answer;
pub mod authentication;
pub mod caller;
pub mod deadline;
pub mod gate;
pub mod guard;
pub mod limits;
pub mod link;
pub mod onward;
pub mod tally;
mod trace;

pub mod serving;

#[cfg(test)]
mod probe;

pub use access::AccessTable;
pub use answer::{answer, fault_of, status};
pub use authentication::Authenticator;
pub use caller::{Caller, CallerKind, Role};
pub use config::{Config, ConfigError};
pub use context::Context;
pub use deadline::Deadline;
pub use limits::Sizes;
pub use link::Link;
pub use onward::Onward;
pub use serving::{Area, Listeners, ServeError, serve, shutdown_signal};
pub use tally::Tally;
pub use telemetry::{TelemetryError, TelemetryGuard};
