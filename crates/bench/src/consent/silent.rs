//! A holder that wins a lease and then says nothing more, as one does whose process stands still.

use contracts::consent::v1 as pb;
use pb::enforce_request::Message as Say;
use pb::enforce_response::Message as Told;
use pb::enforcement_service_client::EnforcementServiceClient;
use rapport::client::told;
use runtime::{Link, Onward, fault_of};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;
use vocabulary::Fault;

/// The holder. Its lease runs on when it is dropped.
pub struct Silent {
    _says: mpsc::UnboundedSender<pb::EnforceRequest>,
    _hears: Streaming<pb::EnforceResponse>,
}

impl Silent {
    /// Joins at consent's private socket and wins a lease.
    ///
    /// # Errors
    /// What consent answers.
    pub async fn join(consent: Link, instance: u64) -> Result<Self, Fault> {
        let (says, said) = mpsc::unbounded_channel();
        let say = |message| {
            // The receiver lives in the stream that is opened below.
            let _held = says.send(pb::EnforceRequest { message: Some(message) });
        };
        say(Say::Hello(pb::EnforceHello { holder: pb::Holder::Graph.into(), instance, incarnation: 0, process: instance }));
        let request = Onward::default().as_service().request(UnboundedReceiverStream::new(said));
        let mut hears = told(EnforcementServiceClient::new(consent).max_decoding_message_size(64 << 20).enforce(request).await)?;
        loop {
            let message = hears.message().await.map_err(|status| fault_of(&status))?.and_then(|message| message.message);
            match message {
                Some(Told::Snapshot(part)) if part.last => {
                    say(Say::Acknowledge(pb::EnforceAcknowledge { position: part.position }));
                    say(Say::Renew(pb::EnforceRenew { number: 1 }));
                }
                Some(Told::Snapshot(_) | Told::Change(_)) => {}
                Some(Told::Renewed(_)) => return Ok(Self { _says: says, _hears: hears }),
                None => return Err(Fault::internal("consent ended the stream")),
            }
        }
    }
}
