//! An area: the services it brings, apart by who may call them.

use std::convert::Infallible;
use std::fmt;

use axum::Router;
use http::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::{Service, ServiceExt as _, service_fn};
use vocabulary::Fault;

use crate::authentication::Authenticator;
use crate::gate::Gate;
use crate::{AccessTable, Link, status};

/// What one area serves: its public services, its internal ones, and the descriptors of both.
#[derive(Clone)]
pub struct Area {
    pub(super) name: &'static str,
    pub(super) public: Router,
    pub(super) public_services: Vec<&'static str>,
    pub(super) internal: Router,
    pub(super) internal_services: Vec<&'static str>,
    pub(super) descriptors: &'static [u8],
    /// Whether it serves at all; what does not reports NOT_SERVING.
    pub(super) serves: bool,
}

impl Area {
    /// An area without services. `descriptors` is an encoded `google.protobuf.FileDescriptorSet` that holds at least its own.
    pub fn new(name: &'static str, descriptors: &'static [u8]) -> Self {
        Self {
            name,
            public: Router::new(),
            public_services: Vec::new(),
            internal: Router::new(),
            internal_services: Vec::new(),
            descriptors,
            serves: true,
        }
    }

    /// An area that cannot be served: whatever its services are asked, they answer this fault.
    pub fn refusing(
        name: &'static str,
        descriptors: &'static [u8],
        public: &[&'static str],
        internal: &[&'static str],
        fault: &Fault,
    ) -> Self {
        let fault = fault.clone();
        let refuse = service_fn(move |_: Request<Body>| {
            let refused = status(fault.clone()).into_http();
            async move { Ok::<_, Infallible>(refused) }
        });
        let mut area = Self { serves: false, ..Self::new(name, descriptors) };
        area.public = public.iter().fold(area.public, |router, service| mount(router, service, refuse.clone()));
        area.internal = internal.iter().fold(area.internal, |router, service| mount(router, service, refuse.clone()));
        (area.public_services, area.internal_services) = (public.to_vec(), internal.to_vec());
        area
    }

    /// Adds a service that clients may call.
    #[must_use]
    pub fn public<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.public = mount(self.public, S::NAME, service);
        self.public_services.push(S::NAME);
        self
    }

    /// Adds a service that only the suite's own services may call: it is neither served nor described on a public listener.
    #[must_use]
    pub fn internal<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.internal = mount(self.internal, S::NAME, service);
        self.internal_services.push(S::NAME);
        self
    }

    /// Adds a public service of another area, whose calls are passed on unread.
    #[must_use]
    pub fn forward(mut self, service: &'static str, link: Link) -> Self {
        self.public = mount(self.public, service, link);
        self.public_services.push(service);
        self
    }

    /// Adds routes of plain HTTP to the public listener, such as JSON and gRPC-Web; they bring no fallback of their own.
    #[must_use]
    pub fn http(mut self, routes: Router) -> Self {
        self.public = self.public.merge(routes);
        self
    }

    /// The area's word: `consent`, `ingestion`, `analytics`, `graph` or `gateway`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The full names of the public services, in the order they were added.
    pub fn public_services(&self) -> &[&'static str] {
        &self.public_services
    }

    /// A link in process to all of its services, internal ones included, behind the same gate as its private socket.
    pub fn link(&self, authenticator: &Authenticator) -> Link {
        // Descriptors that cannot be read admit nobody; serving them fails.
        let access = AccessTable::read(self.descriptors).unwrap_or_default();
        Link::gated(Gate::internal(authenticator.clone(), access), self.internal_routes())
    }

    pub(super) fn public_routes(&self) -> Routes {
        with_fallback(self.public.clone())
    }

    /// The internal listener serves the public services too, so that a link needs one address only.
    pub(super) fn internal_routes(&self) -> Routes {
        with_fallback(self.public.clone().merge(self.internal.clone()))
    }
}

fn mount<S>(router: Router, name: &str, service: S) -> Router
where
    S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let service = service.map_request(|request: Request<axum::body::Body>| request.map(Body::new));
    router.route_service(&format!("/{name}/{{*method}}"), service)
}

/// tonic's own empty routes answer UNIMPLEMENTED to what nobody serves.
fn with_fallback(router: Router) -> Routes {
    Routes::default().into_axum_router().merge(router).into()
}

impl fmt::Debug for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, public_services, internal_services, .. } = self;
        write!(f, "Area({name}: public {public_services:?}, internal {internal_services:?})")
    }
}
