//! Withdrawing the tenant's consent: closes G3 and destroys the keys of every mailbox.

use std::fmt;

use vocabulary::{Fault, Kind, Reason, Stale, Timestamp};

use crate::{Decision, Gates, State, TenantConsent, touch};

/// What the administrator says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revoke {
    /// The position of the tenant that the administrator saw; absent: whichever.
    pub expected: Option<u64>,
}

/// Why nothing is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeError {
    /// There is no consent.
    NotGranted,
    /// The tenant changed since the administrator looked.
    Stale,
}

/// Withdraws consent, of whichever type it is.
///
/// # Errors
/// [`RevokeError`].
pub fn decide(state: &State, command: &Revoke, now: Timestamp, position: u64) -> Result<Decision, RevokeError> {
    Stale::check(command.expected, state.position).map_err(|Stale| RevokeError::Stale)?;
    if !state.consent.granted {
        return Err(RevokeError::NotGranted);
    }
    let consent = TenantConsent { granted: false, revoke_time: Some(now), ..state.consent.clone() };
    let mut decision = Decision::at(position);
    touch::everybody(&mut decision, state, &Gates::of_any(state.applications.values(), &consent));
    decision.consent = Some(consent);
    decision.narrowing = true;
    Ok(decision)
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted => f.write_str("there is no consent to withdraw"),
            Self::Stale => Stale.fmt(f),
        }
    }
}

impl std::error::Error for RevokeError {}

impl From<RevokeError> for Fault {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotGranted => Self::new(Kind::FailedPrecondition, Reason::NotGranted, error.to_string()),
            RevokeError::Stale => Stale.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, INSTANT, granted, tenant};
    use crate::{ConsentType, grant};

    #[test]
    fn a_withdrawal_destroys_every_key_and_a_new_grant_begins_a_new_generation() {
        let mut state = granted();
        let minted: Vec<_> = state.keys().collect();
        let revoked = decide(&state, &Revoke { expected: Some(state.position) }, INSTANT, 8).unwrap();
        assert_eq!((revoked.closed, revoked.narrowing), (3, true));
        let mut destroyed = revoked.destroy.clone();
        destroyed.sort();
        assert_eq!(destroyed, {
            let mut all = minted;
            all.sort();
            all
        });
        state.apply(&revoked);
        assert_eq!((state.keys().count(), state.mailboxes_open(), state.consent.revoke_time), (0, 0, Some(INSTANT)));
        let again = grant::decide(&state, &testing::grant(ConsentType::IdentifiableInsights), INSTANT, 9).unwrap();
        assert!(again.mint.iter().all(|name| name.generation == 2) && again.opened == 3);
    }

    #[test]
    fn what_cannot_be_withdrawn_says_why() {
        assert_eq!(decide(&tenant(), &Revoke::default(), INSTANT, 8), Err(RevokeError::NotGranted));
        let state = granted();
        let expected = Some(state.position - 1);
        assert_eq!(decide(&state, &Revoke { expected }, INSTANT, 8), Err(RevokeError::Stale));
        let fault = |error: RevokeError| {
            let fault = Fault::from(error);
            (fault.kind, fault.reason)
        };
        assert_eq!(fault(RevokeError::NotGranted), (Kind::FailedPrecondition, Reason::NotGranted));
        assert_eq!(fault(RevokeError::Stale), (Kind::Aborted, Reason::StaleEtag));
    }
}
