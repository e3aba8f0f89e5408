//! Telemetry is of the whole process, so it has a test binary to itself.

use std::sync::Arc;

use axum::Router;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use runtime::config::Listen;
use runtime::{Area, Config, Context, Listeners, serve, telemetry};
use tokio::sync::{mpsc, oneshot};
use tonic::body::Body;
use tower::service_fn;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_before_the_guard_is_gone() {
    let (received, mut exports) = mpsc::unbounded_channel();
    let collector = Router::new().route_service(
        EXPORT,
        service_fn(move |request: Request<axum::body::Body>| {
            let received = received.clone();
            async move {
                received.send(request.into_body().collect().await.unwrap().to_bytes()).unwrap();
                let answer = Response::builder().header("content-type", "application/grpc").header("grpc-status", "0");
                Ok::<_, std::convert::Infallible>(answer.body(Body::empty()).unwrap())
            }
        }),
    );
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: folder.path().to_owned(), listen: Listen::any_port(), ..Config::default() };
    config.telemetry.log = "off".into();
    let listeners = Listeners::bind(&config, &["gateway"]).await.unwrap();
    config.telemetry.otlp_endpoint = Some(format!("http://{}", listeners.address("gateway").unwrap()));
    let context = Context::of_the_machine(Arc::new(config.clone()));
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let areas = vec![Area::new("gateway", Vec::leak(declared())).http(collector)];
        serve(listeners, areas, &context, async {
            stopped.await.ok();
        })
        .await
    });

    let guard = telemetry::start(&config, "gateway").unwrap();
    tracing::info_span!("call", otel.name = "test.v1.Probe/Unary").in_scope(|| ());
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();
    let export = exports.recv().await.unwrap();
    for part in ["gateway", "test.v1.Probe/Unary"] {
        assert!(export.windows(part.len()).any(|window| window == part.as_bytes()), "no {part}");
    }
    assert!(telemetry::start(&config, "gateway").is_err());
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

/// Descriptors that declare the collector's method, for everybody.
fn declared() -> Vec<u8> {
    let field = |number: u32, value: &[u8]| {
        let mut out = Vec::new();
        prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut out);
        prost::encoding::encode_varint(value.len() as u64, &mut out);
        out.extend_from_slice(value);
        out
    };
    let method = field(2, &[field(1, b"Export"), field(4, &field(50_600, &[0x18, 1]))].concat());
    let service = field(6, &[field(1, b"TraceService"), method].concat());
    field(1, &[field(2, b"opentelemetry.proto.collector.trace.v1"), service].concat())
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused() {
    let mut config = Config::default();
    config.telemetry.log = "info,=,".into();
    assert!(telemetry::start(&config, "gateway").unwrap_err().to_string().contains("telemetry.log"));
}
