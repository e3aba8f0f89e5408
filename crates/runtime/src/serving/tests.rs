//! What clients see of a listener: health, reflection, what is not there, drain.

use std::sync::Arc;

use prost::Message as _;
use prost_types::{FileDescriptorProto, ServiceDescriptorProto};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use vocabulary::{Kind, SystemClock};

use super::*;
use crate::config::Listen;
use crate::probe::{Inner, Probe, ProbeClient};
use crate::{Config, Context, Link, fault_of};

/// One area that is served in a folder of its own.
pub struct Suite {
    pub area: Area,
    probe: Probe,
    context: Context,
    address: std::net::SocketAddr,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
    folder: TempDir,
}

impl Suite {
    pub async fn start(settings: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    pub async fn start_in(folder: TempDir, settings: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { data_dir: folder.path().to_owned(), listen: Listen::any_port(), ..Config::default() };
        settings(&mut config);
        let context = Context::new(Arc::new(config), Arc::new(SystemClock));
        let probe = Probe::default();
        let area = Area::new("graph", Vec::leak(crate::probe::descriptors())).public(probe.clone()).internal(Inner::default());
        let listeners = Listeners::bind(&context.config, &["graph"]).await.unwrap();
        let address = listeners.address("graph").unwrap();
        let (shutdown, asked) = oneshot::channel::<()>();
        let (own, areas) = (context.clone(), vec![area.clone()]);
        let served = tokio::spawn(async move {
            serve(listeners, areas, &own, async {
                asked.await.ok();
            })
            .await
        });
        Self { area, probe, context, address, shutdown, served, folder }
    }

    pub fn unix(&self) -> Link {
        self.context.link("graph")
    }

    pub fn tcp(&self) -> Link {
        Link::tcp(&format!("http://{}", self.address)).unwrap()
    }

    /// Drains the suite, and hands back the folder for another one.
    pub async fn stop(self) -> TempDir {
        self.shutdown.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        assert!(self.context.stopping.is_cancelled());
        self.folder
    }
}

async fn reflect(link: Link, ask: MessageRequest) -> Result<MessageResponse, Status> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let asked = tokio_stream::once(request);
    let mut answers = ServerReflectionClient::new(link).server_reflection_info(asked).await.unwrap().into_inner();
    Ok(answers.message().await?.unwrap().message_response.unwrap())
}

