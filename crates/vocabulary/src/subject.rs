//! What a read of personal data is about, as it is counted: ids and keyed hashes, so that no count holds a name.

use crate::UserId;
use crate::entry::RecordRef;

/// About whom or what somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One of ours.
    User(UserId),
    /// An outside person, by the keyed hash of the address by which erased addresses are known too (`sealing::KeyedHash::of_erased`).
    Person(u128),
    /// A CRM record.
    Record(RecordRef),
    /// A page of all of a tenant's people.
    Everybody,
}
