//! The span of a call by OpenTelemetry's RPC conventions, and W3C trace context in and out. Never a tenant or a person.

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of an incoming request, child of the trace its caller named.
pub(crate) fn server_span<B>(request: &Request<B>) -> Span {
    let span = match method(request) {
        Some((service, method)) => tracing::info_span!(
            "call",
            otel.name = format!("{service}/{method}"),
            otel.kind = "server",
            rpc.system.name = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.response.status_code = field::Empty,
        ),
        // The path of other requests may hold anything, so it stands in no span.
        None => tracing::info_span!("call", otel.name = "http", otel.kind = "server", rpc.response.status_code = field::Empty),
    };
    let parent = TraceContextPropagator::new().extract(&Incoming(request.headers()));
    if span.set_parent(parent).is_err() {
        tracing::trace!("no trace is exported, so the caller's is not continued");
    }
    span
}

/// Writes the current span into an outgoing request; what stands there stays when no trace is recorded here.
pub(crate) fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Outgoing(headers));
}

/// Records how the call ended.
pub(crate) fn record(span: &Span, code: Code) {
    span.record("rpc.response.status_code", name(code));
}

/// Service and method of a gRPC request.
fn method<B>(request: &Request<B>) -> Option<(&str, &str)> {
    is_grpc(request.headers()).then_some(())?;
    request.uri().path().strip_prefix('/')?.rsplit_once('/')
}

/// Whether the request speaks gRPC, as opposed to plain HTTP.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(http::header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The name of a code as gRPC writes it.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn request() -> Request<()> {
        let request = Request::post("/test.v1.Probe/Unary").header("content-type", "application/grpc").header("traceparent", PARENT);
        request.body(()).unwrap()
    }

    #[test]
    fn the_trace_of_the_caller_is_continued_with_a_span_of_our_own() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = server_span(&request());
            let mut headers = HeaderMap::new();
            span.in_scope(|| inject(&mut headers));
            let passed_on = headers.get("traceparent").unwrap().to_str().unwrap();
            assert_eq!(passed_on[..35], PARENT[..35]);
            assert_ne!(passed_on, PARENT);
        });
    }

    #[test]
    fn without_an_exporter_what_stands_in_a_request_stays() {
        let mut headers = request().headers().clone();
        server_span(&request()).in_scope(|| inject(&mut headers));
        assert_eq!(headers.get("traceparent").unwrap(), PARENT);
    }

    #[test]
    fn only_paths_of_grpc_stand_in_spans() {
        assert_eq!(method(&request()), Some(("test.v1.Probe", "Unary")));
        assert_eq!(method(&Request::get("/v1/people/ada@example.com").body(()).unwrap()), None);
    }
}
