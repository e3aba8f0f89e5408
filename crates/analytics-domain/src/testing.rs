//! A small company with one record of each kind, for the tests of this crate.
//!
//! Users 1 to 3 have open mailboxes, 4 has none, 5 may not be named. Outsiders are p1, p2, ..; p1 and p11 are one contact.

use std::sync::Arc;

use vocabulary::entry::{Answer, Entry, InteractionKind, Origin, Participant, RecordKind, RecordRef, Role, Thread, Version};
use vocabulary::{Address, Identity, PersonId, Timestamp, UserId};

use crate::health::Reading;
use crate::relationship::{self, Asked, Relationship, View};
use crate::timeline::{self, Span, Timeline};
use crate::{Directory, Interactions, Known, Party, Readable, Record, Records, Sides, Stakeholder};

pub(crate) const USERS: u64 = 5;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(1_780_000_000)
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now().plus_days(-days)
}

/// The person of user `n`.
pub(crate) fn us(n: u64) -> PersonId {
    PersonId(1000 + n)
}

/// Outsider `n`.
pub(crate) fn them(n: u64) -> PersonId {
    PersonId(n)
}

pub(crate) fn mailbox(user: u64) -> Origin {
    Origin::Mailbox { user: UserId(user), generation: 1 }
}

pub(crate) fn user_address(n: u64) -> Address {
    Address::parse(&format!("user-{n}@us.example")).unwrap()
}

pub(crate) fn known(n: u64) -> Known {
    Known { address: Address::parse(&format!("p{n}@them.example")).unwrap(), person: them(n) }
}

pub(crate) fn reference(kind: RecordKind, id: &str) -> RecordRef {
    RecordRef { kind, id: id.into() }
}

pub(crate) fn contact() -> RecordRef {
    reference(RecordKind::Contact, "c1")
}

pub(crate) fn account() -> RecordRef {
    reference(RecordKind::Account, "a1")
}

pub(crate) fn opportunity() -> RecordRef {
    reference(RecordKind::Opportunity, "o1")
}

pub(crate) fn lead() -> RecordRef {
    reference(RecordKind::Lead, "l1")
}

/// An interaction that the CRM tells, with nobody but its author on it.
pub(crate) fn entry(kind: InteractionKind, id: u64, author: PersonId) -> Entry {
    Entry {
        identity: Identity(u128::from(id) << 64 | u128::from(id)),
        kind,
        time: days_ago(30),
        author,
        participants: Vec::new(),
        others: 0,
        thread: None,
        parent: None,
        stub: false,
        duration_seconds: 0,
        version: Version::default(),
        cancelled: false,
        regarding: None,
    }
}

pub(crate) fn mail(id: u64, author: PersonId) -> Entry {
    entry(InteractionKind::Email, id, author)
}

pub(crate) fn call(id: u64, author: PersonId) -> Entry {
    Entry { duration_seconds: 600, ..entry(InteractionKind::Call, id, author) }
}

pub(crate) fn meeting(id: u64, organiser: PersonId) -> Entry {
    Entry { duration_seconds: 1800, ..entry(InteractionKind::Meeting, id, organiser) }
}

/// What tests say of an entry, one after the other.
pub(crate) trait Telling {
    fn to(self, person: PersonId) -> Self;
    fn cc(self, person: PersonId) -> Self;
    fn answering(self, person: PersonId, answer: Answer) -> Self;
    fn about(self, record: RecordRef) -> Self;
    fn at(self, time: Timestamp) -> Self;
    fn within(self, thread: u64) -> Self;
}

impl Telling for Entry {
    fn to(mut self, person: PersonId) -> Self {
        self.participants.push(Participant { person, role: Role::To, answer: Answer::None });
        self
    }

    fn cc(mut self, person: PersonId) -> Self {
        self.participants.push(Participant { person, role: Role::Cc, answer: Answer::None });
        self
    }

