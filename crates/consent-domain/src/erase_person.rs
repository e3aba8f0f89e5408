//! An outside person is erased: the addresses are suppressed, and the ids behind them once they are known.

use vocabulary::PersonId;

use crate::{Decision, Erasure, ErasureKind, Moment, State};

/// Erases whoever has the addresses behind these keyed hashes. Narrowing even when they were erased before: what was learned since goes.
pub fn decide(state: &State, addresses: Vec<u128>, moment: Moment) -> Decision {
    let (number, kind) = (state.erased.number + 1, Some(ErasureKind::Person));
    let erasure = Erasure { number, kind, addresses, people: Vec::new(), looked_at: 0, user: None };
    Decision { narrowing: true, erasure: Some(erasure), ..Decision::at(moment) }
}

/// Erases the ids behind addresses that are erased, for which the dictionary was `looked_at` up to an erasure; nothing is decided when
/// all of them are known and no erasure `waits` for them.
pub fn name(state: &State, people: Vec<PersonId>, looked_at: u64, waits: bool, moment: Moment) -> Decision {
    if !waits && people.iter().all(|person| state.erased.people.contains(person)) {
        return Decision::at(moment);
    }
    let erasure = Erasure { number: state.erased.number + 1, kind: None, addresses: Vec::new(), people, looked_at, user: None };
    Decision { narrowing: true, erasure: Some(erasure), ..Decision::at(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{granted, moment};

    #[test]
    fn every_erasure_has_a_number_of_its_own_and_none_is_forgotten() {
        let mut state = granted();
        for (number, address) in [(1, 5), (2, 6), (3, 5)] {
            let decision = decide(&state, vec![address], moment(state.position + 1));
            assert_eq!(decision.erasure.as_ref().unwrap().number, number);
            state.apply(&decision);
        }
        assert_eq!(state.erased.addresses.len(), 2);
        let named = name(&state, vec![PersonId(9)], 3, true, moment(state.position + 1));
        state.apply(&named);
        assert_eq!((state.erased.number, state.erased.people.len()), (4, 1));
    }

    #[test]
    fn naming_again_decides_nothing() {
        let mut state = granted();
        state.apply(&decide(&state, vec![5], moment(state.position + 1)));
        let named = name(&state, vec![PersonId(9)], 3, true, moment(state.position + 1));
        state.apply(&named);
        assert!(name(&state, vec![PersonId(9)], 3, false, moment(state.position + 1)).is_empty());
        assert!(!name(&state, vec![PersonId(9), PersonId(10)], 3, false, moment(state.position + 1)).is_empty());
        assert!(!name(&state, Vec::new(), 3, true, moment(state.position + 1)).is_empty());
    }
}
