//! A user opts in again: opens G6, with new keys where all gates stand open. What was destroyed stays destroyed.

use std::sync::Arc;

use crate::{Decision, PerPurpose, Purpose, State, User, touch};

/// Opens G6 of a user for the purposes that `chosen` marks.
pub fn decide(state: &State, user: &Arc<User>, chosen: PerPurpose<bool>, position: u64) -> Decision {
    let opted_out = PerPurpose::from_fn(|purpose: Purpose| *user.opted_out.of(purpose) && !chosen.of(purpose));
    let mut decision = Decision::at(position);
    let gates = state.gates();
    touch::user(&mut decision, &gates, &gates, Some(user), User { opted_out, ..User::clone(user) });
    decision
}
