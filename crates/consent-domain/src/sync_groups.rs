//! The directory says who is in which security group. Joining an opted-out group has the effect of opting out, leaving it restores only
//! what is new (domain.md, section 7).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::group::GROUPS_PER_TENANT;
use crate::opt_group::regroup;
use crate::sync::{Mode, Refused};
use crate::{Allowed, Decision, Group, Groups, Moment, State, User, WouldDestroy};

/// A group, or a part of one: parts of the same group add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupEntry {
    /// The directory's id.
    pub external_id: Box<str>,
    /// For people.
    pub display_name: Box<str>,
    /// The users in it, by the directory's ids.
    pub members: Vec<Box<str>>,
    /// The groups in it, by the directory's ids.
    pub groups: Vec<Box<str>>,
}

/// What becomes of a sync of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsSynced {
    /// What is to be kept; empty when nothing changes.
    pub decision: Decision,
    /// Groups that are new.
    pub added: u64,
    /// Groups that changed.
    pub updated: u64,
    /// Groups that a full sync no longer names, and that are gone.
    pub removed: u64,
    /// Groups that a full sync no longer names, but that are opted out, or within a group that is: they stay as they were until that one
    /// is let in.
    pub kept: u64,
    /// Groups that were as kept.
    pub unchanged: u64,
    /// Entries that were not taken in; all others were.
    pub refused: Vec<Refused>,
}

/// Takes in groups, each with its place in the sync. `untouched` are ids of groups of which a part was refused before it came here: they
/// stay as they are.
///
/// # Errors
/// [`WouldDestroy`].
pub fn decide(
    state: &State,
    mode: Mode,
    entries: Vec<(u64, GroupEntry)>,
    untouched: &HashSet<Box<str>>,
    allowed: Allowed,
    moment: Moment,
) -> Result<GroupsSynced, WouldDestroy> {
    let mut synced = GroupsSynced { decision: Decision::at(moment), ..GroupsSynced::default() };
    let named = collect(state, entries, &mut synced.refused);
    let mut groups = Groups::clone(&state.groups);
    for (id, told) in named.iter() {
        let held = state.groups.0.get(id);
        let kept = held.cloned().unwrap_or_default();
        let next = Group { opted_out: kept.opted_out, position: kept.position, ..told.clone() };
        match held {
            Some(held) if *held == next => synced.unchanged += 1,
            _ => {
                *(if held.is_some() { &mut synced.updated } else { &mut synced.added }) += 1;
                let next = Group { position: moment.position, ..next };
                groups.0.insert(id.clone(), next.clone());
                synced.decision.groups.push((id.clone(), Some(next)));
            }
        }
    }
    if mode == Mode::Full {
        let staying: BTreeSet<Box<str>> = groups.opted_out_or_within().into_iter().map(Into::into).collect();
        for id in state.groups.0.keys().filter(|id| !named.contains_key(*id) && !untouched.contains(*id)) {
            if staying.contains(id) {
                synced.kept += 1;
                continue;
            }
            synced.removed += 1;
            groups.0.remove(id);
            synced.decision.groups.push((id.clone(), None));
        }
    }
    if !synced.decision.groups.is_empty() {
        let users: Vec<Arc<User>> = state.directory.users().cloned().collect();
        regroup(&mut synced.decision, state, &groups, users.iter());
    }
    allowed.check(state, &synced.decision)?;
    Ok(synced)
}