async fn listed(link: Link) -> Vec<String> {
    match reflect(link, MessageRequest::ListServices(String::new())).await.unwrap() {
        MessageResponse::ListServicesResponse(list) => list.service.into_iter().map(|service| service.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_internal_service_is_neither_served_nor_listed_nor_described_to_clients() {
    let suite = Suite::start(|_| {}).await;
    let call = async |link| ProbeClient::new(link).unary_at("/test.v1.Inner/Unary", "hello").await;
    assert_eq!(call(suite.tcp()).await.unwrap_err().code(), Code::Unimplemented);
    assert_eq!(call(suite.unix()).await.unwrap(), "HELLO");

    let public = listed(suite.tcp()).await;
    assert!(public.iter().any(|name| name == "test.v1.Probe") && !public.iter().any(|name| name == "test.v1.Inner"), "{public:?}");
    assert!(listed(suite.unix()).await.iter().any(|name| name == "test.v1.Inner"));

    let described = async |symbol: &str| reflect(suite.tcp(), MessageRequest::FileContainingSymbol(symbol.into())).await;
    assert_eq!(described("test.v1.Inner").await.unwrap_err().code(), Code::NotFound);
    let MessageResponse::FileDescriptorResponse(files) = described("test.v1.Probe").await.unwrap() else { panic!("no file") };
    let file = FileDescriptorProto::decode(files.file_descriptor_proto[0].as_slice()).unwrap();
    assert_eq!(file.service.iter().map(ServiceDescriptorProto::name).collect::<Vec<_>>(), ["Probe"]);
    suite.stop().await;
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let suite = Suite::start(|config| config.reflection = false).await;
    let refused = ServerReflectionClient::new(suite.tcp()).server_reflection_info(tokio_stream::empty()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    suite.stop().await;
}

#[tokio::test]
async fn health_is_told_per_service_and_ends_with_not_serving() {
    let suite = Suite::start(|_| {}).await;
    let ask = |service: &str| Request::new(HealthCheckRequest { service: service.into() });
    let mut client = HealthClient::new(suite.tcp());
    for service in ["", "test.v1.Probe"] {
        assert_eq!(client.check(ask(service)).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
    assert_eq!(client.check(ask("test.v1.Inner")).await.unwrap_err().code(), Code::NotFound);
    let mut watched = client.watch(ask("test.v1.Probe")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let stopped = tokio::spawn(suite.stop());
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert_eq!(watched.message().await.unwrap(), None);
    stopped.await.unwrap();
}

#[tokio::test]
async fn a_call_in_flight_finishes_while_the_suite_drains() {
    let suite = Suite::start(|_| {}).await;
    let (probe, address, stopping) = (suite.probe.clone(), suite.address, suite.context.stopping.clone());
    let mut client = ProbeClient::new(suite.tcp());
    let held = tokio::spawn(async move { client.unary("held").await });
    probe.arrived.notified().await;
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let stopped = tokio::spawn(suite.stop());
    stopping.cancelled().await;
    probe.release.notify_one();
    assert_eq!(held.await.unwrap().unwrap(), "released");
    stopped.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    drop(silent);
}

#[tokio::test]
async fn a_call_that_outlives_the_drain_is_cut_and_may_be_tried_again() {
    let suite = Suite::start(|config| config.drain_seconds = 0).await;
    let arrived = Arc::clone(&suite.probe.arrived);
    let mut calls = Vec::new();
    for link in [suite.tcp(), suite.unix()] {
        let mut client = ProbeClient::new(link);
        calls.push(tokio::spawn(async move { client.unary("held").await }));
        arrived.notified().await;
    }
    suite.stop().await;
    for call in calls {
        assert_eq!(fault_of(&call.await.unwrap().unwrap_err()).kind, Kind::Unavailable);
    }
}

#[tokio::test]
async fn the_process_waits_for_tasks_that_have_something_to_finish() {
    let suite = Suite::start(|_| {}).await;
    let stopping = suite.context.stopping.clone();
    let written = suite.context.tasks.spawn(async move {
        stopping.cancelled().await;
        // Far more turns than draining without a connection takes.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    });
    suite.stop().await;
    assert!(written.is_finished());
}

#[tokio::test]
async fn areas_and_listeners_must_match() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().to_owned(), listen: Listen::any_port(), ..Config::default() };
    let context = Context::of_the_machine(Arc::new(config));
    let listeners = Listeners::bind(&context.config, &["consent"]).await.unwrap();
    let served = serve(listeners, vec![Area::new("graph", b"")], &context, async {}).await;
    assert!(matches!(served, Err(ServeError::Unmatched("graph"))), "{served:?}");
}

#[tokio::test]
async fn connections_above_the_limit_wait_until_one_is_closed() {
    let suite = Suite::start(|config| config.limits.connections = 1).await;
    let mut first = ProbeClient::new(suite.tcp());
    assert_eq!(first.unary("one").await.unwrap(), "ONE");
    let mut second = ProbeClient::new(suite.tcp());
    let waiting = tokio::spawn(async move { second.unary("two").await });
    assert_eq!(first.unary("one").await.unwrap(), "ONE");
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(waiting.await.unwrap().unwrap(), "TWO");
    suite.stop().await;
}

#[tokio::test]
async fn a_forwarded_service_is_served_as_the_forwarders_own() {
    let suite = Suite::start(|_| {}).await;
    let gateway = Area::new("gateway", Vec::leak(crate::probe::descriptors())).forward("test.v1.Probe", suite.unix());
    assert_eq!(gateway.public_services(), ["test.v1.Probe"]);
    let mut client = ProbeClient::new(gateway.link(&crate::Authenticator::nothing()));
    assert_eq!(client.unary("hello").await.unwrap(), "HELLO");
    let mut words = client.split("one panic").await.unwrap();
    assert_eq!(words.message().await.unwrap().as_deref(), Some("one"));
    assert_eq!(fault_of(&words.message().await.unwrap_err()).kind, Kind::Internal);
    suite.stop().await;
}
