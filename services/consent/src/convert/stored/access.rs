//! A part of a day's reads into a row and back. Ids only: sealed under a key that is never replaced, so that a replacement of `names`
//! leaves them as they are.

use consent_domain::access::{Asker, Part, Read, Times};
use contracts::consent::v1 as pb;
use pb::kept_read::{Caller, Subject as Kept};
use sealing::{Context, Key, KeyedHash};
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Fault, Subject, TenantId, Timestamp, UserId};

use super::damaged;
use crate::tables::{Accesses, DayNumber};

/// Into how many buckets the reads of a day are spread, by whom they are about.
pub(crate) const BUCKETS: u8 = 32;

/// Where a part lies.
pub(crate) type PartKey = <Accesses as store::Table>::Key;

/// The key under which parts are sealed.
pub(crate) fn access_key(lookup: &Key) -> Key {
    lookup.derive("rapport consent access v1")
}

/// The bucket of whatever is read about a subject: by the lookup key, so that the key of a row tells nothing about the subject.
pub(crate) fn bucket(lookup: &Key, subject: &Subject) -> u8 {
    let read = Read { subject: subject.clone(), asker: Asker::Operator, method: Box::default() };
    let hash = KeyedHash::new(lookup, "rapport consent access bucket v1").hash64(&prost::Message::encode_to_vec(&kept(&read, 0)));
    (hash % u64::from(BUCKETS)) as u8
}

/// The row of a part.
pub(crate) fn access_row(key: &Key, at: &PartKey, part: &Part) -> pb::StoredAccess {
    pb::StoredAccess { sealed_part: super::sealed(key, &place(at), &part_message(part)) }
}

/// What a row holds.
///
/// # Errors
/// STORE_FAILED when it is not what was written.
pub(crate) fn access_part(key: &Key, at: &PartKey, row: &pb::StoredAccess) -> Result<Part, Fault> {
    let opened = sealing::open(key, &place(at), &row.sealed_part)?;
    let message = <pb::AccessPart as prost::Message>::decode(opened.as_slice()).map_err(|_| damaged("what was read"))?;
    part_of(message).ok_or_else(|| damaged("what was read"))
}

/// A part as a message.
pub(crate) fn part_message(part: &Part) -> pb::AccessPart {
    let mut message = pb::AccessPart::default();
    for (read, times) in part {
        let known = message.methods.iter().position(|method| **method == *read.method);
        let place = known.unwrap_or_else(|| {
            message.methods.push(read.method.to_string());
            message.methods.len() - 1
        });
        let kept = kept(read, place as u32);
        message.reads.push(pb::KeptRead { count: times.count, last_micros: times.last.micros(), ..kept });
    }
    message
}

/// What a message holds; nothing when it is no part.
pub(crate) fn part_of(message: pb::AccessPart) -> Option<Part> {
    let pb::AccessPart { methods, reads } = message;
    let read = |kept: pb::KeptRead| {
        let method = methods.get(kept.method as usize)?.as_str().into();
        let times = Times { count: kept.count, last: Timestamp::from_micros(kept.last_micros) };
        Some((Read { subject: subject(kept.subject?)?, asker: asker(kept.caller?)?, method }, times))
    };
    reads.into_iter().map(read).collect()
}

fn kept(read: &Read, method: u32) -> pb::KeptRead {
    let caller = match read.asker {
        Asker::Operator => Caller::Operator(true),
        Asker::Service => Caller::Service(true),
        Asker::User(user) => Caller::CallerId(user.0),
        Asker::Unlisted(hash) => Caller::CallerHash(hash.to_le_bytes().to_vec()),
    };
    let subject = match &read.subject {
        Subject::User(user) => Kept::UserId(user.0),
        Subject::Person(hash) => Kept::Person(hash.to_le_bytes().to_vec()),
        Subject::Record(RecordRef { kind: RecordKind::Contact, id }) => Kept::Contact(id.to_string()),
        Subject::Record(RecordRef { kind: RecordKind::Account, id }) => Kept::Account(id.to_string()),
        Subject::Record(RecordRef { kind: RecordKind::Lead, id }) => Kept::Lead(id.to_string()),
        Subject::Record(RecordRef { kind: RecordKind::Opportunity, id }) => Kept::Opportunity(id.to_string()),
        Subject::Everybody => Kept::Everybody(true),
    };
    pb::KeptRead { caller: Some(caller), method, subject: Some(subject), count: 0, last_micros: 0 }
}

