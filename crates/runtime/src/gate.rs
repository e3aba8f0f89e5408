//! The gate before every method: who calls, and whether the contract admits them. Denies by default.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, header};
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tower::{Layer, Service};
use vocabulary::{Fault, Kind, Reason};

use crate::access::{AccessTable, Admission};
use crate::answer::unknown_method;
use crate::authentication::Authenticator;
use crate::caller::{CALLER_METADATA, PART_METADATA, denied};
use crate::guard::refusal;
use crate::{Caller, trace};

/// Services of gRPC itself, which tell nothing of anybody: open to all who reach the listener.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", "/grpc.reflection."];

/// The layer that lets calls through to the methods behind it.
#[derive(Clone)]
pub struct Gate {
    authenticator: Authenticator,
    access: AccessTable,
    side: Side,
}

/// Which side of the suite a gate stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Clients: what they say of themselves counts only without authentication.
    Public,
    /// The suite's own, who reached a private socket or are in this process: without a token they speak for themselves.
    Internal,
}

impl Gate {
    /// The gate of a listener for clients.
    pub fn public(authenticator: Authenticator, access: AccessTable) -> Self {
        Self { authenticator, access, side: Side::Public }
    }

    /// The gate of what only the suite's own reach.
    pub fn internal(authenticator: Authenticator, access: AccessTable) -> Self {
        Self { authenticator, access, side: Side::Internal }
    }

    /// Who calls, if the method at that path admits them. The caller's own word about themselves does not go further than here.
    fn admit<B>(&self, request: &mut Request<B>) -> Result<Option<Caller>, Refused> {
        let path = request.uri().path();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Ok(None);
        }
        let declared = self.access.of(path).ok_or(Refused::Unknown)?;
        let access = declared.ok_or_else(|| denied("the method admits nobody"))?;
        // Taken away whoever says it: what is forwarded from here counts as what it is.
        let part = request.headers_mut().remove(PART_METADATA).is_some();
        let mut caller = self.caller(request)?;
        match access.admits(&caller) {
            Some(admission) => {
                caller.own_only = admission == Admission::OwnOnly;
                caller.part = part && self.side == Side::Internal;
                Ok(Some(caller))
            }
            None => {
                let names: Vec<_> = access.roles.iter().map(|role| role.as_str()).collect();
                Err(denied("the caller lacks the role").with("roles", names.join(",")).into())
            }
        }
    }

    fn caller<B>(&self, request: &mut Request<B>) -> Result<Caller, Fault> {
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        if self.authenticator.asks() && (self.side == Side::Public || has_token) {
            request.headers_mut().remove(CALLER_METADATA);
            return self.authenticator.caller(request.headers());
        }
        let said = request.headers().get_all(CALLER_METADATA).iter().cloned().map(|value| (CALLER_METADATA, value));
        let said = said.filter_map(|(name, value)| Some((http::HeaderName::from_bytes(name.as_bytes()).ok()?, value))).collect();
        Caller::read(&MetadataMap::from_headers(said))
    }
}

/// Why a call comes no further.
enum Refused {
    Fault(Fault),
    /// Nobody knows the method.
    Unknown,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A service behind a gate.
#[derive(Clone, Debug)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.gate.admit(&mut request) {
            Ok(caller) => {
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                Box::pin(self.inner.call(request))
            }
            Err(refused) => {
                let grpc = trace::is_grpc(request.headers()).then(|| request.headers().get(header::CONTENT_TYPE).cloned()).flatten();
                let response = match refused {
                    Refused::Fault(fault) => refusal(grpc.as_ref(), fault),
                    Refused::Unknown => unknown_method().into_http(),
                };
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({:?}, {:?})", self.side, self.authenticator)
    }
}

/// What a caller hears whom nothing admits, apart from gRPC.
pub(crate) fn http_status(fault: &Fault) -> http::StatusCode {
    match (fault.kind, fault.reason) {
        (Kind::Unauthenticated, _) => http::StatusCode::UNAUTHORIZED,
        (Kind::PermissionDenied, _) => http::StatusCode::FORBIDDEN,
        (Kind::DeadlineExceeded, Reason::DeadlineExceeded) => http::StatusCode::GATEWAY_TIMEOUT,
        _ => http::StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests;
