//! What a decision that erases adds to the store, in the commit of the decision itself.

use std::collections::BTreeSet;

use consent_domain::{Decision, ErasureKind, KeyPart, Purpose, State};
use contracts::consent::v1 as pb;
use prost::Message as _;
use sealing::{Context, Key};
use store::{Changes, StoreError};
use vocabulary::{Address, TenantId, Timestamp, UserId};

use super::Erasures;
use crate::convert::event::erasure_word;
use crate::convert::purpose_word;
use crate::tables;

/// Which erasure.
pub(crate) type ErasureKey = (TenantId, u64);

/// The most users that an application is told one by one.
const TOLD_ONE_BY_ONE: usize = 50;
/// The most bytes of what an application is told: it is kept in one row.
const SUBJECT_BYTES: usize = 4_000;

/// The rows of one decision.
pub(crate) struct Rows {
    key: ErasureKey,
    what: What,
}

enum What {
    Erasure(pb::StoredErasure),
    /// Ids, and the erasures that may have waited for them.
    People(pb::StoredErasedPeople, Vec<ErasureKey>),
}

impl Rows {
    /// Those of a decision about a tenant that stood as `before`; `named` are the addresses its caller gave.
    pub fn of(erasures: &Erasures, before: &State, decision: &Decision, named: &[Address], names: &Key, now: Timestamp) -> Option<Self> {
        let erasure = decision.erasure.as_ref()?;
        let key = (before.tenant.clone(), erasure.number);
        let Some(kind) = erasure.kind else {
            let people = pb::StoredErasedPeople { person_ids: erasure.people.iter().map(|person| person.0).collect() };
            let open = erasures.open_of(&before.tenant).into_iter().filter(|(_, number)| *number <= erasure.looked_at).collect();
            return Some(Self { what: What::People(people, open), key });
        };
        let subject = subject(before, decision, kind, named);
        let notices =
            before.applications.keys().map(|id| pb::StoredErasureNotice { application_id: id.to_string(), acknowledge_micros: 0 });
        let notices: Vec<_> = notices.collect();
        let sealed_subject = if notices.is_empty() { Vec::new() } else { sealing::seal(names, &place(&key), &subject.encode_to_vec()) };
        let row = pb::StoredErasure {
            kind: erasure_word(kind).into(),
            position: decision.moment.position,
            create_micros: now.micros(),
            mailboxes: decision.closed,
            addresses: erasure.addresses.iter().flat_map(|hash| hash.to_le_bytes()).collect(),
            due_number: if erasure.addresses.is_empty() { erasure.number } else { 0 },
            reports: Vec::new(),
            finish_micros: 0,
            notices,
            sealed_subject,
            names_owed: !erasure.addresses.is_empty(),
            names_generation: 0,
            ledger_size: 0,
        };
        Some(Self { key, what: What::Erasure(row) })
    }

    /// With how many events the ledger has up to the erasure's own.
    #[must_use]
    pub fn in_ledger(mut self, size: u64) -> Self {
        if let What::Erasure(row) = &mut self.what {
            row.ledger_size = size;
        }
        self
    }

    /// Writes them.
    pub fn put(&self, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        match &self.what {
            What::Erasure(row) => changes.put::<tables::Erasures>(&self.key, row),
            What::People(people, open) => {
                changes.put::<tables::ErasedPeople>(&self.key, people)?;
                for key in open {
                    if let Some(mut row) = changes.get::<tables::Erasures>(key)?.filter(|row| row.due_number == 0) {
                        row.due_number = self.key.1;
                        changes.put::<tables::Erasures>(key, &row)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The erasure that begins.
    pub(super) fn erasure(&self) -> Option<(&ErasureKey, &pb::StoredErasure)> {
        match &self.what {
            What::Erasure(row) => Some((&self.key, row)),
            What::People(..) => None,
        }
    }
}

/// Keyed hashes as a row holds them.
pub(crate) fn hashes(bytes: &[u8]) -> impl Iterator<Item = u128> + '_ {
    bytes.as_chunks().0.iter().map(|hash| u128::from_le_bytes(*hash))
}

/// Where what applications are told belongs.
pub(super) fn place((tenant, number): &ErasureKey) -> Context {
    Context::new("consent.erasure").tenant(tenant).number(*number)
}

fn subject(before: &State, decision: &Decision, kind: ErasureKind, named: &[Address]) -> pb::ErasureSubject {
    let views: BTreeSet<Purpose> = decision.destroy.iter().filter_map(|key| view(key.part)).collect();
    let purposes = Purpose::ALL.into_iter().filter(|purpose| kind != ErasureKind::Withdrawal || views.contains(purpose));
    let purposes = purposes.map(|purpose| i32::from(purpose_word(purpose))).collect();
    let mut subject = pb::ErasureSubject { kind: erasure_word(kind).into(), purposes, ..pb::ErasureSubject::default() };
    let user = decision.erasure.as_ref().and_then(|erasure| before.directory.get(erasure.user?));
    match user {
        Some(user) => {
            subject.addresses = user.entry.addresses.iter().map(text).collect();
            subject.external_id = user.entry.external_id.to_string();
        }
        None if kind == ErasureKind::Withdrawal => {
            let users: BTreeSet<UserId> = decision.destroy.iter().map(|key| key.user).collect();
            let addresses = users.iter().filter_map(|user| before.directory.get(*user)).flat_map(|user| &user.entry.addresses);
            if users.len() <= TOLD_ONE_BY_ONE {
                subject.addresses = addresses.map(text).collect();
            }
            subject.many = users.len() > TOLD_ONE_BY_ONE;
        }
        None => subject.addresses = named.iter().map(text).collect(),
    }
    if subject.encoded_len() > SUBJECT_BYTES {
        subject.addresses.clear();
        subject.many = true;
    }
    subject
}

fn text(address: &Address) -> String {
    address.as_str().to_owned()
}

const fn view(part: KeyPart) -> Option<Purpose> {
    match part {
        KeyPart::View(purpose) => Some(purpose),
        KeyPart::Log => None,
    }
}
