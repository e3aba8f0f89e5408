//! Applications come and their switches turn: G1, G2 and the chosen roles of G4. Turning off holds, it destroys nothing.

use std::fmt;

use vocabulary::{Fault, Kind, Reason, Stale};

use crate::application::APPLICATIONS_PER_TENANT;
use crate::{Application, Decision, Moment, PerPurpose, State, touch};

/// Why an application is not registered or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchError {
    /// No such application.
    NotFound,
    /// It is registered with other switches.
    Exists,
    /// The tenant has as many as it may.
    TooMany,
    /// The application changed since the caller looked.
    Stale,
}

/// Registers an application. The same again with the same switches is nothing to decide.
///
/// # Errors
/// [`SwitchError::Exists`], [`SwitchError::TooMany`].
pub fn register(state: &State, application: Application, moment: Moment) -> Result<Decision, SwitchError> {
    match state.applications.get(&application.id) {
        Some(held) if held.same_as(&application) => Ok(Decision::at(moment)),
        Some(_) => Err(SwitchError::Exists),
        None if state.applications.len() >= APPLICATIONS_PER_TENANT => Err(SwitchError::TooMany),
        None => {
            let off = Application { feature: PerPurpose::default(), ..application.clone() };
            Ok(switched(state, &off, application, moment))
        }
    }
}

/// Replaces the switches of an application.
///
/// # Errors
/// [`SwitchError::NotFound`], [`SwitchError::Stale`].
pub fn update(state: &State, application: Application, expected: Option<u64>, moment: Moment) -> Result<Decision, SwitchError> {
    let held = state.applications.get(&application.id).ok_or(SwitchError::NotFound)?;
    Stale::check(expected, held.position).map_err(|Stale| SwitchError::Stale)?;
    if held.same_as(&application) {
        return Ok(Decision::at(moment));
    }
    Ok(switched(state, held, application, moment))
}

fn switched(state: &State, held: &Application, next: Application, moment: Moment) -> Decision {
    let application = held.switched(next, moment.time, moment.position);
    let others = state.applications.values().filter(|held| held.id != application.id);
    let after = state.gates_of(others.chain([&application]));
    let mut decision = Decision::at(moment);
    touch::everybody(&mut decision, state, &after);
    drop(after);
    decision.applications.push(application);
    decision
}

impl fmt::Display for SwitchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such application"),
            Self::Exists => f.write_str("is registered with other switches; update it instead"),
            Self::TooMany => write!(f, "a tenant has at most {APPLICATIONS_PER_TENANT} applications"),
            Self::Stale => Stale.fmt(f),
        }
    }
}

impl std::error::Error for SwitchError {}

impl From<SwitchError> for Fault {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::NotFound => Self::new(Kind::NotFound, Reason::ApplicationNotFound, error.to_string()),
            SwitchError::Exists | SwitchError::TooMany => Self::invalid_field("application.application_id", error.to_string()),
            SwitchError::Stale => Stale.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{application, granted, held, moment};

    #[test]
    fn switching_off_holds_and_switching_on_resumes_with_the_same_keys() {
        let mut state = granted();
        let keys: Vec<_> = state.keys().collect();
        for off in [application("crm", true, true, false), application("crm", false, false, true)] {
            let decision = update(&state, off, None, moment(state.position + 1)).unwrap();
            assert_eq!((decision.narrowing, decision.destroy.len(), decision.closed), (true, 0, 0));
            state.apply(&decision);
            assert_eq!((state.mailboxes_open(), state.keys().collect::<Vec<_>>()), (0, keys.clone()));
            let on = update(&state, application("crm", true, true, true), None, moment(state.position + 1)).unwrap();
            assert_eq!((on.narrowing, on.mint.len(), on.opened), (false, 0, 3));
            state.apply(&on);
        }
    }

    #[test]
    fn another_application_keeps_a_mailbox_open() {
        let mut state = granted();
        state.apply(&register(&state, application("dashboard", true, true, true), moment(8)).unwrap());
        let decision = update(&state, application("crm", false, false, false), None, moment(9)).unwrap();
        assert_eq!((decision.narrowing, decision.users.len()), (false, 0));
    }

    #[test]
    fn registering_and_updating_refuse_what_does_not_fit() {
        let mut state = granted();
        let crm = application("crm", true, true, true);
        assert!(register(&state, crm.clone(), moment(8)).unwrap().is_empty());
        assert_eq!(register(&state, application("crm", false, true, true), moment(8)), Err(SwitchError::Exists));
        assert_eq!(update(&state, application("absent", true, true, true), None, moment(8)), Err(SwitchError::NotFound));
        assert_eq!(update(&state, application("crm", false, true, true), Some(99), moment(8)), Err(SwitchError::Stale));
        for n in 1..APPLICATIONS_PER_TENANT {
            state.apply(&register(&state, application(&format!("app-{n}"), false, false, false), moment(8)).unwrap());
        }
        assert_eq!(register(&state, application("last", true, true, true), moment(9)), Err(SwitchError::TooMany));
    }

    #[test]
    fn a_feature_that_closes_touches_mailbox_data_only() {
        let state = granted();
        let decision = update(&state, application("crm", false, true, true), None, moment(8)).unwrap();
        assert_eq!((decision.users.len(), decision.narrowing), (3, true));
        let mut after = state.clone();
        after.apply(&decision);
        assert!(after.gates().may_be_named(&held(&after, 1), crate::Purpose::RelationshipAnalytics));
    }

    #[test]
    fn a_chosen_role_holds_everybody_else() {
        let mut state = granted();
        let sales = Application { roles: vec!["Sales".into()], ..application("crm", true, true, true) };
        let decision = update(&state, sales, None, moment(8)).unwrap();
        // Nobody has a role: all three are held and can no longer be named, nor can the room and the guest.
        assert_eq!((decision.users.len(), decision.closed, decision.narrowing), (state.directory.len(), 0, true));
        state.apply(&decision);
        assert_eq!((state.mailboxes_open(), state.keys().count()), (0, 9));
        assert!(!state.gates().may_be_named(&held(&state, 1), crate::Purpose::ConnectionGraph));
    }
}
