//! The tenant key `names` is replaced, so that what was deleted under the old one is unreadable: a new key is minted, every store seals
//! anew, then the old key is destroyed.

use crate::{Decision, Moment, State};

/// Which keys `names` there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamesKey {
    /// The generation under which everything is sealed from now on; from 1.
    pub generation: u32,
    /// Whether the key of the generation before is still there, to be read with.
    pub retiring: bool,
}

impl Default for NamesKey {
    fn default() -> Self {
        Self { generation: 1, retiring: false }
    }
}

/// Begins: the next generation is minted, the present one is kept to read with. Nothing while one goes on.
pub fn begin(state: &State, moment: Moment) -> Decision {
    let names = NamesKey { generation: state.names.generation + 1, retiring: true };
    Decision { names: (!state.names.retiring).then_some(names), ..Decision::at(moment) }
}

/// Ends: the generation before is destroyed. Nothing when it is.
pub fn end(state: &State, moment: Moment) -> Decision {
    let names = NamesKey { retiring: false, ..state.names };
    Decision { names: state.names.retiring.then_some(names), ..Decision::at(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{granted, moment};

    #[test]
    fn one_rotation_ends_before_the_next_begins() {
        let mut state = granted();
        for generation in [2, 3] {
            assert!(end(&state, moment(20)).is_empty());
            let begun = begin(&state, moment(20));
            assert_eq!(begun.names, Some(NamesKey { generation, retiring: true }));
            state.apply(&begun);
            assert!(begin(&state, moment(21)).is_empty());
            state.apply(&end(&state, moment(21)));
            assert_eq!(state.names, NamesKey { generation, retiring: false });
        }
    }
}
