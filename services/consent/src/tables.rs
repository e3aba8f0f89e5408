//! What the consent service keeps: one table after the other, so that tags are seen side by side. No key holds more than a tenant, a user
//! or a keyed hash.

use contracts::consent::v1 as pb;
use store::Table;
use vocabulary::{TenantId, UserId};

/// A day, in days since 1970, as a key holds it.
pub(crate) type DayNumber = u32;

/// Where the service stands; one row.
pub(crate) struct Head;

impl Table for Head {
    const TAG: u8 = 1;
    const NAME: &'static str = "head";
    type Key = ();
    type Value = pb::StoredHead;
}

/// The farewell leases that may still be acted on; one row, or none.
pub(crate) struct Farewells;

impl Table for Farewells {
    const TAG: u8 = 6;
    const NAME: &'static str = "farewells";
    type Key = ();
    type Value = pb::StoredFarewell;
}

/// Tenants: settings and consent.
pub(crate) struct Tenants;

impl Table for Tenants {
    const TAG: u8 = 2;
    const NAME: &'static str = "tenants";
    type Key = TenantId;
    type Value = pb::StoredTenant;
}

/// The applications of each tenant, in one row.
pub(crate) struct Applications;

impl Table for Applications {
    const TAG: u8 = 3;
    const NAME: &'static str = "applications";
    type Key = TenantId;
    type Value = pb::StoredApplications;
}

/// Users: directory entry, own choices, mailbox.
pub(crate) struct Users;

impl Table for Users {
    const TAG: u8 = 4;
    const NAME: &'static str = "users";
    type Key = (TenantId, UserId);
    type Value = pb::StoredUser;
}

/// Security groups in parts, by a keyed hash of the directory's id and the part's number. Sealed under `names`.
pub(crate) struct Groups;

impl Table for Groups {
    const TAG: u8 = 10;
    const NAME: &'static str = "groups";
    type Key = (TenantId, u128, u32);
    type Value = pb::StoredGroup;
}

/// The ledger of each tenant, by the event's place in it, from 0.
pub(crate) struct ConsentEvents;

impl Table for ConsentEvents {
    const TAG: u8 = 20;
    const NAME: &'static str = "ledger";
    type Key = (TenantId, u64);
    type Value = pb::StoredConsentEvent;
}

/// Erasures, by number: what was erased and who has said so.
pub(crate) struct Erasures;

impl Table for Erasures {
    const TAG: u8 = 30;
    const NAME: &'static str = "erasures";
    type Key = (TenantId, u64);
    type Value = pb::StoredErasure;
}

/// The ids behind erased addresses, by the number under which they were named.
pub(crate) struct ErasedPeople;

impl Table for ErasedPeople {
    const TAG: u8 = 31;
    const NAME: &'static str = "erased people";
    type Key = (TenantId, u64);
    type Value = pb::StoredErasedPeople;
}

/// The stores that take part in erasures, by their incarnation.
pub(crate) struct Stores;

impl Table for Stores {
    const TAG: u8 = 32;
    const NAME: &'static str = "stores";
    type Key = u64;
    type Value = pb::StoredStore;
}

/// Answers to be given again, by a keyed hash of the request's id.
pub(crate) struct Requests;

impl Table for Requests {
    const TAG: u8 = 5;
    const NAME: &'static str = "requests";
    type Key = (TenantId, u128);
    type Value = pb::StoredRequest;
}

/// What was read: by day, a number of 5 bits made of the subject under a key, and the part's number. Sealed under a key of `lookup`.
pub(crate) struct Accesses;

impl Table for Accesses {
    const TAG: u8 = 40;
    const NAME: &'static str = "accesses";
    type Key = (TenantId, DayNumber, u8, u32);
    type Value = pb::StoredAccess;
}

/// How far the reports of each reporter have come.
pub(crate) struct AccessReporters;

impl Table for AccessReporters {
    const TAG: u8 = 41;
    const NAME: &'static str = "access reporters";
    type Key = u64;
    type Value = pb::StoredAccessReporter;
}

/// Callers whom the directory does not name, by a keyed hash of the address. Sealed under `names`.
pub(crate) struct AccessCallers;

impl Table for AccessCallers {
    const TAG: u8 = 42;
    const NAME: &'static str = "access callers";
    type Key = (TenantId, u128);
    type Value = pb::StoredAccessCaller;
}

/// How many reads of a day are not counted apart.
pub(crate) struct UncountedReads;

impl Table for UncountedReads {
    const TAG: u8 = 43;
    const NAME: &'static str = "uncounted reads";
    type Key = (TenantId, DayNumber);
    type Value = pb::StoredUncountedReads;
}

/// Up to which erasure what was read about the erased is removed.
pub(crate) struct AccessSwept;

impl Table for AccessSwept {
    const TAG: u8 = 44;
    const NAME: &'static str = "access swept";
    type Key = TenantId;
    type Value = pb::StoredAccessSwept;
}
