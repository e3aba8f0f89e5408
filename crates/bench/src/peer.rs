//! A bare tonic server: what a peer of the suite is served by, on the same runtime and the same sort of socket.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::server::{Router, TcpIncoming};
use vocabulary::Fault;

/// A running peer. Dropping it ends it.
pub struct Peer {
    /// Its address.
    pub uri: String,
    _stop: oneshot::Sender<()>,
    _serving: JoinHandle<()>,
}

impl Peer {
    /// Serves until dropped.
    ///
    /// # Errors
    /// When there is no address for it.
    pub fn serve(router: Router) -> Result<Self, Fault> {
        let bound =
            TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).and_then(|incoming| Ok((incoming.local_addr()?, incoming)));
        let (address, incoming) = bound.map_err(|error| Fault::internal(format!("no address for the peer: {error}")))?;
        let incoming = incoming.with_nodelay(Some(true));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let dropped = async {
                let _dropped = stopped.await;
            };
            // A peer that breaks off is noticed by its clients.
            let _broken = router.serve_with_incoming_shutdown(incoming, dropped).await;
        });
        Ok(Self { uri: format!("http://{address}"), _stop: stop, _serving: serving })
    }
}
