//! A permit: one tenant as it stood at the moment of asking, with a lease alive. Taken once for each request and each message of a
//! stream, and dropped with it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use vocabulary::UserId;
use vocabulary::revision::{Part, Revision};

use crate::{MailboxKeyState, TenantMirror};

/// A snapshot of one tenant, from [`crate::Subscriber::permit`]. It never changes, so it must not outlive its request.
#[derive(Clone)]
pub struct Permit {
    pub(crate) held: Arc<TenantMirror>,
    pub(crate) log_incarnation: u64,
    pub(crate) position: u64,
}

impl Permit {
    /// The position of consent the snapshot stands at, over all tenants: blocks sealed under it name this one.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The point of consent the snapshot stands at, as answers name it.
    pub fn revision(&self) -> Revision {
        Revision::of(Part::Consent, self.log_incarnation, self.position)
    }

    /// What may be done with a block of a mailbox that was sealed at `sealed_position` of consent: the whole rule for followers.
    ///
    /// `Behind` only while the mirror has not reached that position; then a user or generation it does not know is erased. Of an open
    /// mailbox, blocks sealed outside the intervals in which the holder's purpose stood open are passed over (`Destroyed`).
    pub fn block_key(&self, user: UserId, generation: u32, sealed_position: u64) -> MailboxKeyState<'_> {
        if sealed_position > self.position {
            return MailboxKeyState::Behind;
        }
        match self.held.mailbox_key(user, generation) {
            MailboxKeyState::Open(held) if held.was_open_at(sealed_position) => MailboxKeyState::Open(held),
            MailboxKeyState::Held => MailboxKeyState::Held,
            MailboxKeyState::Open(_) | MailboxKeyState::Destroyed | MailboxKeyState::Behind => MailboxKeyState::Destroyed,
        }
    }
}

impl Deref for Permit {
    type Target = TenantMirror;

    fn deref(&self) -> &TenantMirror {
        &self.held
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({:?} at {})", self.held, self.position)
    }
}
