//! The moments of a decision between which a crash may come. Tests look on, and end the process there.

use std::sync::Arc;

/// What has just been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The keys that a decision opens are in the keyring; the decision is nowhere.
    KeysMinted,
    /// The decision is in the store.
    DecisionDurable,
    /// Readers and holders have been told of it.
    HoldersTold,
    /// The keys that it closes are gone from the keyring.
    KeysDestroyed,
    /// All that consent keeps under a key `names` that retires is sealed under the next one.
    NamesSealedAnew,
    /// An erasure that waited for a key to be destroyed is marked as finished.
    ErasureFinished,
}

/// Whoever looks on. It is called on the thread that took the step, which goes on when it returns.
pub type Observer = Arc<dyn Fn(Step) + Send + Sync>;

/// Nobody.
pub(crate) fn unobserved() -> Observer {
    Arc::new(|_| {})
}
