//! The directory says who is here: users come, change and leave, and mailboxes open and close with them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use vocabulary::{Address, UserId};

use crate::{Allowed, Choice, Decision, DirectoryEntry, Moment, PerPurpose, State, User, WouldDestroy, touch};

/// How a sync relates to what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Adds to and changes what is kept.
    Delta,
    /// Replaces what is kept: whoever is not named has departed.
    Full,
}

/// An entry that was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Its place in the sync, from 0.
    pub index: u64,
    /// The field that is wrong.
    pub field: String,
    /// What is wrong with it; never its value.
    pub description: String,
}

/// What becomes of a sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// What is to be kept; empty when nothing changes.
    pub decision: Decision,
    /// Entries that are new.
    pub added: u64,
    /// Entries that changed, or came back.
    pub updated: u64,
    /// Users whom a full sync no longer names.
    pub departed: u64,
    /// Entries that were as kept.
    pub unchanged: u64,
    /// Entries that were not taken in; all others were.
    pub refused: Vec<Refused>,
}

/// Takes in entries, each with its place in the sync. `also_named` are ids of entries that were refused before they came here: they are
/// named all the same, so a full sync does not count them as departed. `newcomer` gives somebody new an id nobody
/// has, and what they chose before, if they were erased.
///
/// # Errors
/// [`WouldDestroy`].
pub fn decide(
    state: &State,
    mode: Mode,
    entries: Vec<(u64, DirectoryEntry)>,
    also_named: &HashSet<Box<str>>,
    allowed: Allowed,
    mut newcomer: impl FnMut(&DirectoryEntry) -> (UserId, PerPurpose<Choice>),
    moment: Moment,
) -> Result<Synced, WouldDestroy> {
    let mut synced = Synced { decision: Decision::at(moment), ..Synced::default() };
    let gates = state.gates();
    let reach = state.groups.reach();
    let mut claims = Claims { state, taken: HashMap::new(), dropped: HashSet::new() };
    let mut named: HashSet<Box<str>> = also_named.clone();
    let mut touched: BTreeMap<u64, (Option<Arc<User>>, User)> = BTreeMap::new();
    for (index, entry) in entries {
        if !named.insert(entry.external_id.clone()) {
            synced.refused.push(refused(index, "external_id", "stands in this sync already"));
            continue;
        }
        let held = state.directory.of_external_id(&entry.external_id).cloned();
        if let Some(at) = claims.first_foreign(&entry.addresses, held.as_deref()) {
            synced.refused.push(refused(index, &format!("addresses[{at}]"), "belongs to another user"));
            continue;
        }
        let next = match &held {
            Some(held) if *held.entry == entry && !held.departed => {
                claims.take(held.id, &entry.addresses, None);
                synced.unchanged += 1;
                continue;
            }
            Some(held) => {
                synced.updated += 1;
                let entry = if *held.entry == entry { Arc::clone(&held.entry) } else { Arc::new(entry) };
                User { entry, departed: false, ..User::clone(held) }
            }
            None => {
                synced.added += 1;
                let grouped = reach.get(&entry.external_id).copied().unwrap_or_default();
                let (id, choice) = newcomer(&entry);
                User { grouped, choice, ..User::new(id, Arc::new(entry)) }
            }
        };
        claims.take(next.id, &next.entry.addresses, held.as_deref());
        touched.insert(index, (held, next));
    }
    for (held, next) in touched.into_values() {
        touch::user(&mut synced.decision, &gates, &gates, held.as_ref(), next);
    }
    if mode == Mode::Full {
        let gone = state.directory.users().filter(|held| !held.departed && !named.contains(&held.entry.external_id));
        for held in gone {
            synced.departed += 1;
            touch::user(&mut synced.decision, &gates, &gates, Some(held), User { departed: true, ..User::clone(held) });
        }
    }
    allowed.check(state, &synced.decision)?;
    Ok(synced)
}

fn refused(index: u64, field: &str, description: &str) -> Refused {
    Refused { index, field: field.to_owned(), description: description.to_owned() }
}

/// Which addresses belong to whom while a sync is taken in, entry by entry.
struct Claims<'a> {
    state: &'a State,
    /// Addresses this sync gave to somebody.
    taken: HashMap<Address, UserId>,
    /// Addresses this sync took from whoever had them.
    dropped: HashSet<Address>,
}

