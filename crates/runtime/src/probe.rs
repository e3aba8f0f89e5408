//! A small service for tests, with a method of each of gRPC's four kinds, and its client over a link. Messages are texts.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http::uri::PathAndQuery;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use crate::{Caller, Deadline, Link, Onward};

type Codec = ProstCodec<String, String>;
type Texts = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// The public service of tests.
#[derive(Clone, Default)]
pub struct Probe {
    /// Notified when the call `held` has arrived.
    pub arrived: Arc<Notify>,
    /// Lets the call `held` answer.
    pub release: Arc<Notify>,
}

/// The same under an internal name.
#[derive(Clone, Default)]
pub struct Inner(Probe);

impl NamedService for Probe {
    const NAME: &'static str = "test.v1.Probe";
}

impl NamedService for Inner {
    const NAME: &'static str = "test.v1.Inner";
}

impl Probe {
    async fn unary(self, request: Request<String>) -> Result<Response<String>, Status> {
        let answer = match request.get_ref().as_str() {
            "panic" => panic!("a secret"),
            "never" => pending().await,
            "held" => {
                self.arrived.notify_one();
                self.release.notified().await;
                "released".into()
            }
            "caller" => format!("{:?}", Caller::of(&request).map_err(crate::status)?.user),
            "deadline" => format!("{:?}", Deadline::of(&request).is_some()),
            "large" => "x".repeat(100_000),
            text => text.to_uppercase(),
        };
        Ok(Response::new(answer))
    }

    async fn join(request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
        let words: Vec<String> = request.into_inner().try_collect().await?;
        Ok(Response::new(words.join(" ")))
    }

    async fn split(request: Request<String>) -> Result<Response<Texts>, Status> {
        let words: Vec<String> = request.into_inner().split(' ').map(Into::into).collect();
        let said = futures::stream::iter(words).then(|word| async move {
            match word.as_str() {
                "panic" => {
                    // tonic sends what is ready in one piece; a pause lets the earlier words go first.
                    tokio::task::yield_now().await;
                    panic!("a secret")
                }
                "never" => pending().await,
                _ => Ok(word),
            }
        });
        Ok(Response::new(Box::pin(said)))
    }

    async fn echo(request: Request<Streaming<String>>) -> Result<Response<Texts>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
}

impl Service<http::Request<Body>> for Probe {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let probe = self.clone();
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Codec::default()).max_decoding_message_size(50_000);
            let method = request.uri().path().rsplit('/').next().map(ToOwned::to_owned);
            Ok(match method.as_deref() {
                Some("Unary") => grpc.unary(service_fn(move |request| probe.clone().unary(request)), request).await,
                Some("Join") => grpc.client_streaming(service_fn(Self::join), request).await,
                Some("Split") => grpc.server_streaming(service_fn(Self::split), request).await,
                _ => grpc.streaming(service_fn(Self::echo), request).await,
            })
        })
    }
}

impl Service<http::Request<Body>> for Inner {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = <Probe as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

/// A client of [`Probe`], made as generated clients are.
#[derive(Clone)]
pub struct ProbeClient {
    pub grpc: tonic::client::Grpc<Link>,
    pub onward: Onward,
}

impl ProbeClient {
    pub fn new(link: Link) -> Self {
        Self { grpc: tonic::client::Grpc::new(link), onward: Onward::default() }
    }

    pub async fn unary(&mut self, message: &str) -> Result<String, Status> {
        self.unary_at("/test.v1.Probe/Unary", message).await
    }

    pub async fn unary_at(&mut self, path: &'static str, message: &str) -> Result<String, Status> {
        let Ok(()) = self.grpc.ready().await;
        let request = self.onward.request(message.to_owned());
        Ok(self.grpc.unary(request, PathAndQuery::from_static(path), Codec::default()).await?.into_inner())
    }

    pub async fn join(&mut self, words: Vec<String>) -> Result<String, Status> {
        let Ok(()) = self.grpc.ready().await;
        let request = self.onward.request(futures::stream::iter(words));
        let path = PathAndQuery::from_static("/test.v1.Probe/Join");
        Ok(self.grpc.client_streaming(request, path, Codec::default()).await?.into_inner())
    }

    pub async fn split(&mut self, text: &str) -> Result<Streaming<String>, Status> {
        let Ok(()) = self.grpc.ready().await;
        let request = self.onward.request(text.to_owned());
        let path = PathAndQuery::from_static("/test.v1.Probe/Split");
        Ok(self.grpc.server_streaming(request, path, Codec::default()).await?.into_inner())
    }

    pub async fn echo(&mut self, words: impl Stream<Item = String> + Send + 'static) -> Result<Streaming<String>, Status> {
        let Ok(()) = self.grpc.ready().await;
        let request = self.onward.request(words);
        let path = PathAndQuery::from_static("/test.v1.Probe/Echo");
        Ok(self.grpc.streaming(request, path, Codec::default()).await?.into_inner())
    }
}

/// The descriptors of both services: everybody may call a probe, `Inner` says that of nobody but services, and `Probe/Undeclared` of
/// nobody at all.
pub fn descriptors() -> Vec<u8> {
    const EVERYBODY: &[u8] = &[0x18, 1];
    const SERVICES: &[u8] = &[0x08, 6];
    const SELLERS_AND_OWN: &[u8] = &[0x08, 5, 0x10, 1];
    let service = |name: &str, methods: &[Vec<u8>]| [field(1, name.as_bytes()), methods.concat()].concat();
    let declared = |name: &str, access: &[u8]| field(2, &[field(1, name.as_bytes()), field(4, &field(50_600, access))].concat());
    let undeclared = field(2, &field(1, b"Undeclared"));
    let mut probe: Vec<_> = ["Unary", "Join", "Split", "Echo"].map(|name| declared(name, EVERYBODY)).to_vec();
    probe.extend([declared("Sell", SELLERS_AND_OWN), undeclared]);
    let inner = [declared("Unary", SERVICES)];
    let services = [field(6, &service("Inner", &inner)), field(6, &service("Probe", &probe))].concat();
    field(1, &[field(1, b"test/v1/probe.proto"), field(2, b"test.v1"), services].concat())
}

/// A field of bytes as it stands on the wire.
fn field(number: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut out);
    prost::encoding::encode_varint(value.len() as u64, &mut out);
    out.extend_from_slice(value);
    out
}
