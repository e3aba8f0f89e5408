//! What a decision appends, in two steps: a draft says which keys it needs, so that they are durable first; then it is sealed.

use std::collections::BTreeSet;

use consent_domain::event::{self, About, Event};
use consent_domain::{Decision, Moment, State};
use contracts::consent::v1 as pb;
use ledger::{Hash, Leaf, Salt, commitment, leaf_hash, salted};
use prost::Message as _;
use runtime::{Caller, CallerKind};
use sealing::{Context, Key, KeyedHash, random, seal};
use store::{Changes, StoreError};
use vocabulary::{Address, Fault, TenantId, UserId};

use super::{Head, Ledger, Texts};
use crate::convert::event as convert;
use crate::keys::{Keys, TenantKeys, missing};
use crate::tables;

/// Who brings a decision about.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// Whoever asked.
    Caller(Caller),
    /// Nobody: time passed, or an erasure goes on.
    Suite,
    /// An administrator who recovers a suite that lost decisions.
    Recovery,
}

/// Who acted, as far as the directory knows them.
struct Acting {
    message: pb::ConsentEventActor,
    user: Option<UserId>,
}

/// The events of a decision, not sealed yet.
pub(crate) struct Draft {
    tenant: TenantId,
    first: u64,
    moment: Moment,
    events: Vec<Event>,
    acting: Acting,
    erased: Option<UserId>,
}

/// The events of a decision as they are appended.
pub(crate) struct Appended {
    tenant: TenantId,
    first: u64,
    rows: Vec<pb::StoredConsentEvent>,
    pub(super) hashes: Vec<Hash>,
    pub(super) heads: Vec<Head>,
    pub(super) erased: Option<UserId>,
}

impl Draft {
    /// Those of a decision about a tenant that stood as `before`; `own` are the tenant's keys.
    pub fn of(tenant: &TenantId, before: Option<&State>, ledger: &Ledger, decision: &Decision, actor: &Actor, own: &TenantKeys) -> Self {
        let erased = decision.erasure.as_ref().and_then(|erasure| erasure.user);
        Self {
            tenant: tenant.clone(),
            first: ledger.size(),
            moment: decision.moment,
            events: event::derive(before, decision),
            acting: Acting::of(actor, before, own, erased),
            erased,
        }
    }

    /// The users under whose ledger keys something is sealed.
    pub fn named(&self) -> BTreeSet<UserId> {
        self.events.iter().filter_map(Event::user).chain(self.acting.user.filter(|_| !self.events.is_empty())).collect()
    }

    /// How many events the ledger has up to the erasure among these; 0: there is none.
    pub fn erasure_at(&self) -> u64 {
        let is_erasure = |event: &Event| matches!(event.about, About::Erasure(..));
        self.events.iter().position(is_erasure).map_or(0, |at| self.first + at as u64 + 1)
    }

    /// The events under their keys.
    ///
    /// # Errors
    /// KEYRING_FAILED when a key is missing.
    pub fn sealed(self, texts: &Texts, own: &TenantKeys, keys: &Keys) -> Result<Appended, Fault> {
        let Self { tenant, first, moment, events, acting, erased } = self;
        let key_of = |user: Option<UserId>| -> Result<Key, Fault> {
            user.map_or_else(|| Ok(own.ledger.clone()), |user| keys.of_ledger(&tenant, user).ok_or_else(missing))
        };
        let mut appended = Appended { tenant: tenant.clone(), first, rows: Vec::new(), hashes: Vec::new(), heads: Vec::new(), erased };
        for (index, event) in (first..).zip(&events) {
            let user = event.user();
            let body = salted(&random::bytes::<{ size_of::<Salt>() }>(), &convert::body(&tenant, event, texts).encode_to_vec());
            let actor = salted(&random::bytes::<{ size_of::<Salt>() }>(), &acting.message.encode_to_vec());
            let leaf = Leaf {
                time: moment.time,
                position: moment.position,
                kind: convert::kind(&event.about) as u16,
                tenant: tenant.clone(),
                body: commitment(&body),
                actor: commitment(&actor),
            };
            let row = pb::StoredConsentEvent {
                leaf: leaf.encode(),
                sealed_body: seal(&key_of(user)?, &body_place(&tenant, index), &body),
                sealed_actor: seal(&key_of(acting.user)?, &actor_place(&tenant, index), &actor),
                user_id: user.map_or(0, |user| user.0),
                actor_id: acting.user.map_or(0, |user| user.0),
            };
            appended.hashes.push(leaf_hash(&row.leaf));
            appended.heads.push(Head::of(&leaf, &row));
            appended.rows.push(row);
        }
        Ok(appended)
    }
}

