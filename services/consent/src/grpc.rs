//! Shape in, shape out: one adapter for each service of the contract. No rule, no key, no status code.

mod access;
mod application;
mod consent;
mod directory;
mod enforcement;
mod erasure;
mod events;
mod export;
mod groups;
mod store_registry;
mod tenant;

pub(crate) use access::AccessReports;
pub(crate) use application::Applications;
pub(crate) use consent::Consents;
pub(crate) use directory::Directories;
pub(crate) use enforcement::Enforcement;
pub(crate) use erasure::Erasing;
pub(crate) use export::Exporting;
pub(crate) use store_registry::Registry;
pub(crate) use tenant::Tenants;

use std::sync::Arc;

use consent_domain::{State, User};
use vocabulary::{Address, Fault, Reason};

/// The user who has that address.
///
/// # Errors
/// NOT_FOUND, USER_NOT_FOUND.
fn user_at<'a>(state: &'a State, address: &Address) -> Result<&'a Arc<User>, Fault> {
    let unknown = || Fault::not_found(Reason::UserNotFound, "the directory names nobody of that address");
    state.directory.at_address(address).ok_or_else(unknown)
}
