//! Keys, authenticated encryption, keyed hashes and the keyring: how data at rest is made unreadable without consent.
//! No rule about who may read lives here, and no store: callers keep what [`seal`] returns wherever they like.
//!
//! # What sealing promises, and to whom
//!
//! | somebody holds | and can read |
//! | --- | --- |
//! | sealed values, from a store, a log or a backup | sizes (with compression, sizes that depend on the content), nothing else |
//! | the same, and the keyring directory | nothing more: groups open only with the table, the table only with the epoch record |
//! | the same, and the epoch record | nothing more: the record opens only with the root key |
//! | all of these, and the root key | what the slots of that record open; nothing whose slot was destroyed before |
//! | an *older* epoch record as well, with the directory as it was then | all that was open then: the guarantee is exactly as strong as the record's place |
//! | the memory of a running process | the keys it holds at that moment |
//!
//! A value that was changed, truncated or moved to another place (another [`Context`]) is refused, never served. What sealing does
//! not see is a whole value replaced by an older one sealed under the same key and context; whoever needs that puts a position
//! into the context. Destruction is a matter of the [`keyring`]; its module says what it rests on.

pub mod random;

mod key;
pub use key::Key;

mod context;
pub use context::Context;

mod seal;
pub use seal::{DECOMPRESSED_LIMIT, OpenError, TooLarge, open, open_compressed, seal, seal_compressed};

mod hash;
pub use hash::KeyedHash;

pub mod keyring;
pub use keyring::{Change, Keyring, KeyringError, MailboxKey, RootKey, RootKeyError, RootKeySource, SlotId, SlotOwner, TenantKey};
