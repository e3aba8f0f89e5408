//! Security groups of the directory (gate G5): who is in them, directly or through other groups, and which are opted out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{PerPurpose, Purpose};

/// The most groups of a tenant (Rapport rule: who is in which is worked out in memory).
pub const GROUPS_PER_TENANT: usize = 2_000;

/// What an opted-out group does to what was collected from its members (domain.md, section 7, what a closing gate does).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptOutMode {
    /// What was collected before stays readable; nothing more is collected.
    FutureOnly,
    /// The keys are destroyed.
    EraseHistory,
}

/// A group as the directory gave it, with what an administrator decided. Debug shows sizes only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// For people.
    pub display_name: Box<str>,
    /// The users in it, by the directory's ids; users the directory does not name yet are among them, so that they never open first.
    pub members: BTreeSet<Box<str>>,
    /// The groups in it.
    pub groups: BTreeSet<Box<str>>,
    /// What it is opted out of.
    pub opted_out: PerPurpose<Option<OptOutMode>>,
    /// The position of its last change.
    pub position: u64,
}

impl Group {
    /// Whether it is opted out of anything.
    pub fn is_opted_out(&self) -> bool {
        self.opted_out.any(Option::is_some)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({} members, {} groups, {:?})", self.members.len(), self.groups.len(), self.opted_out)
    }
}

/// The groups of a tenant, by the directory's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(pub BTreeMap<Box<str>, Group>);

/// What groups do to whom: for each user, by the directory's id, the strictest mode of each purpose. Users it does not name are free.
pub type Reach = BTreeMap<Box<str>, PerPurpose<Option<OptOutMode>>>;

impl Groups {
    /// Everybody who is in a group, directly or through other groups, once.
    pub fn everybody_in<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let within = self.within([id]).into_iter().filter_map(|id| self.0.get(id));
        within.flat_map(|group| group.members.iter().map(Box::as_ref)).collect()
    }

    /// The groups that are opted out of anything, and every known group within them.
    pub fn opted_out_or_within(&self) -> BTreeSet<&str> {
        self.within(self.0.iter().filter(|(_, group)| group.is_opted_out()).map(|(id, _)| id.as_ref()))
    }

    /// These groups and every known group within them. Groups that contain each other are no trouble.
    fn within<'a>(&'a self, ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut seen: BTreeSet<&str> = ids.into_iter().collect();
        let mut waiting: Vec<&str> = seen.iter().copied().collect();
        while let Some(group) = waiting.pop().and_then(|id| self.0.get(id)) {
            waiting.extend(group.groups.iter().map(Box::as_ref).filter(|id| self.0.contains_key(*id) && seen.insert(id)));
        }
        seen
    }

    /// What the opted-out groups do to everybody.
    pub fn reach(&self) -> Reach {
        let mut reach = Reach::new();
        for (id, group) in self.0.iter().filter(|(_, group)| group.is_opted_out()) {
            for member in self.everybody_in(id) {
                let effect = reach.entry(member.into()).or_default();
                for purpose in Purpose::ALL {
                    // The stricter one holds: it is the greater.
                    *effect.of_mut(purpose) = (*effect.of(purpose)).max(*group.opted_out.of(purpose));
                }
            }
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::OptOutMode::{EraseHistory, FutureOnly};
    use super::*;

    fn group(members: &[&str], groups: &[&str], analytics: Option<OptOutMode>, graph: Option<OptOutMode>) -> Group {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect();
        let opted_out = PerPurpose { analytics, graph };
        Group { members: ids(members), groups: ids(groups), opted_out, ..Group::default() }
    }

    #[test]
    fn groups_reach_through_groups_and_the_strictest_mode_holds() {
        let groups = [
            ("board", group(&["a"], &["legal"], Some(FutureOnly), Some(EraseHistory))),
            // In a circle, and with a group that nobody knows.
            ("legal", group(&["b"], &["board", "unknown"], None, None)),
            ("works council", group(&["b", "c"], &[], Some(EraseHistory), None)),
            ("all", group(&["a", "b", "c", "d"], &[], None, None)),
        ];
        let groups = Groups(groups.into_iter().map(|(id, group)| (id.into(), group)).collect());
        assert_eq!(groups.everybody_in("legal"), BTreeSet::from(["a", "b"]));
        assert!(groups.everybody_in("unknown").is_empty());
        let reach = groups.reach();
        let of = |id: &str| reach.get(id).map(|effect| (effect.analytics, effect.graph));
        assert_eq!(of("a"), Some((Some(FutureOnly), Some(EraseHistory))));
        assert_eq!(of("b"), Some((Some(EraseHistory), Some(EraseHistory))));
        assert_eq!(of("c"), Some((Some(EraseHistory), None)));
        assert_eq!(of("d"), None);
    }
}
