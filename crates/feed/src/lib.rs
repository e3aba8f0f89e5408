//! Both ends of the feed: how entries become sealed blocks, and the follower that every view shares.
//! What a view makes of an entry is the view's own business: its `Fold`.

pub mod block;
pub mod entry;

pub mod fold;
pub use fold::Fold;

pub mod view;
pub use view::{Reader, View};

mod follower;
#[doc(hidden)]
pub use follower::Pace;
mod erased;
mod names;
mod refold;
mod settle;
mod source;
mod take;

pub mod chunks;
mod mailboxes;
mod tables;