impl Claims<'_> {
    /// The place of the first address that belongs to somebody else, or stands there twice.
    fn first_foreign(&self, addresses: &[Address], held: Option<&User>) -> Option<usize> {
        let own = held.map(|held| held.id);
        (0..addresses.len()).find(|&at| {
            let address = &addresses[at];
            let owner = self.taken.get(address).copied().or_else(|| {
                let kept = self.state.directory.at_address(address).filter(|_| !self.dropped.contains(address));
                kept.map(|user| user.id)
            });
            addresses[..at].contains(address) || owner.is_some_and(|owner| Some(owner) != own)
        })
    }

    fn take(&mut self, id: UserId, addresses: &[Address], held: Option<&User>) {
        if let Some(held) = held {
            self.dropped.extend(held.entry.addresses.iter().filter(|address| !addresses.contains(address)).cloned());
        }
        self.taken.extend(addresses.iter().map(|address| (address.clone(), id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{Fault, Kind, Reason};

    use crate::testing::{entry, granted, held, moment, tenant};
    use crate::{Holder, MailboxState, PerPurpose, Purpose, UserKind, holding, opt_out};

    fn run(state: &State, mode: Mode, entries: &[DirectoryEntry]) -> Synced {
        run_allowed(state, mode, entries, Allowed::Few(0)).unwrap()
    }

    fn run_allowed(state: &State, mode: Mode, entries: &[DirectoryEntry], allowed: Allowed) -> Result<Synced, WouldDestroy> {
        let mut next = 1000;
        let mint = |_: &DirectoryEntry| {
            next += 1;
            (UserId(next), PerPurpose::default())
        };
        decide(state, mode, (0..).zip(entries.iter().cloned()).collect(), &HashSet::new(), allowed, mint, moment(state.position + 1))
    }

    fn with_addresses(id: u64, addresses: &[&str]) -> DirectoryEntry {
        let addresses = addresses.iter().map(|text| Address::parse(text).unwrap()).collect();
        DirectoryEntry { addresses, ..entry(id, UserKind::Person) }
    }

    #[test]
    fn a_sync_counts_what_is_new_changed_gone_and_as_before() {
        let check = |mode, entries: &[DirectoryEntry], expected: (u64, u64, u64, u64, usize), narrowing| {
            let synced = run(&tenant(), mode, entries);
            let counts = (synced.added, synced.updated, synced.departed, synced.unchanged, synced.refused.len());
            assert_eq!((counts, synced.decision.narrowing), (expected, narrowing), "{mode:?} {entries:?}");
        };
        let (one, two) = (entry(1, UserKind::Person), entry(2, UserKind::Person));
        let renamed = DirectoryEntry { display_name: "Other".into(), ..one.clone() };
        check(Mode::Delta, &[one.clone(), two.clone()], (0, 0, 0, 2, 0), false);
        check(Mode::Delta, &[renamed, entry(50, UserKind::Person)], (1, 1, 0, 0, 0), false);
        // The tenant of these tests has five entries.
        check(Mode::Full, &[one.clone(), two.clone()], (0, 0, 3, 2, 0), true);
        check(Mode::Full, &[], (0, 0, 5, 0, 0), true);
        check(Mode::Delta, &[one.clone(), one], (0, 0, 0, 1, 1), false);
        check(Mode::Delta, &[entry(2, UserKind::List)], (0, 1, 0, 0, 0), true);
    }

    #[test]
    fn an_address_belongs_to_one_user() {
        let state = tenant();
        let own = |id: u64| entry(id, UserKind::Person).addresses[0].as_str().to_owned();
        let check = |entries: &[DirectoryEntry], expected: &[(u64, &str)]| {
            let synced = run(&state, Mode::Delta, entries);
            let refused: Vec<_> = synced.refused.iter().map(|refused| (refused.index, refused.field.as_str())).collect();
            assert_eq!(refused, expected);
        };
        check(&[with_addresses(50, &["new@example.com", &own(1)])], &[(0, "addresses[1]")]);
        check(&[with_addresses(50, &["new@example.com", "new@example.com"])], &[(0, "addresses[1]")]);
        check(&[with_addresses(50, &["new@example.com"]), with_addresses(51, &["new@example.com"])], &[(1, "addresses[0]")]);
        // Given up earlier in the same sync, it is free.
        check(&[with_addresses(1, &["moved@example.com"]), with_addresses(50, &[&own(1)])], &[]);
        check(&[with_addresses(50, &[&own(1)]), with_addresses(1, &["moved@example.com"])], &[(0, "addresses[0]")]);
    }

    #[test]
    fn new_people_open_and_entries_that_are_no_mailbox_any_more_close() {
        let mut state = granted();
        let synced = run(&state, Mode::Delta, &[entry(50, UserKind::Person), entry(1, UserKind::List)]);
        let decision = &synced.decision;
        assert_eq!((decision.opened, decision.closed, decision.mint.len(), decision.destroy.len()), (1, 1, 3, 3));
        assert!(decision.narrowing);
        state.apply(decision);
        assert!(held(&state, 1).mailbox.is_destroyed());
    }

    #[test]
    fn readers_keep_what_departed_people_left_and_ingestion_does_not() {
        let mut state = granted();
        let left = run(&state, Mode::Full, &[]);
        assert_eq!((left.decision.closed, left.decision.narrowing), (0, true));
        state.apply(&left.decision);
        let user = held(&state, 1);
        assert_eq!(holding(&user, Holder::Ingestion).state, MailboxState::Held);
        assert_eq!(holding(&user, Holder::Graph).state, MailboxState::Open);
        assert!(!state.gates().may_be_named(&user, Purpose::ConnectionGraph));
        let back = run(&state, Mode::Delta, &[entry(1, UserKind::Person)]);
        assert_eq!((back.updated, back.decision.narrowing, back.decision.mint.len()), (1, false, 0));
        state.apply(&back.decision);
        assert_eq!(holding(&held(&state, 1), Holder::Ingestion).state, MailboxState::Open);
    }

    #[test]
    fn a_refused_entry_does_not_depart() {
        let state = tenant();
        let named = HashSet::from([entry(1, UserKind::Person).external_id]);
        let synced =
            decide(&state, Mode::Full, Vec::new(), &named, Allowed::Few(0), |_| (UserId(1), PerPurpose::default()), moment(9)).unwrap();
        assert_eq!(synced.departed, 4);
    }

    /// The tenant of these tests has three mailboxes with keys; these come on top.
    fn with_mailboxes(more: u64) -> State {
        let mut state = granted();
        let entries: Vec<_> = (100..100 + more).map(|id| entry(id, UserKind::Person)).collect();
        state.apply(&run(&state, Mode::Delta, &entries).decision);
        state
    }

    #[test]
    fn many_mailboxes_are_destroyed_only_by_their_number() {
        let check = |more: u64, lost: u64, allowed: Allowed, expected: Result<u64, WouldDestroy>| {
            let entries: Vec<_> = (100..100 + lost).map(|id| entry(id, UserKind::List)).collect();
            let synced = run_allowed(&with_mailboxes(more), Mode::Delta, &entries, allowed);
            assert_eq!(synced.map(|synced| synced.decision.closed), expected, "{lost} of {more} + 3, {allowed:?}");
        };
        let refused = |mailboxes, of| Err(WouldDestroy { mailboxes, of });
        check(10, 10, Allowed::Few(0), Ok(10));
        check(11, 11, Allowed::Few(0), refused(11, 14));
        check(11, 11, Allowed::Few(10), refused(11, 14));
        check(11, 11, Allowed::Few(14), refused(11, 14));
        check(11, 11, Allowed::Few(11), Ok(11));
        check(11, 11, Allowed::Any, Ok(11));
        // 5 % of 220 are 11; of 219 they are less.
        check(217, 11, Allowed::Few(0), Ok(11));
        check(216, 11, Allowed::Few(0), refused(11, 219));
        check(11, 5, Allowed::Few(11), Ok(5));
    }

    #[test]
    fn only_what_is_really_destroyed_counts() {
        // Whoever departs leaves the keys (policy KEEP).
        let mut state = with_mailboxes(30);
        let synced = run(&state, Mode::Full, &[]);
        assert_eq!((synced.departed, synced.decision.closed), (35, 0));
        // A mailbox without a key has nothing to lose, and does not make the others few.
        let users: Vec<_> = (0..11).map(|n| held(&state, 1001 + n)).collect();
        for user in users {
            state.apply(&opt_out::decide(&state, &user, PerPurpose { analytics: true, graph: true }, moment(state.position + 1)));
        }
        let lists = |ids: std::ops::Range<u64>| ids.map(|id| entry(id, UserKind::List)).collect::<Vec<_>>();
        assert_eq!(run(&state, Mode::Delta, &lists(100..111)).decision.closed, 0);
        let all = run_allowed(&state, Mode::Delta, &lists(100..130), Allowed::Few(0));
        assert_eq!(all, Err(WouldDestroy { mailboxes: 19, of: 22 }));
    }

    #[test]
    fn a_refused_sync_says_what_it_would_destroy() {
        let fault = Fault::from(WouldDestroy { mailboxes: 40, of: 100 });
        assert_eq!((fault.kind, fault.reason), (Kind::FailedPrecondition, Reason::WouldDestroy));
        assert_eq!((fault.metadata["mailboxes"].as_str(), fault.metadata["of"].as_str()), ("40", "100"));
    }
}
