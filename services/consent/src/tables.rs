//! What the consent service keeps: one table after the other, so that tags are seen side by side. No key holds more than a tenant, a user
//! or a keyed hash.

use contracts::consent::v1 as pb;
use store::Table;
use vocabulary::{TenantId, UserId};

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
