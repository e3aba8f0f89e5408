//! The words every crate may use: instants, ids, addresses, the clock, versions and the one error type.
//! No rule of the product lives here, and no I/O apart from the system clock.

pub mod address;
pub mod clock;
pub mod entry;
pub mod etag;
pub mod fault;
pub mod id;
pub mod revision;
pub mod subject;
pub mod time;

pub use address::{Address, AddressError};
pub use clock::{Clock, FrozenClock, ManualClock, SystemClock};
pub use entry::{Entry, Identity};
pub use etag::{Etag, EtagError, Stale};
pub use fault::{Fault, Kind, Reason, Violation};
pub use id::{IdError, PersonId, RequestId, TenantId, UserId};
pub use revision::Revision;
pub use subject::Subject;
pub use time::{Day, Timestamp};
