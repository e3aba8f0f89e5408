//! Erasures as clients see them: numbers and times, nobody's name.

use contracts::consent::v1 as pb;
use prost_types::Timestamp as WireTime;
use sealing::{Key, KeyedHash};
use vocabulary::{Address, Fault, TenantId, Timestamp};

use super::fields::Fields;
use super::{instant, time};

/// How long an application has (Rapport rule).
const DUE_HOURS: i64 = 24;
const ADDRESSES: std::ops::RangeInclusive<usize> = 1..=64;

/// A user to be erased.
pub(crate) fn user(request: &pb::EraseUserRequest) -> Result<(TenantId, Address), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let user = fields.address("user", &request.user);
    fields.done(tenant.zip(user))
}

/// A person to be erased.
pub(crate) fn person(request: &pb::ErasePersonRequest) -> Result<(TenantId, Vec<Address>), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    if !ADDRESSES.contains(&request.addresses.len()) {
        fields.wrong("addresses", "must be 1 to 64 addresses");
        return fields.done(None);
    }
    let addresses = request.addresses.iter().enumerate();
    let addresses: Option<Vec<_>> = addresses.map(|(at, text)| fields.address(format!("addresses[{at}]"), text)).collect();
    fields.done(tenant.zip(addresses))
}

/// By which erased addresses are known again.
pub(crate) fn hashes(lookup: &Key, addresses: &[Address]) -> Vec<u128> {
    let hash = KeyedHash::of_erased(lookup);
    addresses.iter().map(|address| hash.hash128(address.as_str().as_bytes())).collect()
}

/// An erasure as it stands, and which of the stores that take part have not reported.
pub(crate) fn erasure(number: u64, row: &pb::StoredErasure, stores: &[(u64, pb::StoredStore)], now: Timestamp) -> pb::Erasure {
    let said = row.reports.iter().map(|report| pb::StoreReport {
        store_id: store_id(report.store_id),
        kind: report.kind,
        rows: report.rows as i64,
        report_time: at(report.report_micros),
    });
    let waited = stores.iter().filter(|(id, _)| row.finish_micros == 0 && !row.reports.iter().any(|report| report.store_id == *id));
    let waited = waited.map(|(id, store)| pb::StoreReport { store_id: store_id(*id), kind: store.kind, rows: 0, report_time: None });
    let due = due(row);
    let notice = |notice: &pb::StoredErasureNotice| pb::ErasureNotice {
        application_id: notice.application_id.clone(),
        due_time: Some(time(due)),
        acknowledge_time: at(notice.acknowledge_micros),
        overdue: notice.acknowledge_micros == 0 && due < now,
    };
    pb::Erasure {
        number,
        kind: row.kind,
        position: row.position,
        create_time: at(row.create_micros),
        mailboxes: row.mailboxes as i64,
        addresses: (row.addresses.len() / 16) as i64,
        stores: said.chain(waited).collect(),
        finish_time: at(row.finish_micros),
        notices: row.notices.iter().map(notice).collect(),
        names_generation: row.names_generation,
        ledger_size: row.ledger_size as i64,
    }
}

/// Until when applications must have erased their own copies.
pub(crate) fn due(row: &pb::StoredErasure) -> Timestamp {
    Timestamp::from_micros(row.create_micros + DUE_HOURS * 3_600 * 1_000_000)
}

/// A store's id as people read it.
pub(crate) fn store_id(id: u64) -> String {
    format!("{id:016x}")
}

/// The store that a text of 16 hexadecimal digits names.
pub(crate) fn parse_store_id(text: &str) -> Result<u64, Fault> {
    let digits = Some(text).filter(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let id = digits.and_then(|text| u64::from_str_radix(text, 16).ok());
    id.ok_or_else(|| Fault::invalid_field("store_id", "must be 16 hexadecimal digits"))
}

fn at(micros: i64) -> Option<WireTime> {
    instant(micros).map(time)
}
