//! A generated company: directory, CRM records and a year of mail, meetings and calls, the same for the same seed to the byte.
//! For the demo, tests and measurements. No clock, no I/O, and nothing that was ever anybody's.

mod company;
mod directory;
mod record;
mod spec;
mod stories;
mod stream;

mod background;
mod cast;
mod chronicle;
mod correspondence;
mod dice;
mod meeting;
mod names;
mod noise;
mod office;
mod post;
mod relationship;

pub use company::{Batch, Company, Mailbox, RUN, Tenant};
pub use directory::{User, UserKind};
pub use record::{Record, RecordState, Stakeholder};
pub use spec::{DEMO_NOW, SIX_WEEKS_BEFORE, Spec};
pub use stories::{Deal, KnownLead, Person, SingleThread, Stories, TrackedMail};
pub use stream::Stream;

#[cfg(test)]
mod tests;
