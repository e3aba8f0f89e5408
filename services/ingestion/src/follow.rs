//! The feed: durable blocks after a position, in order, then those that come. The follower sets the pace: nothing is read before it asks.

use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use futures::{Stream, stream};
use prost::Message;
use store::Store;
use tokio::sync::watch;
use vocabulary::{Fault, Kind, Reason};

use crate::service::{Ingestion, blocking};
use crate::tables;

/// Where a message is closed, in bytes of blocks.
const MESSAGE_BYTES: usize = 1 << 20;

/// Streams the log after a position. The first message comes at once, so that the follower learns where the log stands; of a log that was
/// put back, once every tenant is in line with consent.
///
/// # Errors
/// ABORTED, REVISION_LOST when the position belongs to another life of the log, or to none.
pub fn follow(
    ingestion: &Arc<Ingestion>,
    after: u64,
    incarnation: u64,
) -> Result<impl Stream<Item = Result<pb::FollowResponse, Fault>> + Send + use<>, Fault> {
    let ours = ingestion.store.incarnation();
    let head = ingestion.head.subscribe();
    let known = incarnation == ours || (incarnation == 0 && after == 0);
    if !known || after > *head.borrow() {
        return Err(Fault::new(Kind::Aborted, Reason::RevisionLost, "the log has no such position; follow it from the beginning"));
    }
    let in_line = ingestion.in_line.subscribe();
    let at = At { store: ingestion.store.clone(), head, in_line, position: after, greeted: false };
    Ok(stream::try_unfold(at, |mut at| async move {
        let Some(head) = at.next_head().await else { return Ok(None) };
        let (store, position) = (at.store.clone(), at.position);
        let step = blocking(move || read(&store, position, head)).await?;
        at.position = step.position;
        at.greeted = true;
        Ok(Some((step, at)))
    }))
}

/// Where a follower is.
struct At {
    store: Store,
    head: watch::Receiver<u64>,
    in_line: watch::Receiver<bool>,
    position: u64,
    greeted: bool,
}

impl At {
    /// The end of the log, once it lies behind the follower; `None` when the service ends.
    async fn next_head(&mut self) -> Option<u64> {
        if !self.greeted {
            self.in_line.wait_for(|in_line| *in_line).await.ok()?;
            return Some(*self.head.borrow_and_update());
        }
        let position = self.position;
        self.head.wait_for(|head| *head > position).await.ok().map(|head| *head)
    }
}

/// The blocks after `after`, up to `head` or as many as one message takes.
fn read(store: &Store, after: u64, head: u64) -> Result<pb::FollowResponse, Fault> {
    let mut step = pb::FollowResponse { incarnation: store.incarnation(), blocks: Vec::new(), position: head, head_position: head };
    let mut bytes = 0;
    // What lies behind the head may not be durable yet.
    for row in store.scan_from::<tables::Log>((), &(after + 1)) {
        let (position, block) = row?;
        if position > head {
            break;
        }
        bytes += block.encoded_len();
        step.blocks.push(block);
        if bytes >= MESSAGE_BYTES {
            step.position = position;
            break;
        }
    }
    Ok(step)
}
