//! Granting the tenant's consent: opens G3, and with it the mailboxes of everybody whose other gates are open.

use std::fmt;

use vocabulary::{Fault, Timestamp};

use crate::{ConsentType, Cover, Decision, Moment, PerPurpose, Purpose, State, TenantConsent, touch};

/// What the administrator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What is consented to.
    pub consent_type: ConsentType,
    /// A legacy grant: for one purpose only, until an instant. Absent: a consolidated grant, for both, until it is withdrawn.
    pub legacy: Option<(Purpose, Option<Timestamp>)>,
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
    /// It would be over before it begins.
    Expired,
}

/// Records consent. Only [`ConsentType::IdentifiableInsights`] opens mailboxes; the others are kept and open none.
///
/// A consolidated grant covers both purposes and takes the place of legacy ones. A legacy grant adds its purpose, or lets it end later.
/// Granting again what is granted changes nothing but the record of basis and text.
///
/// # Errors
/// [`GrantError`].
pub fn decide(state: &State, command: &Grant, moment: Moment) -> Result<Decision, GrantError> {
    let held = &state.consent.at(moment.time);
    if command.legacy.and_then(|(_, end)| end).is_some_and(|end| end <= moment.time) {
        return Err(GrantError::Expired);
    }
    let still = held.granted && held.consent_type == Some(command.consent_type);
    let kept = if still { held.covers } else { PerPurpose::default() };
    let covers = PerPurpose::from_fn(|purpose| match command.legacy {
        None => Some(Cover::default()),
        Some((named, expire_time)) if named == purpose => Some(Cover { expire_time, expired: false }),
        Some(_) => *kept.of(purpose),
    });
    let consent = TenantConsent {
        granted: true,
        consent_type: Some(command.consent_type),
        covers,
        grant_time: if still { held.grant_time } else { Some(moment.time) },
        revoke_time: None,
        legal_basis: command.legal_basis.clone(),
        text_version: command.text_version.clone(),
    };
    if Purpose::ALL.into_iter().any(|purpose| ends_earlier(held, &consent, purpose)) {
        return Err(GrantError::WouldWithdraw);
    }
    let mut decision = Decision::at(moment);
    if consent == state.consent {
        return Ok(decision);
    }
    touch::everybody(&mut decision, state, &state.gates_with(&consent, &state.settings));
    decision.applications = state.outliving(&consent);
    decision.consent = Some(consent);
    Ok(decision)
}

/// Whether a purpose that stands open would not, or would end earlier.
fn ends_earlier(held: &TenantConsent, next: &TenantConsent, purpose: Purpose) -> bool {
    let end = |consent: &TenantConsent| consent.expire_time(purpose);
    let earlier = match (end(held), end(next)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(held), Some(next)) => next < held,
    };
    held.opens_mailboxes(purpose) && (!next.opens_mailboxes(purpose) || earlier)
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldWithdraw => f.write_str("covers less than the consent in force; withdraw that first"),
            Self::Expired => f.write_str("must lie in the future"),
        }
    }
}

impl std::error::Error for GrantError {}

impl From<GrantError> for Fault {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::WouldWithdraw => Self::invalid_field("consent_type", error.to_string()),
            GrantError::Expired => Self::invalid_field("expire_time", error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, INSTANT, granted, later, moment, tenant, user};
    use crate::{Choice, MailboxState, UserKind};

    #[test]
    fn a_grant_opens_every_mailbox_but_those_opted_out_of_both_purposes() {
        let mut state = tenant();
        let mut out = user(9, UserKind::Person);
        out.choice = PerPurpose { analytics: Choice::Out, graph: Choice::Out };
        testing::put(&mut state, [out]);
        let decision = decide(&state, &testing::grant(ConsentType::IdentifiableInsights), moment(7)).unwrap();
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
            let decision = decide(&state, &testing::grant(consent_type), moment(7)).unwrap();
            state.apply(&decision);
            assert_eq!((decision.opened, state.mailboxes_open(), state.consent.granted), (0, 0, true));
            assert_eq!(decide(&granted(), &testing::grant(consent_type), moment(8)), Err(GrantError::WouldWithdraw));
        }
    }

    #[test]
    fn granting_twice_opens_nothing_more() {
        let state = granted();
        let same = decide(&state, &testing::grant(ConsentType::IdentifiableInsights), later(8, 1)).unwrap();
        assert!(same.is_empty());
        let reworded = Grant { text_version: "2".into(), ..testing::grant(ConsentType::IdentifiableInsights) };
        let decision = decide(&state, &reworded, later(8, 1)).unwrap();
        assert_eq!((decision.users.len(), decision.opened), (0, 0));
        assert_eq!(decision.consent.unwrap().grant_time, Some(INSTANT));
    }

    #[test]
    fn a_legacy_grant_covers_one_purpose_until_it_ends_and_a_consolidated_one_takes_its_place() {
        let ends = INSTANT.plus_days(10);
        let legacy = |purpose, end| Grant { legacy: Some((purpose, end)), ..testing::grant(ConsentType::IdentifiableInsights) };
        let mut state = tenant();
        state.apply(&decide(&state, &legacy(Purpose::ConnectionGraph, Some(ends)), moment(7)).unwrap());
        let open = |state: &State| Purpose::ALL.map(|purpose| testing::held(state, 1).mailbox.is_open(purpose));
        assert_eq!((open(&state), state.consent.expire_time(Purpose::ConnectionGraph)), ([false, true], Some(ends)));
        // It may end later, not earlier, and not in the past.
        let check = |end: i64, expected| {
            let command = legacy(Purpose::ConnectionGraph, Some(INSTANT.plus_days(end)));
            assert_eq!(decide(&state, &command, later(8, 1)).map(|decision| decision.users.len()), expected, "{end}");
        };
        check(20, Ok(0));
        check(5, Err(GrantError::WouldWithdraw));
        check(1, Err(GrantError::Expired));
        let mut both = state.clone();
        both.apply(&decide(&both, &legacy(Purpose::RelationshipAnalytics, None), moment(8)).unwrap());
        assert_eq!((open(&both), both.consent.expire_time(Purpose::ConnectionGraph)), ([true, true], Some(ends)));
        state.apply(&decide(&state, &testing::grant(ConsentType::IdentifiableInsights), moment(8)).unwrap());
        assert_eq!((open(&state), state.consent.expire_time(Purpose::ConnectionGraph)), ([true, true], None));
        let ending = decide(&state, &legacy(Purpose::ConnectionGraph, Some(ends)), moment(9));
        assert_eq!(ending, Err(GrantError::WouldWithdraw));
    }
}
