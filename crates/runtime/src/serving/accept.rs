//! Accepting connections and serving HTTP/1 and HTTP/2 on each. tonic's own loop caps neither connections nor the time a client
//! takes to speak, ends no drain, and answers CANCELLED where a deadline passed.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use super::listeners::InternalListener;
use crate::config::Limits;
use crate::gate::Gated;
use crate::guard::Guarded;

/// How long a connection may be silent before its first byte, and take for the head of an HTTP/1 request.
const FIRST_WORDS: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Streams a client may reset before they were taken up ("rapid reset"); h2's own default, stated.
const PENDING_RESETS: usize = 20;
/// After a failure to accept, such as no file left to open.
const PAUSE: Duration = Duration::from_millis(50);

/// What tells connections to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    /// Accept nothing more, and close each connection when its calls are finished.
    pub(super) drain: CancellationToken,
    /// Close each connection now.
    pub(super) cut: CancellationToken,
    /// Every accepting loop and connection.
    pub(super) open: TaskTracker,
}

/// A socket that connections arrive at.
pub(super) trait Listener: Send + Sync + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static;

    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Io>> + Send;

    /// Resolves when the client said something.
    fn spoke(io: &Self::Io) -> impl Future<Output = io::Result<()>> + Send;
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = Self::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn spoke(io: &TcpStream) -> io::Result<()> {
        io.readable().await
    }
}

impl Listener for InternalListener {
    type Io = UnixStream;

    async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }

    async fn spoke(io: &UnixStream) -> io::Result<()> {
        io.readable().await
    }
}

/// Accepts until drained. At the limit of connections, further ones wait in the system's backlog.
pub(super) async fn accept<L: Listener>(listener: L, routes: Guarded<Gated<Routes>>, limits: Limits, ending: Ending) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let protocol = protocol(&limits);
    let accepting = async {
        // A semaphore that is never closed never refuses.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            match listener.accept().await {
                Ok(io) => {
                    let (protocol, routes, own) = (protocol.clone(), routes.clone(), ending.clone());
                    ending.open.spawn(async move {
                        connection::<L>(io, protocol, routes, own).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    };
    ending.drain.run_until_cancelled(accepting).await;
}

async fn connection<L: Listener>(io: L::Io, protocol: Builder<TokioExecutor>, routes: Guarded<Gated<Routes>>, ending: Ending) {
    let spoke = ending.drain.run_until_cancelled(timeout(FIRST_WORDS, L::spoke(&io))).await;
    if !matches!(spoke, Some(Ok(Ok(())))) {
        return;
    }
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(io), TowerToHyperService::new(routes)));
    let mut told = false;
    loop {
        tokio::select! {
            served = connection.as_mut() => {
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            () = ending.cut.cancelled() => return,
            () = ending.drain.cancelled(), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut protocol = Builder::new(TokioExecutor::new());
    protocol.http1().timer(TokioTimer::new()).header_read_timeout(FIRST_WORDS);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .max_concurrent_streams(limits.concurrent_streams)
        .max_header_list_size(limits.header_list_bytes)
        .max_pending_accept_reset_streams(PENDING_RESETS);
    protocol
}
