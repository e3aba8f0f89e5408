//! What the permit of a request lets it read, in the domain's words. Whose gates are not open is not in it, in either tier.

use std::sync::Arc;

use consent_client::{Permit, UserKind, UserMirror};
use feed::Reader;
use graph_domain::{Colleague, Readable};
use vocabulary::Timestamp;

use crate::follow::Folded;

/// What may be read now: colleagues by address, every open mailbox, and the data window that ends at `now`.
pub fn readable(permit: &Permit, reader: &Reader<Folded>, now: Timestamp) -> Readable {
    let mut named: Vec<&Arc<UserMirror>> = permit.users.values().filter(|user| may_introduce(user)).collect();
    named.sort_by(|a, b| a.address().cmp(&b.address()));
    let colleague = |user: &Arc<UserMirror>| Colleague { user: user.id, persons: reader.persons_of(user.id).to_vec() };
    Readable {
        colleagues: named.into_iter().map(colleague).collect(),
        mailboxes: permit.users.values().filter(|user| user.is_open()).map(|user| (user.id, user.generation)).collect(),
        since: now.plus_days(-i64::from(permit.settings.data_window_days)),
    }
}

/// Whether somebody may be named as an introducer: a person of ours, still here, whose personal gates are open (domain, section 5).
pub fn may_introduce(user: &UserMirror) -> bool {
    user.kind == UserKind::Person && !user.departed && user.named_in_graph && user.address().is_some()
}
