//! A subscription to the feed, so that whoever waits for it may do something else in between.

use std::pin::Pin;
use std::time::Duration;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::feed_service_client::FeedServiceClient;
use runtime::{Link, Onward, fault_of};
use tonic::Streaming;
use vocabulary::{Fault, Reason};

pub(crate) const RETRY: Duration = Duration::from_millis(100);

type Opening = Pin<Box<dyn Future<Output = Result<Streaming<pb::FollowResponse>, Fault>> + Send>>;

/// Blocks after a position, as they come. Once it has failed it is of no more use.
pub(crate) enum Blocks {
    Opening(Opening),
    Open(Box<Streaming<pb::FollowResponse>>),
}

impl Blocks {
    /// Asks for the blocks after `position` in a log, after a pause. Nothing happens before somebody waits.
    pub fn after(client: &FeedServiceClient<Link>, position: u64, incarnation: u64, pause: Duration) -> Self {
        let mut client = client.clone();
        Self::Opening(Box::pin(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let request = pb::FollowRequest { after_position: position, incarnation };
            let answer = client.follow(Onward::service().request(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
        }))
    }

    /// The next message. Waiting may be given up and taken up again.
    ///
    /// # Errors
    /// What the feed answers; UNAVAILABLE, DEPENDENCY_UNAVAILABLE when it ends.
    pub async fn next(&mut self) -> Result<pb::FollowResponse, Fault> {
        if let Self::Opening(opening) = self {
            *self = Self::Open(Box::new(opening.as_mut().await?));
        }
        let Self::Open(blocks) = self else { return Err(Fault::internal("a subscription to the feed did not open")) };
        let message = blocks.message().await.map_err(|status| fault_of(&status))?;
        message.ok_or_else(|| Fault::unavailable(Reason::DependencyUnavailable, "the feed has ended", RETRY))
    }
}
