//! One stream of one holder: what it says goes to the hub, what is queued for it is put into words and sent.

use std::sync::Arc;

use consent_domain::Holder;
use consent_domain::enforcement::{ConnectionId, Event};
use contracts::consent::v1 as pb;
use pb::enforce_request::Message as Request;
use prost::Message as _;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use vocabulary::Fault;

use super::Told;
use crate::convert::enforcement as words;
use crate::writer::Core;

/// Where a stream's answers go.
pub(crate) type Out = mpsc::Sender<Result<pb::EnforceResponse, Status>>;

/// Serves a stream to its end.
pub(crate) async fn serve(core: Arc<Core>, mut inbound: Streaming<pb::EnforceRequest>, out: Out) {
    let ended = tokio::select! {
        ended = converse(&core, &mut inbound, &out) => ended,
        () = core.ending.cancelled() => Ok(()),
        () = out.closed() => Ok(()),
    };
    if let Err(fault) = ended {
        tracing::warn!(%fault, "a stream of a holder ended");
        // Whoever hung up learns nothing.
        let _gone = out.send(Err(runtime::status(fault))).await;
    }
}

async fn converse(core: &Core, inbound: &mut Streaming<pb::EnforceRequest>, out: &Out) -> Result<(), Fault> {
    let Some(Request::Hello(hello)) = next(inbound).await? else {
        return Err(Fault::invalid_field("hello", "must be the first message of the stream"));
    };
    let holder = words::holder(hello.holder())?;
    let (queue, queued) = mpsc::unbounded_channel();
    let connection = core.hub.join(&hello, queue, || core.tenants.read().clone());
    tracing::info!(?holder, "a holder joined");
    // However this ends, the connection is gone then.
    let _joined = Joined { core, connection };
    tokio::select! {
        told = tell(core, holder, queued, out) => told,
        heard = hear(core, connection, inbound) => heard,
    }
}

/// Passes on what the holder says.
async fn hear(core: &Core, connection: ConnectionId, inbound: &mut Streaming<pb::EnforceRequest>) -> Result<(), Fault> {
    while let Some(message) = next(inbound).await? {
        core.hub.hear(match message {
            Request::Renew(renew) => Event::RenewReceived { connection, number: renew.number },
            Request::Acknowledge(acknowledge) => Event::Acknowledged { connection, position: acknowledge.position },
            Request::Hello(_) => return Err(Fault::invalid_field("hello", "must be the first message only")),
        });
    }
    Ok(())
}

/// Sends what is queued for the holder, in order.
async fn tell(core: &Core, holder: Holder, mut queued: mpsc::UnboundedReceiver<Result<Told, Fault>>, out: &Out) -> Result<(), Fault> {
    let hub = &core.hub;
    while let Some(told) = queued.recv().await {
        match told? {
            Told::Snapshot(tenants) => {
                let (incarnation, position) = (hub.incarnation, tenants.position);
                let mut parts = words::parts(&tenants, holder).peekable();
                loop {
                    let tenants = parts.next().unwrap_or_default();
                    let last = parts.peek().is_none();
                    let log_incarnation = core.store.incarnation();
                    let part = pb::EnforceSnapshot { incarnation, position, tenants, last, log_incarnation };
                    if !send(out, pb::enforce_response::Message::Snapshot(part)).await || last {
                        break;
                    }
                }
            }
            Told::Change(change) => {
                let change = words::change(&change, holder);
                if change.encoded_len() > core.limits.internal_bytes {
                    return Err(Fault::internal("a change is larger than a message may be: the holder takes a snapshot instead"));
                }
                send(out, pb::enforce_response::Message::Change(change)).await;
            }
            Told::Renewed { number, position, lease } => {
                let lease = lease.try_into().ok();
                let renewed = pb::EnforceRenewed { number, incarnation: hub.incarnation, position, lease };
                send(out, pb::enforce_response::Message::Renewed(renewed)).await;
            }
        }
    }
    Ok(())
}

/// Whether the holder still listens.
async fn send(out: &Out, message: pb::enforce_response::Message) -> bool {
    out.send(Ok(pb::EnforceResponse { message: Some(message) })).await.is_ok()
}

async fn next(inbound: &mut Streaming<pb::EnforceRequest>) -> Result<Option<Request>, Fault> {
    match inbound.message().await {
        Ok(Some(request)) => {
            request.message.map(Some).ok_or_else(|| Fault::invalid_field("message", "must be one of hello, renew, acknowledge"))
        }
        Ok(None) => Ok(None),
        Err(status) => Err(runtime::fault_of(&status)),
    }
}

struct Joined<'a> {
    core: &'a Core,
    connection: ConnectionId,
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        self.core.hub.hear(Event::Disconnected { connection: self.connection });
    }
}
