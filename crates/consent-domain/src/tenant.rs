//! Tenants are made and their settings change.

use vocabulary::{Address, Fault, Kind, Reason, Stale, TenantId};

use crate::{Decision, Settings, State, UnrecordedPeople};

/// The tenant's id is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exists;

impl From<Exists> for Fault {
    fn from(Exists: Exists) -> Self {
        Self::new(Kind::AlreadyExists, Reason::TenantExists, "there is a tenant of that id")
    }
}

/// Makes a tenant: no applications, no users, no consent.
///
/// # Errors
/// [`Exists`] when there is one of that id.
pub fn create(held: Option<&State>, tenant: TenantId, settings: Settings) -> Result<State, Exists> {
    match held {
        Some(_) => Err(Exists),
        None => Ok(State::new(tenant, settings)),
    }
}

/// Changes of a tenant's settings; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// For people.
    pub display_name: Option<Box<str>>,
    /// All verified domains.
    pub domains: Option<Vec<Box<str>>>,
    /// How far back interactions count, in days.
    pub data_window_days: Option<u16>,
    /// All known lists.
    pub known_lists: Option<Vec<Address>>,
    /// Whether people who are on no CRM record may be asked about.
    pub unrecorded_people: Option<UnrecordedPeople>,
    /// The position of the settings that the caller saw; absent: whichever.
    pub expected: Option<u64>,
}

/// Changes the settings of a tenant.
///
/// # Errors
/// [`Stale`].
pub fn update(state: &State, command: &Update, position: u64) -> Result<Decision, Stale> {
    let held = &state.settings;
    Stale::check(command.expected, held.position)?;
    let mut next = held.clone();
    if let Some(display_name) = &command.display_name {
        next.display_name = display_name.clone();
    }
    if let Some(domains) = &command.domains {
        next.domains = domains.clone();
    }
    if let Some(days) = command.data_window_days {
        next.data_window_days = days;
    }
    if let Some(known_lists) = &command.known_lists {
        next.known_lists = known_lists.clone();
    }
    if let Some(unrecorded_people) = command.unrecorded_people {
        next.unrecorded_people = unrecorded_people;
    }
    let mut decision = Decision::at(position);
    if next != *held {
        decision.narrowing = held.narrowed_by(&next);
        decision.settings = Some(Settings { position, ..next });
    }
    Ok(decision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn only_what_is_named_changes_and_only_less_is_narrowing() {
        let state = testing::tenant();
        let check = |command: Update, narrowing, changes: bool| {
            let decision = update(&state, &command, 9).unwrap();
            assert_eq!((decision.narrowing, decision.settings.is_some()), (narrowing, changes), "{command:?}");
            if let Some(settings) = decision.settings {
                assert_eq!((settings.position, settings.create_time), (9, state.settings.create_time));
            }
        };
        check(Update::default(), false, false);
        check(Update { data_window_days: Some(365), ..Update::default() }, false, false);
        check(Update { data_window_days: Some(730), ..Update::default() }, false, true);
        check(Update { data_window_days: Some(30), ..Update::default() }, true, true);
        check(Update { display_name: Some("Contoso Ltd".into()), ..Update::default() }, false, true);
        check(Update { unrecorded_people: Some(UnrecordedPeople::Visible), ..Update::default() }, false, true);
        assert_eq!(update(&state, &Update { expected: Some(77), ..Update::default() }, 9), Err(Stale));
        let visible = Update { unrecorded_people: Some(UnrecordedPeople::Visible), ..Update::default() };
        let mut shown = state.clone();
        shown.apply(&update(&state, &visible, 9).unwrap());
        let hidden = Update { unrecorded_people: Some(UnrecordedPeople::Hidden), expected: Some(9), ..Update::default() };
        assert!(update(&shown, &hidden, 10).unwrap().narrowing);
        assert_eq!(create(Some(&state), state.tenant.clone(), state.settings.clone()).unwrap_err(), Exists);
    }
}
