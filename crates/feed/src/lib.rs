//! Both ends of the feed: how entries become sealed blocks, and the follower that every view shares.
//! What a view makes of an entry is the view's own business: its `Fold`.

pub mod block;
pub mod chunks;
pub mod entry;
pub mod fold;
mod follower;
mod mailboxes;
mod settle;
mod tables;
pub mod view;

pub use fold::Fold;
pub use view::{Reader, View};
