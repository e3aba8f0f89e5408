//! Withdrawing the tenant's consent: closes G3 and destroys the keys of every mailbox.

use std::fmt;

use vocabulary::{Fault, Kind, Reason, Stale};

use crate::{Allowed, Decision, Moment, State, TenantConsent, WouldDestroy, touch};

/// What the administrator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoke {
    /// The position of the tenant that the administrator saw; absent: whichever.
    pub expected: Option<u64>,
    /// How many mailboxes it may destroy.
    pub allowed: Allowed,
}

/// Why nothing is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeError {
    /// There is no consent.
    NotGranted,
    /// The tenant changed since the administrator looked.
    Stale,
    /// It would destroy many mailboxes, and does not name their number.
    WouldDestroy(WouldDestroy),
}

/// Withdraws consent, of whichever type it is.
///
/// # Errors
/// [`RevokeError`].
pub fn decide(state: &State, command: &Revoke, moment: Moment) -> Result<Decision, RevokeError> {
    Stale::check(command.expected, state.position).map_err(|Stale| RevokeError::Stale)?;
    if !state.consent.granted {
        return Err(RevokeError::NotGranted);
    }
    let consent = TenantConsent { granted: false, revoke_time: Some(moment.time), ..state.consent.clone() };
    let mut decision = Decision::at(moment);
    touch::everybody(&mut decision, state, &state.gates_with(&consent, &state.settings));
    command.allowed.check(state, &decision).map_err(RevokeError::WouldDestroy)?;
    decision.applications = state.outliving(&consent);
    decision.consent = Some(consent);
    decision.narrowing = true;
    Ok(decision)
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted => f.write_str("there is no consent to withdraw"),
            Self::Stale => Stale.fmt(f),
            Self::WouldDestroy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RevokeError {}

impl From<RevokeError> for Fault {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotGranted => Self::new(Kind::FailedPrecondition, Reason::NotGranted, error.to_string()),
            RevokeError::Stale => Stale.into(),
            RevokeError::WouldDestroy(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, INSTANT, granted, moment, tenant};
    use crate::{ConsentType, grant};

    const ANY: Revoke = Revoke { expected: None, allowed: Allowed::Few(0) };

    #[test]
    fn a_withdrawal_destroys_every_key_and_a_new_grant_begins_a_new_generation() {
        let mut state = granted();
        let minted: Vec<_> = state.keys().collect();
        let revoked = decide(&state, &Revoke { expected: Some(state.position), ..ANY }, moment(8)).unwrap();
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
        let again = grant::decide(&state, &testing::grant(ConsentType::IdentifiableInsights), moment(9)).unwrap();
        assert!(again.mint.iter().all(|name| name.generation == 2) && again.opened == 3);
    }

    #[test]
    fn what_cannot_be_withdrawn_says_why() {
        assert_eq!(decide(&tenant(), &ANY, moment(8)), Err(RevokeError::NotGranted));
        let state = granted();
        let expected = Some(state.position - 1);
        assert_eq!(decide(&state, &Revoke { expected, ..ANY }, moment(8)), Err(RevokeError::Stale));
        let fault = |error: RevokeError| {
            let fault = Fault::from(error);
            (fault.kind, fault.reason)
        };
        assert_eq!(fault(RevokeError::NotGranted), (Kind::FailedPrecondition, Reason::NotGranted));
        assert_eq!(fault(RevokeError::Stale), (Kind::Aborted, Reason::StaleEtag));
    }

    #[test]
    fn many_mailboxes_are_withdrawn_only_by_their_number() {
        let mut state = granted();
        let more: Vec<_> = (100..111).map(|id| testing::entry(id, crate::UserKind::Person)).collect();
        state.apply(&testing::synced(&state, &more));
        let refused = WouldDestroy { mailboxes: 14, of: 14 };
        let decide = |allowed| decide(&state, &Revoke { allowed, ..ANY }, moment(20)).map(|decision| decision.closed);
        assert_eq!(decide(Allowed::Few(0)), Err(RevokeError::WouldDestroy(refused)));
        assert_eq!((decide(Allowed::Few(14)), decide(Allowed::Any)), (Ok(14), Ok(14)));
    }
}
