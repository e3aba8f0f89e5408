//! The timer: wakes the machine when a lease is over that somebody waits for.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::Hub;

/// The longest sleep: timers stand still while a machine sleeps, the clock of leases does not.
const NAP: Duration = Duration::from_millis(250);

/// The running timer; it ends when this is dropped.
pub(crate) struct Ticking(AbortHandle);

impl Ticking {
    /// Starts it. Must be called within a Tokio runtime.
    pub fn start(hub: Arc<Hub>) -> Self {
        let ticking = tokio::spawn(async move {
            loop {
                match hub.until_wake() {
                    Some(wait) => {
                        tokio::select! {
                            () = tokio::time::sleep(wait.min(NAP)) => {}
                            () = hub.awaited() => {}
                        }
                        hub.tick();
                    }
                    None => hub.awaited().await,
                }
            }
        });
        Self(ticking.abort_handle())
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}