    fn answering(mut self, person: PersonId, answer: Answer) -> Self {
        self.participants.push(Participant { person, role: Role::To, answer });
        self
    }

    fn about(self, record: RecordRef) -> Self {
        Self { regarding: Some(record), ..self }
    }

    fn at(self, time: Timestamp) -> Self {
        Self { time, ..self }
    }

    fn within(self, thread: u64) -> Self {
        Self { thread: Some(Thread(thread)), ..self }
    }
}

/// Who has which address, by domain.
pub(crate) struct Domains;

impl Directory for Domains {
    fn user_at(&self, address: &Address) -> Option<UserId> {
        let number = address.as_str().strip_prefix("user-")?.strip_suffix("@us.example")?;
        number.parse().ok().map(UserId)
    }

    fn is_outside(&self, address: &Address) -> bool {
        address.domain() == "them.example"
    }
}

pub(crate) fn readable() -> Readable {
    let users = || (1..=USERS).map(UserId);
    Readable {
        inside: users().map(|user| (us(user.0), Some(user))).collect(),
        mailboxes: (1..=3).map(|user| (UserId(user), 1)).collect(),
        named: (1..=4).map(UserId).collect(),
        feeding: users().collect(),
    }
}

pub(crate) fn records() -> Records {
    let stakeholder = |party| Stakeholder { party, role: String::new() };
    let contact = |id: &str, addresses: &[u64]| Record {
        addresses: addresses.iter().map(|n| known(*n)).collect(),
        ..Record::named(reference(RecordKind::Contact, id))
    };
    let all = [
        Record { account: Some("a1".into()), ..contact("c1", &[1, 11]) },
        contact("c2", &[2]),
        contact("c3", &[3]),
        Record { contacts: vec!["c2".into()], primary_contact: Some("c3".into()), ..Record::named(account()) },
        Record {
            owner: Some(user_address(1)),
            team: vec![user_address(2)],
            account: Some("a1".into()),
            primary_contact: Some("c1".into()),
            stakeholders: vec![stakeholder(Party::Contact("c2".into())), stakeholder(Party::Address(known(5)))],
            revenue_minor: 100,
            create_time: Some(days_ago(100)),
            ..Record::named(opportunity())
        },
        Record {
            owner: Some(user_address(1)),
            addresses: vec![known(6)],
            stakeholders: vec![stakeholder(Party::Address(known(7)))],
            create_time: Some(days_ago(100)),
            ..Record::named(lead())
        },
    ];
    let mut records = Records::default();
    all.into_iter().for_each(|record| records.put(Arc::new(record)));
    records
}

pub(crate) fn fold(entries: &[(Origin, Entry)]) -> Interactions {
    let mut interactions = Interactions::default();
    entries.iter().for_each(|(origin, entry)| interactions.fold(*origin, entry.clone()));
    interactions
}

pub(crate) fn timeline(entries: &[(Origin, Entry)], record: &RecordRef) -> Timeline {
    let records = records();
    let sides = Sides::of(&records, records.get(record).unwrap(), &Domains);
    timeline::of(&fold(entries), &records, &readable(), &sides, Span { earliest: days_ago(365), as_of: now() })
}

pub(crate) fn asked() -> Asked {
    Asked { as_of: now(), window_days: 365, now: now(), data_window_days: 365 }
}

/// How every record of the company stands.
pub(crate) fn relationships(interactions: &Interactions, readable: &Readable, asked: Asked) -> Vec<Relationship> {
    standings(interactions, readable, asked, true)
}

/// The same, as somebody sees it who may or may not learn whose gates are open.
pub(crate) fn standings(interactions: &Interactions, readable: &Readable, asked: Asked, sees_gates: bool) -> Vec<Relationship> {
    let (records, reading) = (records(), Reading::default());
    let view = View { interactions, records: &records, readable, directory: &Domains, reading: &reading, sees_gates };
    records.range(None, None).map(|record| relationship::of(&view, record, asked)).collect()
}