fn subject(kept: Kept) -> Option<Subject> {
    let record = |kind, id: String| Subject::Record(RecordRef { kind, id: id.into() });
    Some(match kept {
        Kept::UserId(user) => Subject::User(UserId(user)),
        Kept::Person(bytes) => Subject::Person(u128::from_le_bytes(bytes.try_into().ok()?)),
        Kept::Contact(id) => record(RecordKind::Contact, id),
        Kept::Account(id) => record(RecordKind::Account, id),
        Kept::Lead(id) => record(RecordKind::Lead, id),
        Kept::Opportunity(id) => record(RecordKind::Opportunity, id),
        Kept::Everybody(_) => Subject::Everybody,
    })
}

fn asker(kept: Caller) -> Option<Asker> {
    Some(match kept {
        Caller::Operator(_) => Asker::Operator,
        Caller::Service(_) => Asker::Service,
        Caller::CallerId(user) => Asker::User(UserId(user)),
        Caller::CallerHash(bytes) => Asker::Unlisted(u128::from_le_bytes(bytes.try_into().ok()?)),
    })
}

fn place((tenant, day, bucket, part): &(TenantId, DayNumber, u8, u32)) -> Context {
    Context::new("consent.access").tenant(tenant).number((*day).into()).number((*bucket).into()).number((*part).into())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn read(subject: Subject, asker: Asker, method: &str) -> (Read, Times) {
        (Read { subject, asker, method: method.into() }, Times { count: 7, last: Timestamp::from_seconds(9) })
    }

    #[test]
    fn a_part_is_read_back_and_only_in_its_place() {
        let record = |kind| Subject::Record(RecordRef { kind, id: "r-1".into() });
        let part = vec![
            read(Subject::User(UserId(1)), Asker::User(UserId(2)), "a"),
            read(Subject::Person(3), Asker::Unlisted(4), "b"),
            read(Subject::Everybody, Asker::Operator, "a"),
            read(record(RecordKind::Contact), Asker::Service, "b"),
            read(record(RecordKind::Account), Asker::Service, "b"),
            read(record(RecordKind::Lead), Asker::Service, "b"),
            read(record(RecordKind::Opportunity), Asker::Service, "c"),
        ];
        let key = access_key(&Key::from_bytes([1; 32]));
        let at = (TenantId::parse("contoso").unwrap(), 20_000, 3, 1);
        let row = access_row(&key, &at, &part);
        assert_eq!(access_part(&key, &at, &row).unwrap(), part);
        assert_eq!(part_message(&part).methods, ["a", "b", "c"]);
        for other in [(at.0.clone(), 20_001, 3, 1), (at.0.clone(), 20_000, 4, 1), (at.0.clone(), 20_000, 3, 0)] {
            access_part(&key, &other, &row).unwrap_err();
        }
        access_part(&Key::from_bytes([1; 32]), &at, &row).unwrap_err();
    }

    #[test]
    fn the_largest_part_fits_a_row() {
        let longest = RecordRef { kind: RecordKind::Opportunity, id: "\u{10ffff}".repeat(128).into() };
        let method = |number: usize| format!("rapport.analytics.v1.AnalyticsService/Method{number}");
        for ids in [true, false] {
            let many = (0..400).map(|number| {
                let subject = if ids { Subject::Person(number as u128 | 1 << 127) } else { Subject::Record(longest.clone()) };
                let (read, _) = read(subject, Asker::Unlisted(number as u128 | 1 << 127), &method(number % 12));
                (read, Times { count: u64::MAX, last: Timestamp::from_micros(i64::MIN) })
            });
            let mut parts = Vec::new();
            consent_domain::access::add(&mut parts, many.collect());
            let at = (TenantId::parse("contoso").unwrap(), 20_000, 3, 1);
            let largest = parts.iter().map(|part| access_row(&Key::random(), &at, part).encoded_len()).max().unwrap();
            assert!((3_500..6_000).contains(&largest), "{largest}");
        }
    }

    #[test]
    fn subjects_are_spread_over_all_buckets() {
        let key = Key::from_bytes([1; 32]);
        let found: std::collections::BTreeSet<_> = (0..1_000).map(|user| bucket(&key, &Subject::User(UserId(user)))).collect();
        assert_eq!(found.len(), usize::from(BUCKETS));
    }
}
