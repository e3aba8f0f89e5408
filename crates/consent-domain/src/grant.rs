//! Granting the tenant's consent: opens G3, and with it the mailboxes of everybody who has not opted out.

use std::fmt;

use vocabulary::{Fault, Timestamp};

use crate::{ConsentType, Decision, Gates, State, TenantConsent, touch};

/// What the administrator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What is consented to.
    pub consent_type: ConsentType,
    /// The legal basis, for the record.
    pub legal_basis: Box<str>,
    /// The version of the text that was shown.
    pub text_version: Box<str>,
}

/// Why consent is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantError {
    /// Consent to identifiable insights is in force, and this one covers less: that would withdraw without saying so.
    WouldWithdraw,
}

/// Records consent. Only [`ConsentType::IdentifiableInsights`] opens mailboxes; the others are kept and open none.
/// Granting again what is granted changes nothing but the record of basis and text.
///
/// # Errors
/// [`GrantError::WouldWithdraw`].
pub fn decide(state: &State, command: &Grant, now: Timestamp, position: u64) -> Result<Decision, GrantError> {
    let held = &state.consent;
    if held.opens_mailboxes() && command.consent_type != ConsentType::IdentifiableInsights {
        return Err(GrantError::WouldWithdraw);
    }
    let still = held.granted && held.consent_type == Some(command.consent_type);
    let consent = TenantConsent {
        granted: true,
        consent_type: Some(command.consent_type),
        grant_time: if still { held.grant_time } else { Some(now) },
        revoke_time: None,
        legal_basis: command.legal_basis.clone(),
        text_version: command.text_version.clone(),
    };
    let mut decision = Decision::at(position);
    if consent == *held {
        return Ok(decision);
    }
    touch::everybody(&mut decision, state, &Gates::of_any(state.applications.values(), &consent));
    decision.consent = Some(consent);
    Ok(decision)
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldWithdraw => f.write_str("covers less than the consent in force; withdraw that first"),
        }
    }
}

impl std::error::Error for GrantError {}

impl From<GrantError> for Fault {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::WouldWithdraw => Self::invalid_field("consent_type", error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, INSTANT, granted, tenant, user};
    use crate::{MailboxState, UserKind};

    #[test]
    fn a_grant_opens_every_mailbox_but_those_opted_out_of_both_purposes() {
        let mut state = tenant();
        let mut out = user(9, UserKind::Person);
        out.opted_out.analytics = true;
        out.opted_out.graph = true;
        testing::put(&mut state, [out]);
        let decision = decide(&state, &testing::grant(ConsentType::IdentifiableInsights), INSTANT, 7).unwrap();
        // Two persons and a shared mailbox; three keys each.
        assert_eq!((decision.opened, decision.closed, decision.mint.len(), decision.narrowing), (3, 0, 9, false));
        state.apply(&decision);
        assert_eq!((state.mailboxes(), state.mailboxes_open(), state.position), (4, 3, 7));
        assert_eq!(crate::holding(&testing::held(&state, 9), crate::Holder::Graph).state, MailboxState::None);
    }

    #[test]
    fn consent_to_less_is_kept_and_opens_nothing() {
        for consent_type in [ConsentType::OwnInsights, ConsentType::AggregatedInsights] {
            let mut state = tenant();
            let decision = decide(&state, &testing::grant(consent_type), INSTANT, 7).unwrap();
            state.apply(&decision);
            assert_eq!((decision.opened, state.mailboxes_open(), state.consent.granted), (0, 0, true));
            assert_eq!(decide(&granted(), &testing::grant(consent_type), INSTANT, 8), Err(GrantError::WouldWithdraw));
        }
    }

    #[test]
    fn granting_twice_opens_nothing_more() {
        let state = granted();
        let same = decide(&state, &testing::grant(ConsentType::IdentifiableInsights), INSTANT.plus_days(1), 8).unwrap();
        assert!(same.is_empty());
        let reworded = Grant { text_version: "2".into(), ..testing::grant(ConsentType::IdentifiableInsights) };
        let decision = decide(&state, &reworded, INSTANT.plus_days(1), 8).unwrap();
        assert_eq!((decision.users.len(), decision.opened), (0, 0));
        assert_eq!(decision.consent.unwrap().grant_time, Some(INSTANT));
    }
}
