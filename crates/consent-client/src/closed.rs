//! What a holder must forget: an event for each mailbox that stood open and no longer does.

use vocabulary::{TenantId, UserId};

use crate::MailboxState;

/// A mailbox that was open to this holder, and is not, or not as it was.
///
/// It comes after the guard was closed and the acknowledgement sent: no permit shows the mailbox any more, only memory is left to purge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose mailbox.
    pub user: UserId,
    /// The generation that was open.
    pub generation: u32,
    /// What became of that generation: `Held` keeps its place, `Destroyed` does not. `Open` means that it was closed and opened again
    /// unseen: what was folded goes, and what its intervals allow is folded anew.
    pub state: MailboxState,
    /// The position of consent from which on it holds.
    pub position: u64,
}
