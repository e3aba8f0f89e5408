//! A security group is opted out and in again (gate G5). Joining and leaving an opted-out group is in `sync_groups`.

use std::fmt;
use std::sync::Arc;

use vocabulary::{Fault, Reason};

use crate::{Allowed, Decision, Group, Groups, Moment, OptOutMode, PerPurpose, State, User, WouldDestroy, touch};

/// Why a group is not opted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptOutError {
    /// The directory named no such group.
    NotFound,
    /// It would destroy many mailboxes, and does not name their number.
    WouldDestroy(WouldDestroy),
}

/// Opts a group out of the purposes that `chosen` marks. Opted out before in the other mode, the group has the new one from now on:
/// what was kept is destroyed, what was destroyed stays so.
///
/// # Errors
/// [`OptOutError`].
pub fn out(
    state: &State,
    id: &str,
    chosen: PerPurpose<bool>,
    mode: OptOutMode,
    allowed: Allowed,
    moment: Moment,
) -> Result<Decision, OptOutError> {
    let held = state.groups.0.get(id).ok_or(OptOutError::NotFound)?;
    let opted_out = PerPurpose::from_fn(|purpose| if *chosen.of(purpose) { Some(mode) } else { *held.opted_out.of(purpose) });
    let decision = decide(state, id, Group { opted_out, ..held.clone() }, moment);
    allowed.check(state, &decision).map_err(OptOutError::WouldDestroy)?;
    Ok(decision)
}

/// Lets a group in again for the purposes that `chosen` marks: only what is new from now on is collected from its members.
///
/// # Errors
/// [`OptOutError::NotFound`].
pub fn back_in(state: &State, id: &str, chosen: PerPurpose<bool>, moment: Moment) -> Result<Decision, OptOutError> {
    let held = state.groups.0.get(id).ok_or(OptOutError::NotFound)?;
    let opted_out = PerPurpose::from_fn(|purpose| held.opted_out.of(purpose).filter(|_| !chosen.of(purpose)));
    Ok(decide(state, id, Group { opted_out, ..held.clone() }, moment))
}

fn decide(state: &State, id: &str, next: Group, moment: Moment) -> Decision {
    let mut decision = Decision::at(moment);
    if state.groups.0.get(id) == Some(&next) {
        return decision;
    }
    let mut groups = Groups::clone(&state.groups);
    let next = Group { position: moment.position, ..next };
    groups.0.insert(id.into(), next.clone());
    let members: Vec<Arc<User>> =
        groups.everybody_in(id).into_iter().filter_map(|member| state.directory.of_external_id(member).cloned()).collect();
    regroup(&mut decision, state, &groups, members.iter());
    decision.groups.push((id.into(), Some(next)));
    decision
}

/// Settles these users under what the groups now do to them.
pub(crate) fn regroup<'a>(decision: &mut Decision, state: &State, groups: &Groups, users: impl Iterator<Item = &'a Arc<User>>) {
    let (gates, reach) = (state.gates(), groups.reach());
    for held in users {
        let grouped = reach.get(&held.entry.external_id).copied().unwrap_or_default();
        if grouped != held.grouped {
            let next = User::clone(held).regrouped(grouped, decision.moment.time);
            touch::user(decision, &gates, &gates, Some(held), next);
        }
    }
}

impl fmt::Display for OptOutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such group"),
            Self::WouldDestroy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OptOutError {}

impl From<OptOutError> for Fault {
    fn from(error: OptOutError) -> Self {
        match error {
            OptOutError::NotFound => Self::not_found(Reason::GroupNotFound, error.to_string()),
            OptOutError::WouldDestroy(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OptOutMode::{EraseHistory, FutureOnly};
    use super::*;
    use crate::testing::{INSTANT, granted, held, later, moment, with_group};
    use crate::{Holder, MailboxState, Purpose, holding, opt_in};

    const BOTH: PerPurpose<bool> = PerPurpose { analytics: true, graph: true };
    const GRAPH: PerPurpose<bool> = PerPurpose { analytics: false, graph: true };

    fn states(state: &State, id: u64) -> [MailboxState; 3] {
        [Holder::Ingestion, Holder::Analytics, Holder::Graph].map(|holder| holding(&held(state, id), holder).state)
    }

    #[test]
    fn a_group_that_erases_destroys_and_one_for_the_future_keeps() {
        use MailboxState::{Destroyed, Held, Open};
        let check = |chosen, mode, expected: [MailboxState; 3], closed, named: [bool; 2]| {
            let mut state = with_group(granted(), "board", &["u1"]);
            let decision = out(&state, "board", chosen, mode, Allowed::Few(0), moment(9)).unwrap();
            assert_eq!((decision.users.len(), decision.closed, decision.narrowing), (1, closed, true), "{mode:?}");
            state.apply(&decision);
            assert_eq!((states(&state, 1), states(&state, 2)), (expected, [Open, Open, Open]), "{mode:?} {chosen:?}");
            let gates = state.gates();
            assert_eq!(Purpose::ALL.map(|purpose| gates.may_be_named(&held(&state, 1), purpose)), named, "{mode:?} {chosen:?}");
            // The same again is nothing to decide.
            assert!(out(&state, "board", chosen, mode, Allowed::Few(0), moment(10)).unwrap().is_empty());
        };
        check(BOTH, EraseHistory, [Destroyed, Destroyed, Destroyed], 1, [false, false]);
        check(GRAPH, EraseHistory, [Open, Open, Destroyed], 1, [true, false]);
        check(BOTH, FutureOnly, [Held, Open, Open], 0, [true, true]);
        check(GRAPH, FutureOnly, [Open, Open, Open], 0, [true, true]);
    }

    #[test]
    fn let_in_again_only_what_is_new_is_collected_until_the_user_opts_in() {
        for (mode, generation) in [(EraseHistory, 2), (FutureOnly, 1)] {
            let mut state = with_group(granted(), "board", &["u1"]);
            state.apply(&out(&state, "board", BOTH, mode, Allowed::Few(0), moment(9)).unwrap());
            let back = back_in(&state, "board", BOTH, later(10, 3)).unwrap();
            assert!(!back.narrowing && back.opened == 1);
            state.apply(&back);
            let user = held(&state, 1);
            assert_eq!((user.mailbox.generation, user.scope.graph), (generation, Some(INSTANT.plus_days(3))));
            assert_eq!(user.mailbox.intervals.graph.last().unwrap().scope, Some(INSTANT.plus_days(3)));
            let own_word = opt_in::decide(&state, &user, BOTH, moment(11));
            assert!(!own_word.narrowing && own_word.mint.is_empty());
            state.apply(&own_word);
            let user = held(&state, 1);
            assert_eq!((user.scope, user.mailbox.intervals.graph.last().unwrap().scope), (PerPurpose::default(), None));
        }
    }

    #[test]
    fn a_stricter_mode_reaches_what_was_kept() {
        let mut state = with_group(granted(), "board", &["u1"]);
        state.apply(&out(&state, "board", BOTH, FutureOnly, Allowed::Few(0), moment(9)).unwrap());
        let stricter = out(&state, "board", BOTH, EraseHistory, Allowed::Few(0), moment(10)).unwrap();
        assert_eq!((stricter.closed, stricter.destroy.len()), (1, 3));
        assert_eq!(out(&state, "none", BOTH, FutureOnly, Allowed::Any, moment(9)), Err(OptOutError::NotFound));
    }
}
