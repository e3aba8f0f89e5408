//! Serving: what an area brings, where it listens, how connections are accepted, and how all of it ends.

mod accept;
mod area;
mod face;
mod listeners;
mod reflection;
mod run;
mod signal;

pub use area::Area;
pub use listeners::{Listeners, ServeError};
pub use run::serve;
pub use signal::shutdown_signal;

#[cfg(test)]
pub(crate) mod tests;
