//! A person's export as it is asked for, and what is told of one of the tenant's own.

use consent_domain::{Choice, Purpose, User};
use contracts::consent::v1 as pb;
use vocabulary::{Address, Fault, TenantId};

use super::fields::Fields;
use super::purpose_word;

const ADDRESSES: std::ops::RangeInclusive<usize> = 1..=64;

/// Whose export.
pub(crate) fn asked(request: &pb::ExportRequest) -> Result<(TenantId, Vec<Address>), Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    if !ADDRESSES.contains(&request.addresses.len()) {
        fields.wrong("addresses", "must be 1 to 64 addresses");
        return fields.done(None);
    }
    let addresses = request.addresses.iter().enumerate();
    let addresses: Option<Vec<_>> = addresses.map(|(at, text)| fields.address(format!("addresses[{at}]"), text)).collect();
    fields.done(tenant.zip(addresses))
}

/// One of the tenant's own.
pub(crate) fn user(user: &User, entry: pb::User, gates: Vec<pb::UserGate>, group_ids: Vec<String>) -> pb::ExportedUser {
    let chose = |wanted: Choice| {
        let chosen = Purpose::ALL.into_iter().filter(move |purpose| *user.choice.of(*purpose) == wanted);
        chosen.map(|purpose| purpose_word(purpose).into()).collect()
    };
    pb::ExportedUser {
        user: Some(entry),
        gates,
        opted_out: chose(Choice::Out),
        opted_in: chose(Choice::In),
        group_ids,
        user_id: user.id.0,
        generation: user.mailbox.generation,
    }
}
