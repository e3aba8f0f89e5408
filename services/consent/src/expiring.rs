//! What ends by itself is ended here: a task that takes the decision when it is due, as any other (domain.md, section 7).

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use consent_domain::expire;
use contracts::consent::v1 as pb;
use vocabulary::{Fault, TenantId, Timestamp};

use crate::events::Actor;
use crate::writer::{Command, Core};

/// How often the clock is looked at: a holder denies at the instant itself, by its own clock.
const LOOK: Duration = Duration::from_secs(1);

/// Takes, now, whatever decision is due for any tenant: at start also what the operator's regions changed.
///
/// # Errors
/// Failures of store and keyring.
pub(crate) async fn settle(core: &Arc<Core>) -> Result<(), Fault> {
    let tenants: Vec<_> = core.tenants.read().held.keys().cloned().collect();
    for tenant in tenants {
        end(Arc::clone(core), tenant).await?;
    }
    Ok(())
}

/// Goes on until the service ends.
pub(crate) fn start(core: &Arc<Core>) {
    let (core, ending) = (Arc::downgrade(core), core.ending.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = ending.cancelled() => {}
            () = watch(core) => {}
        }
    });
}

async fn watch(core: Weak<Core>) {
    let mut known: Option<(u64, Vec<(TenantId, Timestamp)>)> = None;
    loop {
        let Some(core) = core.upgrade() else { return };
        let position = core.tenants.read().position;
        // Found out anew only when something was decided: it takes time in proportion to the users.
        if known.as_ref().is_none_or(|(at, _)| *at != position) {
            known = Some((position, dues(&core)));
        }
        let (now, dues) = (core.clock.now(), known.as_ref().map(|(_, dues)| dues.as_slice()).unwrap_or_default());
        for (tenant, _) in dues.iter().filter(|(_, due)| *due <= now) {
            if let Err(fault) = end(Arc::clone(&core), tenant.clone()).await {
                tracing::warn!(reason = fault.reason.as_str(), "what is due has not ended, and is tried again");
            }
        }
        // Held no longer than it is looked at: a service that stops lets go of its store and keyring at once.
        let changed = Arc::clone(&core.changed);
        drop(core);
        tokio::select! {
            () = changed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn dues(core: &Core) -> Vec<(TenantId, Timestamp)> {
    let tenants = core.tenants.read().held.clone();
    let dues = tenants.into_iter().filter_map(|(tenant, held)| Some((tenant, expire::due(&held.state)?)));
    dues.collect()
}

/// Ends what is due for a tenant. It holds at its holders when it is answered; a withdrawal that waits for somebody silent goes on alone.
/// Boxed, for a decision asks for it.
pub(crate) fn end(core: Arc<Core>, tenant: TenantId) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>> {
    let command = Command { tenant, actor: Actor::Suite, repeat: None, validate_only: false, narrows: false, named: Vec::new() };
    Box::pin(async move {
        let decided = core.decide(
            command,
            |state, moment| Ok((expire::decide(state, moment), ())),
            // Nobody asked; the shape of an answer is needed for nobody.
            |_, decision, (), revision| pb::RevokeConsentResponse {
                mailboxes_closed: decision.closed as i64,
                revision,
                ..Default::default()
            },
        );
        let closed = decided.await?.answer.mailboxes_closed;
        if closed > 0 {
            tracing::info!(closed, "ended by itself");
        }
        Ok(())
    })
}
