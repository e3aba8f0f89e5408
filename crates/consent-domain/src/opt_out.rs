//! A user opts out: closes G6 for one purpose or both, and destroys the keys.

use std::sync::Arc;

use crate::{Choice, Decision, Moment, PerPurpose, State, User, touch};

/// Closes G6 of a user for the purposes that `chosen` marks. What was closed before stays closed.
pub fn decide(state: &State, user: &Arc<User>, chosen: PerPurpose<bool>, moment: Moment) -> Decision {
    let choice = PerPurpose::from_fn(|purpose| if *chosen.of(purpose) { Choice::Out } else { *user.choice.of(purpose) });
    let mut decision = Decision::at(moment);
    let gates = state.gates();
    touch::user(&mut decision, &gates, &gates, Some(user), User { choice, ..User::clone(user) });
    decision
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{granted, held, moment, tenant};
    use crate::{Holder, MailboxState, Purpose, holding, opt_in};

    const BOTH: PerPurpose<bool> = PerPurpose { analytics: true, graph: true };
    const GRAPH: PerPurpose<bool> = PerPurpose { analytics: false, graph: true };

    #[test]
    fn opting_out_of_one_purpose_leaves_the_other() {
        let mut state = granted();
        let decision = decide(&state, &held(&state, 1), GRAPH, moment(8));
        assert_eq!((decision.users.len(), decision.destroy.len(), decision.closed, decision.narrowing), (1, 1, 1, true));
        state.apply(&decision);
        let user = held(&state, 1);
        let states = [Holder::Ingestion, Holder::Analytics, Holder::Graph].map(|holder| holding(&user, holder).state);
        assert_eq!(states, [MailboxState::Open, MailboxState::Open, MailboxState::Destroyed]);
        // The same again is nothing to decide.
        assert!(decide(&state, &user, GRAPH, moment(9)).is_empty());
    }

    #[test]
    fn opting_in_again_begins_anew() {
        let mut state = granted();
        state.apply(&decide(&state, &held(&state, 1), BOTH, moment(8)));
        let back = opt_in::decide(&state, &held(&state, 1), GRAPH, moment(9));
        assert_eq!((back.mint.len(), back.narrowing, back.opened), (2, false, 1));
        assert!(back.mint.iter().all(|name| name.generation == 2));
        state.apply(&back);
        let rest = opt_in::decide(&state, &held(&state, 1), BOTH, moment(10));
        assert!(rest.mint.iter().all(|name| name.generation == 2) && rest.mint.len() == 1);
        assert_eq!(rest.users[0].mailbox.intervals.analytics[0].from, 10);
    }

    #[test]
    fn an_opt_out_without_an_open_mailbox_still_takes_the_name_away() {
        let mut state = tenant();
        let decision = decide(&state, &held(&state, 1), BOTH, moment(8));
        assert_eq!((decision.narrowing, decision.closed, decision.destroy.len()), (true, 0, 0));
        state.apply(&decision);
        assert!(!state.gates().may_be_named(&held(&state, 1), Purpose::ConnectionGraph));
    }
}
