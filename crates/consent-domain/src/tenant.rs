//! Tenants are made and their settings change.

use std::fmt;
use std::sync::Arc;

use vocabulary::{Address, Fault, Kind, Reason, Stale, TenantId};

use crate::{Allowed, Decision, DepartedPolicy, Moment, Settings, State, UnrecordedPeople, UserDefault, WouldDestroy, touch};

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
pub fn create(held: Option<&State>, tenant: TenantId, settings: Settings, allowed_regions: Arc<[Box<str>]>) -> Result<State, Exists> {
    match held {
        Some(_) => Err(Exists),
        None => Ok(State::new(tenant, settings, allowed_regions)),
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
    /// Where the tenant's data belongs.
    pub region: Option<Box<str>>,
    /// What holds for a user who has chosen nothing.
    pub user_default: Option<UserDefault>,
    /// What becomes of the mailboxes of those who leave.
    pub departed: Option<DepartedPolicy>,
    /// The position of the settings that the caller saw; absent: whichever.
    pub expected: Option<u64>,
}

/// Why settings are not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// The tenant changed since the caller looked.
    Stale,
    /// It would destroy many mailboxes, and does not name their number.
    WouldDestroy(WouldDestroy),
}

/// Changes the settings of a tenant. A region that is not allowed holds every mailbox; a stricter default or policy destroys those it
/// reaches.
///
/// # Errors
/// [`UpdateError`].
pub fn update(state: &State, command: &Update, allowed: Allowed, moment: Moment) -> Result<Decision, UpdateError> {
    let held = &state.settings;
    Stale::check(command.expected, held.position).map_err(|Stale| UpdateError::Stale)?;
    let next = command.applied(held);
    let mut decision = Decision::at(moment);
    if next != *held {
        decision.narrowing = held.narrowed_by(&next);
        touch::everybody(&mut decision, state, &state.gates_with(&state.consent, &next));
        allowed.check(state, &decision).map_err(UpdateError::WouldDestroy)?;
        decision.settings = Some(Settings { position: moment.position, ..next });
    }
    Ok(decision)
}

impl Update {
    /// These settings with what is named replaced.
    fn applied(&self, held: &Settings) -> Settings {
        let held = held.clone();
        Settings {
            display_name: self.display_name.clone().unwrap_or(held.display_name),
            domains: self.domains.clone().unwrap_or(held.domains),
            data_window_days: self.data_window_days.unwrap_or(held.data_window_days),
            known_lists: self.known_lists.clone().unwrap_or(held.known_lists),
            unrecorded_people: self.unrecorded_people.unwrap_or(held.unrecorded_people),
            region: self.region.clone().unwrap_or(held.region),
            user_default: self.user_default.unwrap_or(held.user_default),
            departed: self.departed.unwrap_or(held.departed),
            ..held
        }
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => Stale.fmt(f),
            Self::WouldDestroy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UpdateError {}

impl From<UpdateError> for Fault {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Stale => Stale.into(),
            UpdateError::WouldDestroy(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, granted, held, moment};

    #[test]
    fn only_what_is_named_changes_and_only_less_is_narrowing() {
        let state = testing::tenant();
        let check = |command: Update, narrowing, changes: bool| {
            let decision = update(&state, &command, Allowed::Few(0), moment(9)).unwrap();
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
        let stale = Update { expected: Some(77), ..Update::default() };
        assert_eq!(update(&state, &stale, Allowed::Any, moment(9)), Err(UpdateError::Stale));
        let visible = Update { unrecorded_people: Some(UnrecordedPeople::Visible), ..Update::default() };
        let mut shown = state.clone();
        shown.apply(&update(&state, &visible, Allowed::Few(0), moment(9)).unwrap());
        let hidden = Update { unrecorded_people: Some(UnrecordedPeople::Hidden), expected: Some(9), ..Update::default() };
        assert!(update(&shown, &hidden, Allowed::Few(0), moment(10)).unwrap().narrowing);
        assert_eq!(create(Some(&state), state.tenant.clone(), state.settings.clone(), Arc::default()).unwrap_err(), Exists);
    }

    #[test]
    fn a_region_that_is_not_allowed_holds_and_a_stricter_policy_destroys() {
        let mut state = granted();
        state.allowed_regions = ["eu".into(), "".into()].into();
        let there = |region: &str| Update { region: Some(region.into()), ..Update::default() };
        let away = update(&state, &there("us"), Allowed::Few(0), moment(8)).unwrap();
        assert_eq!((away.users.len(), away.closed, away.narrowing), (3, 0, true));
        state.apply(&away);
        assert_eq!((state.mailboxes_open(), state.keys().count()), (0, 9));
        let back = update(&state, &there("eu"), Allowed::Few(0), moment(9)).unwrap();
        assert_eq!((back.mint.len(), back.narrowing), (0, false));
        state.apply(&back);
        assert_eq!(state.mailboxes_open(), 3);

        let mut left = crate::User::clone(&held(&state, 1));
        left.departed = true;
        testing::put(&mut state, [left]);
        let erasing = Update { departed: Some(DepartedPolicy::Erase), ..Update::default() };
        let erased = update(&state, &erasing, Allowed::Few(0), moment(10)).unwrap();
        assert_eq!((erased.users.len(), erased.closed, erased.narrowing), (1, 1, true));
        let choosing = Update { user_default: Some(UserDefault::Out), ..Update::default() };
        assert_eq!(update(&state, &choosing, Allowed::Few(0), moment(10)).unwrap().closed, 3);
    }
}
