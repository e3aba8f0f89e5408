//! An OpenTelemetry collector that keeps what it is sent, byte by byte, and reads none of it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use prost::bytes::{Buf as _, BufMut as _};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

/// The collector, at its address.
pub struct Collector {
    pub uri: String,
    kept: Kept,
}

impl Collector {
    pub async fn serve() -> Self {
        let kept = Kept::default();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let uri = format!("http://{}", incoming.local_addr().unwrap());
        tokio::spawn(Server::builder().add_service(kept.clone()).serve_with_incoming(incoming));
        Self { uri, kept }
    }

    /// Everything so far.
    pub fn received(&self) -> Vec<u8> {
        self.kept.0.lock().unwrap().clone()
    }
}

impl NamedService for Kept {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl Service<http::Request<Body>> for Kept {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let kept = Arc::clone(&self.0);
        Box::pin(async move {
            let keep = service_fn(move |request: Request<Vec<u8>>| {
                kept.lock().unwrap().extend(request.into_inner());
                async { Ok::<_, Status>(Response::new(Vec::new())) }
            });
            Ok(tonic::server::Grpc::new(Bytes).max_decoding_message_size(64 << 20).unary(keep, request).await)
        })
    }
}

/// Messages as they are.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length).to_vec()))
    }
}
