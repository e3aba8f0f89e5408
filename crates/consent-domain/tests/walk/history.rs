//! The plain questions put to the list of facts. Nothing is kept beside the list: every question reads it again.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Application, DAY, Entry, Fact, Group, Members, PURPOSES, Purpose, Said, Second, Switches, Type, User, names};

/// The list as it stood after some of its facts, looked at from an instant.
#[derive(Clone, Copy)]
pub struct Then<'a> {
    pub facts: &'a [Fact],
    pub now: Second,
}

impl Then<'_> {
    fn last<T>(&self, of: impl Fn(&Said) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(|fact| of(&fact.said))
    }

    pub fn region_allowed(&self) -> bool {
        self.last(|said| if let Said::Region { allowed, .. } = said { Some(*allowed) } else { None }).unwrap_or(true)
    }

    pub fn everybody_is_in(&self) -> bool {
        self.last(|said| if let Said::UserDefault { opted_in } = said { Some(*opted_in) } else { None }).unwrap_or(true)
    }

    pub fn departed_are_erased(&self) -> bool {
        self.last(|said| if let Said::DepartedPolicy { erase } = said { Some(*erase) } else { None }).unwrap_or(false)
    }

    pub fn applications(&self) -> BTreeSet<Application> {
        let registered = |fact: &Fact| if let Said::Application { application, .. } = fact.said { Some(application) } else { None };
        self.facts.iter().filter_map(registered).collect()
    }

    pub fn switches(&self, asked: Application) -> Option<Switches> {
        self.last(|said| match said {
            Said::Application { application, switches } if *application == asked => Some(switches.clone()),
            _ => None,
        })
    }

    /// G1, with what switched off by itself: "no G3 within 14 days of G1".
    pub fn feature_on(&self, asked: Application, purpose: Purpose) -> bool {
        self.turned_on(asked, purpose).is_some()
    }

    /// Until when consent must come for a feature that is on; nothing once it came.
    pub fn deadline(&self, asked: Application, purpose: Purpose) -> Option<Second> {
        let on = self.turned_on(asked, purpose)?;
        (!self.came(on, purpose)).then(|| self.facts[on].at + 14 * DAY)
    }

    /// The fact since which a feature has been on without interruption; it is off once 14 days went by without consent.
    fn turned_on(&self, asked: Application, purpose: Purpose) -> Option<usize> {
        let mut on: Option<usize> = None;
        for (place, fact) in self.facts.iter().enumerate() {
            if let Said::Application { application, switches } = &fact.said
                && *application == asked
            {
                let still = on.filter(|on| !self.lapsed(*on, purpose, fact.at));
                on = names(switches.features, purpose).then_some(still.unwrap_or(place));
            }
        }
        on.filter(|on| !self.lapsed(*on, purpose, self.now))
    }

    fn lapsed(&self, on: usize, purpose: Purpose, now: Second) -> bool {
        self.facts[on].at + 14 * DAY <= now && !self.came(on, purpose)
    }

    /// Whether consent was there, if only for a moment, within 14 days of the fact that turned a feature on.
    fn came(&self, on: usize, purpose: Purpose) -> bool {
        let deadline = self.facts[on].at + 14 * DAY;
        let there = |place: usize| {
            let fact = &self.facts[place];
            fact.at < deadline && Then { facts: &self.facts[..=place], now: fact.at }.granted(purpose)
        };
        (on..self.facts.len()).any(there)
    }

    /// What the last sync that named the user said, and whether the directory still names them.
    pub fn entry(&self, asked: User) -> Option<(Entry, bool)> {
        let mut listed = true;
        for fact in self.facts.iter().rev() {
            match &fact.said {
                Said::Erased { user } if *user == asked => return None,
                Said::Users { complete, entries } => {
                    if let Some(entry) = entries.iter().find(|entry| entry.user == asked) {
                        return Some((entry.clone(), listed));
                    }
                    listed &= !complete;
                }
                _ => {}
            }
        }
        None
    }

    /// The security groups as the directory gave them last. What a complete sync no longer names is gone, but for groups that are
    /// opted out, and groups within those: they stay as they were, so that nobody is let in.
    fn groups(&self) -> Known<'_> {
        let mut known = Known::new();
        for (place, fact) in self.facts.iter().enumerate() {
            let Said::Groups { complete, groups: named } = &fact.said else { continue };
            known.extend(named.iter().map(|members| (members.group, (place, members))));
            if *complete {
                let before = Then { facts: &self.facts[..place], now: fact.at };
                let out = |group: &Group| PURPOSES.iter().any(|of| before.group_out(*group, *of).is_some());
                let stays = |group: Group| around(&known, |_, members| members.group == group).iter().any(out);
                let unnamed = known.keys().copied().filter(|group| named.iter().all(|members| members.group != *group));
                let gone: Vec<Group> = unnamed.filter(|group| !stays(*group)).collect();
                known.retain(|group, _| !gone.contains(group));
            }
        }
        known
    }

    pub fn knows_group(&self, group: Group) -> bool {
        self.groups().contains_key(&group)
    }

    /// Every group the user is in, directly or through groups in groups; whoever was erased since is in none.
    pub fn groups_of(&self, user: User) -> BTreeSet<Group> {
        let erased = |fact: &Fact| matches!(fact.said, Said::Erased { user: other } if other == user);
        let erased = self.facts.iter().rposition(erased);
        around(&self.groups(), |place, members| Some(place) > erased && members.users.contains(&user))
    }

    /// How a group is opted out of a purpose, if it is: whether what was collected before is kept.
    pub fn group_out(&self, asked: Group, purpose: Purpose) -> Option<bool> {
        self.last(|said| match said {
            Said::GroupOut { group, purposes, future_only } if *group == asked && names(*purposes, purpose) => Some(Some(*future_only)),
            Said::GroupIn { group, purposes } if *group == asked && names(*purposes, purpose) => Some(None),
            _ => None,
        })
        .flatten()
    }

    /// What the user chose last for a purpose: `Some(true)` in, `Some(false)` out, `None` never chose.
    pub fn choice(&self, asked: User, purpose: Purpose) -> Option<bool> {
        self.last(|said| match said {
            Said::Erased { user } if *user == asked => Some(false),
            Said::UserOut { user, purposes } if *user == asked && names(*purposes, purpose) => Some(false),
            Said::UserIn { user, purposes } if *user == asked && names(*purposes, purpose) => Some(true),
            _ => None,
        })
    }

    /// Whether a grant of the type that opens G3 covers the purpose now: given, not withdrawn since, not yet expired.
    pub fn granted(&self, purpose: Purpose) -> bool {
        self.grants(purpose).next().is_some()
    }

    /// Whether consent of any type was given and not withdrawn since. What ended by itself may be withdrawn all the same.
    pub fn given(&self) -> bool {
        let mut since = self.facts.iter().rev().take_while(|fact| !matches!(fact.said, Said::Revoked));
        since.any(|fact| matches!(fact.said, Said::Granted { .. }))
    }

    /// When the purpose is no longer covered, unless something more is said; `None` never.
    pub fn granted_until(&self, purpose: Purpose) -> Option<Second> {
        self.grants(purpose).max_by_key(|end| end.unwrap_or(Second::MAX)).flatten()
    }

    /// When each grant in force that covers the purpose ends by itself.
    fn grants(&self, purpose: Purpose) -> impl Iterator<Item = Option<Second>> {
        let since = self.facts.iter().rev().take_while(|fact| !matches!(fact.said, Said::Revoked));
        since.filter_map(move |fact| match fact.said {
            Said::Granted { of: Type::Identifiable, purposes, expires }
                if names(purposes, purpose) && expires.is_none_or(|end| self.now < end) =>
            {
                Some(expires)
            }
            _ => None,
        })
    }
}

/// Which groups there are, each with the place of the fact that named it last.
type Known<'a> = BTreeMap<Group, (usize, &'a Members)>;

/// The groups of which something is true, and every group around one of them.
fn around(known: &Known<'_>, holds: impl Fn(usize, &Members) -> bool) -> BTreeSet<Group> {
    let mut around: BTreeSet<Group> = BTreeSet::new();
    loop {
        let before = around.len();
        for (place, members) in known.values() {
            if holds(*place, members) || members.groups.iter().any(|inner| around.contains(inner)) {
                around.insert(members.group);
            }
        }
        if around.len() == before {
            return around;
        }
    }
}
