//! What stands around every call, from the network or in process: its span, its deadline, and a net for panics.
//! The body of a response is guarded in `guard::body`.

mod body;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{BoxError, Layer, Service};
use tracing::Instrument as _;
use vocabulary::{Fault, Kind, Reason};

use crate::{Deadline, status, trace};
use body::GuardedBody;

/// The layer that guards every call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard;

/// A guarded service.
#[derive(Clone, Debug)]
pub struct Guarded<S>(S);

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded(inner)
    }
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let grpc = trace::is_grpc(request.headers()).then(|| request.headers().get(header::CONTENT_TYPE).cloned()).flatten();
        let span = trace::server_span(&request);
        let deadline = match Deadline::read(request.headers()) {
            Ok(deadline) => deadline,
            Err(fault) => return Box::pin(std::future::ready(Ok(refusal(grpc.as_ref(), fault)))),
        };
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        let call = AssertUnwindSafe(self.0.call(request)).catch_unwind();
        let guarded = async move {
            let caught = match deadline {
                Some(deadline) => tokio::time::timeout_at(deadline.instant(), call).await.map_err(|_| too_late()),
                None => Ok(call.await),
            };
            let span = tracing::Span::current();
            Ok(match caught {
                Ok(Ok(Ok(response))) => GuardedBody::around(response, deadline, span),
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(_panic)) => ended(&span, refusal(grpc.as_ref(), panicked())),
                Err(too_late) => ended(&span, refusal(grpc.as_ref(), too_late)),
            })
        };
        Box::pin(guarded.instrument(span))
    }
}

/// The answer to a call that reached no handler or came back from none.
pub(crate) fn refusal(grpc: Option<&HeaderValue>, fault: Fault) -> Response<Body> {
    match grpc {
        Some(content_type) => {
            let mut response = status(fault).into_http();
            response.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
            response
        }
        None => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = crate::gate::http_status(&fault);
            response
        }
    }
}

fn ended(span: &tracing::Span, response: Response<Body>) -> Response<Body> {
    if let Some(status) = Status::from_header_map(response.headers()) {
        trace::record(span, status.code());
    }
    response
}

fn too_late() -> Fault {
    Fault::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, "the caller's deadline passed")
}

/// Where it panicked stands in the log, written by the panic hook; what it said may name people and is dropped.
fn panicked() -> Fault {
    Fault::internal("the call ended in a panic")
}

/// Gives a status of tonic's own the details every error of the suite carries, and the code gRPC asks for.
///
/// Handlers answer through `answer`, so a status without details was made by tonic: a message above the limit, or one it cannot decode.
fn detail(headers: &mut HeaderMap) -> Option<Code> {
    let found = Status::from_header_map(headers)?;
    if !found.details().is_empty() {
        return Some(found.code());
    }
    let fault = match found.code() {
        Code::OutOfRange => Fault::new(Kind::ResourceExhausted, Reason::MessageTooLarge, found.message()),
        Code::Internal => Fault::new(Kind::InvalidArgument, Reason::InvalidFields, "the message cannot be decoded"),
        other => return Some(other),
    };
    let detailed = status(fault);
    // Only a status whose message cannot stand in a header fails here, and then tonic's own stays.
    Some(detailed.add_header(headers).map_or(found.code(), |()| detailed.code()))
}

#[cfg(test)]
mod tests;
