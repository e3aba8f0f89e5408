//! Events as they are listed and proven. Whoever may see an event sees what it says as far as its keys exist.

use std::sync::Arc;

use contracts::consent::v1 as pb;
use ledger::Leaf;
use prost::Message;
use vocabulary::{Fault, TenantId, Timestamp, UserId};

use super::append::{actor_place, body_place};
use super::{Head, Ledger, damaged};
use crate::convert::event as convert;
use crate::keys::blocking;
use crate::tables;
use crate::tenants::Held;
use crate::writer::Core;

/// Which events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// About this user only.
    pub user: Option<UserId>,
    /// Of these kinds; none: all.
    pub kinds: Vec<u16>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// Some of the events that were asked for.
pub(crate) struct Page {
    pub indices: Vec<u64>,
    /// Whether there are more.
    pub more: bool,
}

impl Filter {
    fn admits(&self, head: &Head) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&head.kind);
        let time = self.since.is_none_or(|since| head.time >= since) && self.until.is_none_or(|until| head.time < until);
        kind && time && (self.user.is_none() || self.user == head.user)
    }
}

impl Ledger {
    /// The events that a filter admits, from `first` on, at most `size`.
    pub fn page(&self, filter: &Filter, first: u64, size: usize) -> Page {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let mut admitted = self.heads.iter().enumerate().skip(first).filter(|(_, head)| filter.admits(head)).map(|(index, _)| index as u64);
        let indices = admitted.by_ref().take(size).collect();
        Page { indices, more: admitted.next().is_some() }
    }

    /// Whom an event is about.
    pub fn about(&self, index: u64) -> Option<UserId> {
        self.heads.get(usize::try_from(index).ok()?)?.user
    }
}

impl Core {
    /// Events, opened as far as their keys exist.
    ///
    /// # Errors
    /// STORE_FAILED when one is missing or is not what was written.
    pub async fn events(self: &Arc<Self>, tenant: TenantId, held: Arc<Held>, indices: Vec<u64>) -> Result<Vec<pb::ConsentEvent>, Fault> {
        let core = Arc::clone(self);
        blocking(move || indices.into_iter().map(|index| core.event(&tenant, &held, index)).collect()).await
    }

    fn event(&self, tenant: &TenantId, held: &Held, index: u64) -> Result<pb::ConsentEvent, Fault> {
        let row = self.store.get::<tables::ConsentEvents>(&(tenant.clone(), index))?.ok_or_else(damaged)?;
        let leaf = Leaf::decode(&row.leaf).ok_or_else(damaged)?;
        let opened = |id: u64, sealed: &[u8], place| -> Result<Vec<u8>, Fault> {
            let key = if id == 0 { Some(held.keys.ledger.clone()) } else { self.keys.of_ledger(tenant, UserId(id)) };
            match key.filter(|_| !sealed.is_empty()) {
                Some(key) => Ok(sealing::open(&key, &place, sealed)?),
                // Erased, or being erased at this moment.
                None => Ok(Vec::new()),
            }
        };
        let salted_body = opened(row.user_id, &row.sealed_body, body_place(tenant, index))?;
        let salted_actor = opened(row.actor_id, &row.sealed_actor, actor_place(tenant, index))?;
        let (body, actor) = (content(&salted_body)?, content(&salted_actor)?);
        let present = |id: u64| convert::present_address(&held.state, UserId(id));
        Ok(pb::ConsentEvent {
            index: index as i64,
            time: Some(crate::convert::time(leaf.time)),
            position: leaf.position as i64,
            kind: leaf.kind.into(),
            body,
            actor,
            user: present(row.user_id),
            actor_user: present(row.actor_id),
            leaf: row.leaf,
            salted_body,
            salted_actor,
        })
    }
}

/// What stands behind the salt; nothing of what is erased.
fn content<M: Message + Default>(salted: &[u8]) -> Result<Option<M>, Fault> {
    if salted.is_empty() {
        return Ok(None);
    }
    let content = salted.get(size_of::<ledger::Salt>()..).ok_or_else(damaged)?;
    M::decode(content).map(Some).map_err(|_| damaged())
}
