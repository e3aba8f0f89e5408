//! What a call takes along when it causes another one: its caller with the token, its trace and what remains of its deadline.

use std::fmt;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};

use crate::Deadline;
use crate::caller::{CALLER_METADATA, PART_METADATA};

const AUTHORIZATION: &str = "authorization";
const TRACE_METADATA: [&str; 2] = ["traceparent", "tracestate"];

/// What is passed on from an incoming request to those it causes. Cloning it is cheap.
#[derive(Clone, Default)]
pub struct Onward {
    metadata: Vec<(&'static str, MetadataValue<Ascii>)>,
    deadline: Option<Deadline>,
}

impl Onward {
    /// What `request` passes on.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        let names = [CALLER_METADATA, AUTHORIZATION].into_iter().chain(TRACE_METADATA);
        let metadata = names.filter_map(|name| request.metadata().get(name).map(|value| (name, value.clone()))).collect();
        Self { metadata, deadline: Deadline::of(request) }
    }

    /// What a service passes on that calls for itself: the role SERVICE and no deadline.
    pub fn service() -> Self {
        Self { metadata: vec![(CALLER_METADATA, MetadataValue::from_static(r#"{"roles":["SERVICE"]}"#))], deadline: None }
    }

    /// The same trace and deadline, but called by the service itself: for what only the suite's own may ask, once the caller was let in.
    #[must_use]
    pub fn as_service(&self) -> Self {
        let traced = self.metadata.iter().filter(|(name, _)| TRACE_METADATA.contains(name)).cloned();
        Self { metadata: traced.chain(Self::service().metadata).collect(), deadline: self.deadline }
    }

    /// The same, for a part of an answer that whoever asks counts itself: the service that is asked does not count it as a read.
    #[must_use]
    pub fn as_part(mut self) -> Self {
        self.metadata.push((PART_METADATA, MetadataValue::from_static("1")));
        self
    }

    /// The same, with a deadline at most that far from now.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        let limit = Deadline::within(limit);
        self.deadline = Some(self.deadline.map_or(limit, |deadline| deadline.min(limit)));
        self
    }

    /// The deadline that is passed on.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// A request to a link: for a unary call its message, for a streaming one its stream.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        for (name, value) in &self.metadata {
            request.metadata_mut().insert(*name, value.clone());
        }
        if let Some(deadline) = self.deadline {
            request.set_timeout(deadline.remaining());
        }
        request
    }
}

impl fmt::Debug for Onward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onward").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Caller, CallerKind, Role};

    #[test]
    fn the_caller_and_the_trace_are_passed_on_and_nothing_else() {
        let mut incoming = tonic::Request::new(());
        incoming.metadata_mut().insert(CALLER_METADATA, r#"{"user":"ada@example.com","roles":["MANAGER"]}"#.parse().unwrap());
        incoming.metadata_mut().insert("traceparent", "00-11-22-01".parse().unwrap());
        incoming.metadata_mut().insert("authorization", "Bearer token".parse().unwrap());
        incoming.metadata_mut().insert("cookie", "x".parse().unwrap());
        let outgoing = Onward::of(&incoming).request("message");
        assert_eq!(Caller::read(outgoing.metadata()).unwrap(), Caller::read(incoming.metadata()).unwrap());
        assert_eq!(outgoing.metadata().get("traceparent").unwrap(), "00-11-22-01");
        assert_eq!(outgoing.metadata().get("authorization").unwrap(), "Bearer token");
        assert_eq!(outgoing.metadata().len(), 3);
        let own = Onward::of(&incoming).as_service().request("message");
        assert_eq!(Caller::read(own.metadata()).unwrap().roles, [Role::Service].into());
        assert!(own.metadata().get("authorization").is_none() && own.metadata().get("traceparent").is_some());
        let part = Onward::of(&incoming).as_part().request("message");
        assert!(part.metadata().get(PART_METADATA).is_some());
        // A part's own parts are whole questions again, unless whoever asks says so again.
        assert!(Onward::of(&part).request(()).metadata().get(PART_METADATA).is_none());
    }

    #[test]
    fn a_service_calls_as_a_service() {
        let caller = Caller::read(Onward::service().request(()).metadata()).unwrap();
        assert_eq!((caller.kind, caller.roles), (CallerKind::Service, [Role::Service].into()));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_rest_of_the_deadline_is_passed_on() {
        let mut incoming = tonic::Request::new(());
        incoming.extensions_mut().insert(Deadline::within(Duration::from_secs(5)));
        let onward = Onward::of(&incoming);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(onward.request(()).metadata().get("grpc-timeout").unwrap(), "3000000u");
        assert_eq!(onward.within(Duration::from_secs(1)).request(()).metadata().get("grpc-timeout").unwrap(), "1000000u");
    }
}
