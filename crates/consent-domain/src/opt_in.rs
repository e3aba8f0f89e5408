//! A user opts in: opens G6, with new keys where all gates stand open. What was destroyed stays destroyed, and may be read anew.

use std::sync::Arc;

use crate::{Choice, Decision, Moment, PerPurpose, State, User, touch};

/// Opens G6 of a user for the purposes that `chosen` marks. What is collected anew reaches back as far as the data window does.
pub fn decide(state: &State, user: &Arc<User>, chosen: PerPurpose<bool>, moment: Moment) -> Decision {
    let choice = PerPurpose::from_fn(|purpose| if *chosen.of(purpose) { Choice::In } else { *user.choice.of(purpose) });
    let scope = PerPurpose::from_fn(|purpose| user.scope.of(purpose).filter(|_| !chosen.of(purpose)));
    let mut decision = Decision::at(moment);
    let gates = state.gates();
    touch::user(&mut decision, &gates, &gates, Some(user), User { choice, scope, ..User::clone(user) });
    decision
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{granted, held, moment};
    use crate::{Purpose, Settings, UserDefault};

    #[test]
    fn where_everybody_chooses_only_who_opted_in_is_read() {
        let mut state = granted();
        let settings = Settings { user_default: UserDefault::Out, ..state.settings.clone() };
        let gates = state.gates_with(&state.consent, &settings);
        let mut decision = Decision::at(moment(8));
        touch::everybody(&mut decision, &state, &gates);
        assert_eq!((decision.closed, decision.narrowing), (3, true));
        decision.settings = Some(settings);
        state.apply(&decision);
        let chosen = PerPurpose { analytics: false, graph: true };
        let back = decide(&state, &held(&state, 1), chosen, moment(9));
        assert_eq!((back.opened, back.mint.len(), back.narrowing), (1, 2, false));
        state.apply(&back);
        assert!(held(&state, 1).mailbox.is_open(Purpose::ConnectionGraph) && state.mailboxes_open() == 1);
        // The same again is nothing to decide.
        assert!(decide(&state, &held(&state, 1), chosen, moment(10)).is_empty());
    }
}