impl Appended {
    /// Writes them, and takes away what was said of whom they erase.
    pub fn put(&self, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        if let Some(erased) = self.erased {
            blank(changes, &self.tenant, &BTreeSet::from([erased]))?;
        }
        for (index, row) in (self.first..).zip(&self.rows) {
            changes.put::<tables::ConsentEvents>(&(self.tenant.clone(), index), row)?;
        }
        Ok(())
    }
}

/// Takes what a ledger says of these users, and that they acted, out of it; their leaves stay, and commit to what nobody can tell any more.
pub(crate) fn blank(changes: &mut Changes<'_>, tenant: &TenantId, users: &BTreeSet<UserId>) -> Result<(), StoreError> {
    let is_gone = |id: u64| id != 0 && users.contains(&UserId(id));
    let rows: Vec<_> = changes
        .scan::<tables::ConsentEvents>((tenant.clone(),))
        .filter(|row| row.as_ref().is_ok_and(|(_, row)| is_gone(row.user_id) || is_gone(row.actor_id)) || row.is_err())
        .collect::<Result<_, _>>()?;
    for (key, mut row) in rows {
        if is_gone(row.user_id) {
            (row.user_id, row.sealed_body) = Default::default();
        }
        if is_gone(row.actor_id) {
            (row.actor_id, row.sealed_actor) = Default::default();
        }
        changes.put::<tables::ConsentEvents>(&key, &row)?;
    }
    Ok(())
}

impl Acting {
    fn of(actor: &Actor, before: Option<&State>, own: &TenantKeys, erased: Option<UserId>) -> Self {
        let (kind, caller) = match actor {
            Actor::Suite => (pb::ConsentActorKind::Suite, None),
            Actor::Recovery => (pb::ConsentActorKind::Recovery, None),
            Actor::Caller(caller) => match caller.kind {
                CallerKind::Operator => (pb::ConsentActorKind::Operator, None),
                CallerKind::User => (pb::ConsentActorKind::User, Some(caller)),
                CallerKind::Service => (pb::ConsentActorKind::Service, Some(caller)),
            },
        };
        let mut message = pb::ConsentEventActor { kind: kind.into(), ..Default::default() };
        let Some(caller) = caller else { return Self { message, user: None } };
        message.roles = caller.roles.iter().map(|role| role.as_str().to_owned()).collect();
        let Some(subject) = &caller.user else { return Self { message, user: None } };
        let address = Address::parse(subject).ok();
        let user = address.as_ref().and_then(|address| before?.directory.at_address(address)).map(|user| user.id);
        // Whoever has no ledger key, or none any more, is named by a hash that only the tenant's key makes.
        let user = user.filter(|user| erased != Some(*user));
        match user {
            Some(user) => message.user_id = user.0,
            None => {
                let name = address.as_ref().map_or(subject.as_str(), Address::as_str);
                message.subject_hash =
                    KeyedHash::new(&own.lookup, "rapport consent actor v1").hash128(name.as_bytes()).to_le_bytes().into();
            }
        }
        Self { message, user }
    }
}

pub(super) fn body_place(tenant: &TenantId, index: u64) -> Context {
    Context::new("consent.event.body").tenant(tenant).number(index)
}

pub(super) fn actor_place(tenant: &TenantId, index: u64) -> Context {
    Context::new("consent.event.actor").tenant(tenant).number(index)
}
