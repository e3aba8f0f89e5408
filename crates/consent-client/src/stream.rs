//! The task behind a subscriber: it keeps one stream to consent, feeds the machine what arrives and carries out what it says.
//! No decision is made here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contracts::consent::v1::enforcement_service_client::EnforcementServiceClient;
use contracts::consent::v1::{EnforceRequest, EnforceResponse};
use futures::StreamExt as _;
use runtime::{Link, Onward, fault_of};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Status;
use vocabulary::Fault;

use crate::convert::{self, Unreadable};
use crate::machine::{Action, Cause, Event, Machine};
use crate::message::{Holder, Message};
use crate::subscriber::Shared;

/// How long consent may take to open the stream.
const OPENING: Duration = Duration::from_secs(10);

/// How many messages are taken up at once, if they are there.
const BATCH: usize = 256;

/// The largest message taken, in bytes: a part of a snapshot.
const RECEIVE: usize = 64 << 20;

/// Why a stream ended.
enum End {
    Dropped(Cause),
    Failed(Fault),
    Unreadable(Unreadable),
    Closed,
    Late,
}

/// One stream: what is said goes out here.
struct Voice {
    out: UnboundedSender<EnforceRequest>,
    holder: Holder,
    /// The name, and who bears it: this process.
    names: [u64; 2],
}

/// Keeps a stream to consent for ever.
pub(crate) async fn keep(shared: Arc<Shared>, link: Link, holder: Holder) {
    let mut machine = Machine::default();
    let names = [shared.instance().await, sealing::random::id()];
    loop {
        let end = converse(&shared, &mut machine, &link, holder, names).await;
        machine.on(Event::Lost, shared.clock.boot_time());
        let pause = jittered(machine.pause());
        tracing::warn!(?holder, %end, ?pause, "the stream of decisions ended");
        sleep(pause).await;
    }
}

/// Half of the pause at least, so that holders that lost consent together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let [random] = sealing::random::bytes();
    pause / 2 + pause / 2 * u32::from(random) / u32::from(u8::MAX)
}

async fn converse(shared: &Shared, machine: &mut Machine, link: &Link, holder: Holder, names: [u64; 2]) -> End {
    let (out, said) = mpsc::unbounded_channel();
    let voice = Voice { out, holder, names };
    if let Some(cause) = perform(shared, &voice, machine.on(Event::Opened, shared.clock.boot_time())) {
        return End::Dropped(cause);
    }
    let mut client = EnforcementServiceClient::new(link.clone()).max_decoding_message_size(RECEIVE);
    let request = Onward::service().request(UnboundedReceiverStream::new(said));
    let mut batches = match timeout(OPENING, client.enforce(request)).await {
        Ok(Ok(response)) => response.into_inner().ready_chunks(BATCH),
        Ok(Err(status)) => return End::Failed(fault_of(&status)),
        Err(_elapsed) => return End::Late,
    };
    loop {
        let idle = machine.wake().saturating_sub(shared.clock.boot_time());
        let (event, end) = tokio::select! {
            batch = batches.next() => match batch {
                Some(batch) => received(batch),
                None => return End::Closed,
            },
            () = sleep(idle) => (Event::Tick, None),
            () = shared.nudge.notified() => (Event::Tick, None),
        };
        let actions = machine.on(event, shared.clock.boot_time());
        if let Some(end) = perform(shared, &voice, actions).map(End::Dropped).or(end) {
            return end;
        }
    }
}

/// The messages before the first that failed, and how it failed.
fn received(batch: Vec<Result<EnforceResponse, Status>>) -> (Event, Option<End>) {
    let mut messages: Vec<Message> = Vec::with_capacity(batch.len());
    for response in batch {
        match response.map_err(|status| End::Failed(fault_of(&status))).and_then(|told| convert::message(told).map_err(End::Unreadable)) {
            Ok(message) => messages.push(message),
            Err(end) => return (Event::Received(messages), Some(end)),
        }
    }
    (Event::Received(messages), None)
}

/// Carries out what the machine said, in order; the cause, if it drops the stream.
fn perform(shared: &Shared, voice: &Voice, actions: Vec<Action>) -> Option<Cause> {
    let mut dropped = None;
    for action in actions {
        match action {
            Action::Publish(mirror) => shared.publish(mirror),
            Action::Extend(until) => shared.extend(until),
            Action::Announce(closed) => shared.announce(&closed),
            Action::Disconnect(cause) => dropped = Some(cause),
            Action::Say(say) => {
                // Nobody listens only when the stream is over, which the next message tells.
                let _gone = voice.out.send(convert::request(say, voice.holder, voice.names));
            }
        }
    }
    dropped
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(cause) => cause.fmt(f),
            Self::Failed(fault) => fault.fmt(f),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
            Self::Closed => f.write_str("consent ended it"),
            Self::Late => f.write_str("consent did not open it in time"),
        }
    }
}
