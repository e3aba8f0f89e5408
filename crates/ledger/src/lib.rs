//! The ledger's mathematics: a Merkle tree over events, proofs, signed checkpoints, and an export that anybody can verify offline.
//! Pure: no I/O, clock or randomness; salts and seeds are arguments. What an event means, and where it is kept, is decided elsewhere.
//!
//! # What is proven, and what an erased person leaves
//!
//! The tree is that of RFC 6962, section 2.1, so that every verifier of Certificate Transparency logs can check it. A leaf holds an
//! event's time, position, kind and tenant, and two *commitments*: hashes over a random salt and what the event says, and over a
//! random salt and who brought it about. Salt and content lie sealed outside the tree. Once their key is destroyed the commitments are
//! hashes over 256 bits that nobody has: the event can no longer be read or guessed, and every proof over it still holds.

mod hash;
pub use hash::{Hash, Salt, commitment, leaf_hash, node_hash, salted};

mod leaf;
pub use leaf::Leaf;

mod edge;
pub use edge::Edge;

mod proof;
pub use proof::{consistency, inclusion, root, verify_consistency, verify_inclusion};

mod note;
pub use note::{NoteError, Signer, Verifier};

mod checkpoint;
pub use checkpoint::Checkpoint;

mod export;
pub use export::{Disclosed, write};

mod verify;
pub use verify::{Finding, Verified, verify};
