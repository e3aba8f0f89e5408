//! What the permit of a request lets it read, in the domain's words.

use analytics_domain::{Directory, Readable};
use consent_client::{Permit, Side, UserKind, UserMirror};
use feed::Reader;
use vocabulary::{Address, UserId};

use crate::follow::Folded;

/// What may be read now.
pub fn readable(permit: &Permit, reader: &Reader<Folded>) -> Readable {
    let ours = || permit.users.values().filter(|user| is_ours(user));
    Readable {
        inside: reader.ours().map(|(person, user)| (person, Some(user))).collect(),
        mailboxes: ours().filter(|user| user.is_open()).map(|user| (user.id, user.generation)).collect(),
        named: ours().filter(|user| user.named_in_analytics).map(|user| user.id).collect(),
        feeding: ours().filter(|user| !user.departed || user.is_open()).map(|user| user.id).collect(),
    }
}

/// A person or a shared mailbox; guests are outside, rooms and lists are nobody.
fn is_ours(user: &UserMirror) -> bool {
    match user.kind {
        UserKind::Person | UserKind::Shared => true,
        UserKind::Guest | UserKind::Room | UserKind::List => false,
    }
}

/// The directory as the permit shows it.
pub struct Whose<'a>(pub &'a Permit);

impl Directory for Whose<'_> {
    fn user_at(&self, address: &Address) -> Option<UserId> {
        match self.0.side(address) {
            Side::Ours(user) => Some(user),
            Side::InsideUnknown | Side::Guest | Side::List | Side::Room | Side::Outside => None,
        }
    }

    fn is_outside(&self, address: &Address) -> bool {
        match self.0.side(address) {
            Side::Guest | Side::Outside => true,
            Side::Ours(_) | Side::InsideUnknown | Side::List | Side::Room => false,
        }
    }
}
