//! Who knows whom: the ties of a tenant, folded from what mailboxes and the CRM tell, and the colleagues who can introduce.
//! Pure: who may be read is told by the caller, and names are looked up elsewhere.

mod copies;
mod held;
mod sighting;
pub mod ties;

pub mod contact;
pub mod introducers;
pub mod readable;
mod words;

pub use contact::{Contact, Kind};
pub use introducers::{Evidence, Introducer, LastContact, Standing};
pub use readable::{Colleague, Readable, Target};
pub use ties::{Ties, Tracked};

#[cfg(test)]
mod tests;
