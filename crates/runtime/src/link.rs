//! A link from one service to another: one type whether the other is in this process, at a Unix socket or at an address.
//! Every generated client takes it: `ConsentServiceClient::new(link)`.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::TimeoutExpired;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use vocabulary::{Fault, Kind, Reason};

use crate::gate::{Gate, Gated};
use crate::guard::{Guard, Guarded};
use crate::{status, trace};

const KEEPALIVE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(200);

/// A client transport. Cloning it is cheap; it never fails but by a status.
#[derive(Clone)]
pub struct Link {
    via: Via,
    token: Option<HeaderValue>,
}

#[derive(Clone)]
enum Via {
    Channel(Channel),
    Routes(Guarded<Routes>),
    Gated(Guarded<Gated<Routes>>),
}

impl Link {
    /// A link to services in this process, guarded as if they were called over the network.
    pub fn in_process(routes: impl Into<Routes>) -> Self {
        Self::of(Via::Routes(Guard.layer(routes.into().prepare())))
    }

    /// The same behind a gate.
    pub(crate) fn gated(gate: Gate, routes: Routes) -> Self {
        Self::of(Via::Gated(Guard.layer(gate.layer(routes.prepare()))))
    }

    /// The same link, whose calls bear a token unless they have one.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the text cannot stand in a header.
    pub fn bearing(self, token: &str) -> Result<Self, Fault> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| Fault::invalid_field("token", "is no token"))?;
        value.set_sensitive(true);
        Ok(Self { token: Some(value), ..self })
    }

    fn of(via: Via) -> Self {
        Self { via, token: None }
    }

    /// A link to a Unix socket. It connects when first used, and again whenever the connection was lost.
    ///
    /// Must be called within a Tokio runtime.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        let path: Arc<PathBuf> = Arc::new(path.into());
        let connect = service_fn(move |_: Uri| {
            let path = Arc::clone(&path);
            async move { UnixStream::connect(path.as_path()).await.map(TokioIo::new) }
        });
        Self::of(Via::Channel(patient(Endpoint::from_static("http://localhost")).connect_with_connector_lazy(connect)))
    }

    /// A link to an address without TLS, as in `http://127.0.0.1:7601`. It connects as [`Link::unix`] does.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the text is no URI.
    pub fn tcp(uri: &str) -> Result<Self, Fault> {
        let endpoint = Endpoint::from_shared(uri.to_owned()).map_err(|_| Fault::invalid_field("uri", "must be as http://host:port"))?;
        Ok(Self::of(Via::Channel(patient(endpoint).connect_lazy())))
    }
}

fn patient(endpoint: Endpoint) -> Endpoint {
    endpoint.connect_timeout(CONNECT).http2_keep_alive_interval(KEEPALIVE).keep_alive_timeout(KEEPALIVE).keep_alive_while_idle(true)
}

impl Service<Request<Body>> for Link {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Each call waits for the transport itself, so that a broken one answers with a status.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        trace::inject(request.headers_mut());
        if let Some(token) = &self.token {
            request.headers_mut().entry(header::AUTHORIZATION).or_insert_with(|| token.clone());
        }
        match self.via.clone() {
            Via::Channel(channel) => {
                Box::pin(async move { Ok(channel.oneshot(request).await.unwrap_or_else(|error| broken(&error).into_http())) })
            }
            Via::Routes(routes) => Box::pin(routes.oneshot(request)),
            Via::Gated(routes) => Box::pin(routes.oneshot(request)),
        }
    }
}

/// The status of a call that the transport did not carry out.
fn broken(error: &(dyn Error + 'static)) -> tonic::Status {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // The channel enforces the deadline too, and would call it CANCELLED.
        if error.is::<TimeoutExpired>() {
            return status(Fault::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, "the caller's deadline passed"));
        }
        cause = error.source();
    }
    status(Fault::unavailable(Reason::DependencyUnavailable, "a part the answer needs cannot be reached", RETRY))
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.via {
            Via::Channel(_) => "Link(channel)",
            Via::Routes(_) | Via::Gated(_) => "Link(in process)",
        })
    }
}

#[cfg(test)]
mod tests;