/// The groups that a sync names, with their parts put together.
fn collect(state: &State, entries: Vec<(u64, GroupEntry)>, refused: &mut Vec<Refused>) -> BTreeMap<Box<str>, Group> {
    let mut named: BTreeMap<Box<str>, Group> = BTreeMap::new();
    let mut new = 0;
    for (index, entry) in entries {
        let is_new = !state.groups.0.contains_key(&entry.external_id);
        let group = match named.entry(entry.external_id) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(_) if is_new && state.groups.0.len() + new >= GROUPS_PER_TENANT => {
                let description = format!("a tenant has at most {GROUPS_PER_TENANT} groups");
                refused.push(Refused { index, field: "external_id".to_owned(), description });
                continue;
            }
            Entry::Vacant(place) => {
                new += usize::from(is_new);
                place.insert(Group { display_name: entry.display_name, ..Group::default() })
            }
        };
        group.members.extend(entry.members);
        group.groups.extend(entry.groups);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{entry, granted, group_entry, held, later, moment, synced, with_group};
    use crate::{OptOutMode, PerPurpose, UserKind, opt_group};

    const BOTH: PerPurpose<bool> = PerPurpose { analytics: true, graph: true };

    fn run(state: &State, mode: Mode, groups: &[GroupEntry]) -> GroupsSynced {
        decide(state, mode, (0..).zip(groups.iter().cloned()).collect(), &HashSet::new(), Allowed::Few(0), later(30, 2)).unwrap()
    }

    fn opted_out(mode: OptOutMode) -> State {
        let mut state = with_group(granted(), "board", &["u1"]);
        state.apply(&opt_group::out(&state, "board", BOTH, mode, Allowed::Few(0), moment(9)).unwrap());
        state
    }

    #[test]
    fn a_sync_counts_what_is_new_changed_gone_kept_and_as_before() {
        let state = with_group(opted_out(OptOutMode::EraseHistory), "sales", &["u2"]);
        let check = |mode, groups: &[GroupEntry], expected: [u64; 5]| {
            let GroupsSynced { added, updated, removed, kept, unchanged, .. } = run(&state, mode, groups);
            assert_eq!([added, updated, removed, kept, unchanged], expected, "{mode:?} {groups:?}");
        };
        let sales = group_entry("sales", &["u2"], &[]);
        check(Mode::Delta, std::slice::from_ref(&sales), [0, 0, 0, 0, 1]);
        check(Mode::Delta, &[group_entry("sales", &["u1"], &[]), group_entry("new", &[], &[])], [1, 1, 0, 0, 0]);
        // An opted-out group that the directory dropped lets nobody in.
        check(Mode::Full, &[sales], [0, 0, 0, 1, 1]);
        check(Mode::Full, &[], [0, 0, 1, 1, 0]);
        let parts = [group_entry("parts", &["u1"], &[]), group_entry("parts", &["u2"], &["board"])];
        let synced = run(&state, Mode::Delta, &parts);
        let (_, Some(group)) = &synced.decision.groups[0] else { panic!("a group") };
        assert_eq!((group.members.len(), group.groups.len()), (2, 1));
    }

    #[test]
    fn a_full_sync_that_drops_an_opted_out_group_lets_nobody_in_through_the_groups_within() {
        let nest = [group_entry("board", &[], &["legal"]), group_entry("legal", &[], &["seniors"]), group_entry("seniors", &["u1"], &[])];
        let mut state = granted();
        state.apply(&run(&state, Mode::Delta, &nest).decision);
        state.apply(&opt_group::out(&state, "board", BOTH, OptOutMode::EraseHistory, Allowed::Few(0), moment(9)).unwrap());
        let check = |groups: &[GroupEntry], kept, opened| {
            let synced = run(&state, Mode::Full, groups);
            assert_eq!((synced.kept, synced.decision.opened), (kept, opened), "{groups:?}");
        };
        check(&[], 3, 0);
        check(&nest[..1], 2, 0);
        // The directory says so itself.
        check(&[group_entry("board", &[], &[])], 0, 1);
        check(&[group_entry("legal", &[], &[])], 1, 1);
    }

    #[test]
    fn joining_an_opted_out_group_closes_and_leaving_it_opens_for_what_is_new() {
        let mut state = opted_out(OptOutMode::EraseHistory);
        let swapped = run(&state, Mode::Delta, &[group_entry("board", &["u2"], &[])]).decision;
        assert_eq!((swapped.users.len(), swapped.closed, swapped.opened, swapped.narrowing), (2, 1, 1, true));
        state.apply(&swapped);
        assert!(held(&state, 2).mailbox.is_destroyed());
        let one = held(&state, 1);
        assert_eq!((one.mailbox.generation, one.scope.analytics), (2, Some(later(0, 2).time)));
        // Through another group as well.
        let nested = run(&state, Mode::Delta, &[group_entry("sub", &["u1"], &[]), group_entry("board", &["u2"], &["sub"])]).decision;
        assert_eq!((nested.users.len(), nested.closed), (1, 1));
    }

    #[test]
    fn who_is_in_an_opted_out_group_before_the_directory_names_them_never_opens() {
        let mut state = opted_out(OptOutMode::FutureOnly);
        state.apply(&run(&state, Mode::Delta, &[group_entry("board", &["u1", "u77"], &[])]).decision);
        let decision = synced(&state, &[entry(77, UserKind::Person)]);
        assert_eq!((decision.users.len(), decision.opened, decision.mint.len()), (1, 0, 0));
    }

    #[test]
    fn joining_in_numbers_needs_their_number() {
        let mut state = opted_out(OptOutMode::EraseHistory);
        let more: Vec<_> = (100..112).map(|id| entry(id, UserKind::Person)).collect();
        state.apply(&synced(&state, &more));
        let everybody: Vec<_> = (100..112).map(|id| format!("u{id}")).collect();
        let members: Vec<&str> = everybody.iter().map(String::as_str).collect();
        let decide = |allowed| {
            let closed = |synced: GroupsSynced| synced.decision.closed;
            decide(&state, Mode::Delta, vec![(0, group_entry("board", &members, &[]))], &HashSet::new(), allowed, later(30, 2)).map(closed)
        };
        assert_eq!(decide(Allowed::Few(0)), Err(WouldDestroy { mailboxes: 12, of: 14 }));
        assert_eq!(decide(Allowed::Few(12)), Ok(12));
    }
}
