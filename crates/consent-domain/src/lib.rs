//! The rules of consent: gates, what each verb opens and closes, who may hold which key, and consent's half of leases.
//! Pure and total: no I/O, clock, randomness or message; instants, positions and new ids are arguments.

pub mod moment;
pub mod purpose;

pub mod application;
pub mod consent;
pub mod settings;

pub mod group;
pub mod mailbox;
pub mod user;

pub mod directory;
pub mod state;

pub mod gates;
pub mod holding;

pub mod decision;
pub mod erasure;
pub mod event;
pub mod guard;
mod touch;

pub mod erase_person;
pub mod erase_user;
pub mod expire;
pub mod grant;
pub mod opt_group;
pub mod opt_in;
pub mod opt_out;
pub mod recover;
pub mod revoke;
pub mod rotate;
pub mod switch;
pub mod sync;
pub mod sync_groups;
pub mod tenant;

pub mod enforcement;

pub mod access;

pub use application::Application;
pub use consent::{ConsentType, Cover, TenantConsent};
pub use decision::Decision;
pub use directory::Directory;
pub use erasure::{Erased, Erasure, ErasureKind};
pub use event::{About, Event};
pub use gates::{Gate, Gates, Source};
pub use group::{Group, Groups, OptOutMode};
pub use guard::{Allowed, WouldDestroy};
pub use holding::{Holder, Holding, MailboxState, holding};
pub use mailbox::{Interval, KeyName, KeyPart, Mailbox, Phase, Standing};
pub use moment::Moment;
pub use purpose::{PerPurpose, Purpose};
pub use rotate::NamesKey;
pub use settings::{DepartedPolicy, Settings, UnrecordedPeople, UserDefault};
pub use state::State;
pub use user::{Choice, DirectoryEntry, User, UserKind};

#[cfg(test)]
mod testing;
