//! A user is erased: their choices close for good, every key of the mailbox is destroyed, and the directory entry goes, from every group
//! too.

use std::sync::Arc;

use crate::{Decision, Erasure, ErasureKind, Group, Moment, PerPurpose, State, User, opt_out};

/// Erases a user; `addresses` are the keyed hashes of all their addresses.
pub fn decide(state: &State, user: &Arc<User>, addresses: Vec<u128>, moment: Moment) -> Decision {
    let both = PerPurpose { analytics: true, graph: true };
    let closing = opt_out::decide(state, user, both, moment);
    Decision {
        users: Vec::new(),
        groups: without(state, &user.entry.external_id, moment.position),
        narrowing: true,
        erasure: Some(Erasure {
            number: state.erased.number + 1,
            kind: Some(ErasureKind::User),
            addresses,
            people: Vec::new(),
            looked_at: 0,
            user: Some(user.id),
        }),
        ..closing
    }
}

/// The groups a user is in, without them.
fn without(state: &State, external_id: &str, position: u64) -> Vec<(Box<str>, Option<Group>)> {
    let naming = state.groups.0.iter().filter(|(_, group)| group.members.contains(external_id));
    let left = naming.map(|(id, group)| {
        let mut group = Group { position, ..group.clone() };
        group.members.remove(external_id);
        (id.clone(), Some(group))
    });
    left.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{granted, held, moment};

    #[test]
    fn an_erased_user_is_in_no_group() {
        let mut state = granted();
        let members = ["u1", "u2"].map(Into::into).into_iter().collect();
        let groups =
            std::collections::BTreeMap::from([("sales".into(), Group { members, ..Group::default() }), ("other".into(), Group::default())]);
        state.groups = Arc::new(crate::Groups(groups));
        let decision = decide(&state, &held(&state, 1), Vec::new(), moment(state.position + 1));
        assert_eq!(decision.groups.len(), 1);
        state.apply(&decision);
        let members: Vec<_> = state.groups.0["sales"].members.iter().map(AsRef::as_ref).collect();
        assert_eq!(members, ["u2"]);
    }

    #[test]
    fn an_erased_user_leaves_no_key_and_no_entry() {
        let mut state = granted();
        let (user, others) = (held(&state, 1), state.directory.len() - 1);
        let keys = user.mailbox.keys().count();
        let decision = decide(&state, &user, vec![7, 8], moment(state.position + 1));
        assert_eq!((decision.destroy.len(), decision.closed, decision.narrowing), (keys, 1, true));
        state.apply(&decision);
        assert!(state.directory.get(user.id).is_none());
        assert!(state.directory.at_address(&user.entry.addresses[0]).is_none());
        assert_eq!(state.directory.len(), others);
        assert!(state.keys().all(|key| key.user != user.id));
        assert_eq!((state.erased.number, state.erased.addresses.len()), (1, 2));
    }
}
