//! When a process is asked to end.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves at the first SIGTERM or SIGINT.
pub async fn shutdown_signal() {
    let name = tokio::select! {
        () = first(SignalKind::terminate()) => "SIGTERM",
        () = first(SignalKind::interrupt()) => "SIGINT",
    };
    tracing::info!(signal = name, "asked to end");
}

async fn first(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "a signal cannot be heard");
            std::future::pending::<()>().await;
        }
    }
}
