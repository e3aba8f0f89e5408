//! Consent goes on from an old state: decisions are missing, and nobody knows which. Whatever they may have withdrawn is withdrawn, and
//! whatever they may have numbered is passed over.

use std::sync::Arc;

use crate::{Decision, Erasure, ErasureKind, KeyName, Mailbox, Moment, NamesKey, State, TenantConsent, User};

/// By how much positions, starts and erasures are raised: more than one of them for every millisecond of a month.
pub const NUMBERS_LOST: u64 = 1 << 32;

/// By how much generations are raised: more than a mailbox is opened anew in years.
pub const GENERATIONS_LOST: u32 = 1 << 16;

/// Withdraws a tenant's consent and raises the generation of every mailbox above any that a missing decision may have begun, so that no
/// key is ever minted under a name that something is sealed under. `names` are the keys that there are.
///
/// What cannot be known stays to be decided again: personal choices, groups and erasures since.
pub fn decide(state: &State, names: NamesKey, moment: Moment) -> Decision {
    let mut decision = Decision::at(moment);
    for user in state.directory.users() {
        let held = &user.mailbox;
        decision.destroy.extend(held.keys().map(|part| KeyName { user: user.id, generation: held.generation, part }));
        decision.closed += u64::from(held.has_keys());
        let mailbox = Mailbox { generation: held.generation.saturating_add(GENERATIONS_LOST), ..Mailbox::default() };
        decision.users.push(Arc::new(User { mailbox, ..User::clone(user) }));
    }
    decision.consent = Some(match state.consent.granted {
        true => TenantConsent { granted: false, revoke_time: Some(moment.time), ..state.consent.clone() },
        false => state.consent.clone(),
    });
    decision.names = (names != state.names).then_some(names);
    let number = state.erased.number + NUMBERS_LOST;
    let (addresses, people) = Default::default();
    decision.erasure = Some(Erasure { number, kind: Some(ErasureKind::Withdrawal), addresses, people, looked_at: 0, user: None });
    decision.narrowing = true;
    decision
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::grant;
    use crate::testing::{self, granted, later, tenant};
    use crate::{ConsentType, Purpose};

    #[test]
    fn everything_is_withdrawn_and_no_name_of_a_key_comes_again() {
        let mut state = granted();
        let before: BTreeSet<_> = state.keys().collect();
        let names = NamesKey { generation: 2, retiring: true };
        let recovered = decide(&state, names, later(NUMBERS_LOST, 1));
        assert_eq!(recovered.destroy.iter().copied().collect::<BTreeSet<_>>(), before);
        assert_eq!((recovered.closed, recovered.opened, recovered.narrowing), (3, 0, true));
        let last = state.erased.number;
        state.apply(&recovered);
        assert_eq!((state.keys().count(), state.mailboxes_open(), state.names), (0, 0, names));
        assert!(!state.consent.granted && state.consent.revoke_time == Some(later(0, 1).time));
        assert_eq!((state.position, state.erased.number), (NUMBERS_LOST, last + NUMBERS_LOST));
        let again = grant::decide(&state, &testing::grant(ConsentType::IdentifiableInsights), later(NUMBERS_LOST + 1, 1)).unwrap();
        assert_eq!(again.opened, 3);
        assert!(again.mint.iter().all(|name| name.generation == GENERATIONS_LOST + 2));
    }

    #[test]
    fn a_mailbox_that_never_opened_may_have_opened_in_what_is_lost() {
        let mut state = tenant();
        assert!(!state.consent.granted);
        state.apply(&decide(&state, NamesKey::default(), later(NUMBERS_LOST, 1)));
        assert!(!state.consent.granted && state.consent.revoke_time.is_none() && state.names == NamesKey::default());
        for user in state.directory.users() {
            assert!(user.mailbox.generation == GENERATIONS_LOST && !Purpose::ALL.into_iter().any(|purpose| user.mailbox.has_key(purpose)));
        }
    }
}
