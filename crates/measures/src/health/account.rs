//! The health of an account: its best relationship, and whether it hangs by a single thread.

use super::{Health, State};

/// What an account shows of the health of its contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account<K> {
    /// The contact whose health the account shows, with that contact's factors; none when no contact has a score.
    pub best: Option<K>,
    /// The state of the best contact; without a score, the most telling state among the contacts.
    pub state: State,
    /// Contacts graded good.
    pub good: u32,
    /// Contacts graded fair.
    pub fair: u32,
    /// Contacts graded poor.
    pub poor: u32,
}

impl<K> Account<K> {
    /// Contacts graded fair or better; 1 means a single thread.
    pub fn breadth(&self) -> u32 {
        self.good + self.fair
    }
}

/// Rolls the health of contacts up to their account: the highest score, and among equals the smallest key (Rapport rule).
pub fn roll_up<'a, K: Ord>(contacts: impl IntoIterator<Item = (K, &'a Health)>) -> Account<K> {
    let mut account = Account { best: None, state: State::NoClosedActivities, good: 0, fair: 0, poor: 0 };
    let mut best: Option<(u8, K, State)> = None;
    for (key, health) in contacts {
        match health.state {
            State::Good => account.good += 1,
            State::Fair => account.fair += 1,
            State::Poor => account.poor += 1,
            unscored => account.state = more_telling(account.state, unscored),
        }
        let Some(measured) = &health.measured else { continue };
        let better = best.as_ref().is_none_or(|(score, held, _)| measured.score > *score || (measured.score == *score && key < *held));
        if better {
            best = Some((measured.score, key, health.state));
        }
    }
    if let Some((_, key, state)) = best {
        account.best = Some(key);
        account.state = state;
    }
    account
}

/// What is still being computed may yet become a score; what failed is worth knowing; few events say more than none.
fn more_telling(held: State, next: State) -> State {
    let order = [State::ComputationInProgress, State::SomethingWentWrong, State::NotEnoughInfo];
    order.into_iter().find(|state| *state == held || *state == next).unwrap_or(held)
}
