//! What a view makes of entries. In memory only, a pure function of what was folded.

use vocabulary::UserId;
use vocabulary::entry::{Entry, Origin};

/// The state of one tenant in a view.
pub trait Fold: Default + Send + Sync + 'static {
    /// Takes in what one origin tells of an interaction. Folding the same again changes nothing; order does not matter.
    fn fold(&mut self, origin: Origin, entry: Entry);

    /// Forgets everything that came from a mailbox, in every generation.
    fn forget(&mut self, user: UserId);
}
