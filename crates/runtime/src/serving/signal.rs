//! How a process is asked to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, or an interrupt from the terminal. Both are heard from this call on, not only once the answer is waited for: whoever
/// sends one to a process that has just said where it listens is not to kill it. Must be called within a Tokio runtime.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send {
    let (terminated, interrupted) = (heard(SignalKind::terminate()), heard(SignalKind::interrupt()));
    async {
        let name = tokio::select! {
            () = received(terminated) => "SIGTERM",
            () = received(interrupted) => "SIGINT",
        };
        tracing::info!(signal = name, "asked to end");
    }
}

fn heard(kind: SignalKind) -> Option<Signal> {
    signal(kind).inspect_err(|error| tracing::warn!(%error, "a signal cannot be heard")).ok()
}

async fn received(signals: Option<Signal>) {
    match signals {
        Some(mut signals) => drop(signals.recv().await),
        None => std::future::pending().await,
    }
}
