//! A company to which things happen at random, from a seed: a picture of its directory, and what is said next.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::compare::Both;
use crate::facts::{Application, DAY, Entry, Group, Kind, Members, PURPOSES, Role, Said, Second, Switches, Type, User, Which};

pub const USERS: User = 10;
const GROUPS: Group = 5;
const APPLICATIONS: Application = 3;
const ROLES: Role = 3;

pub struct Company {
    rng: StdRng,
    people: BTreeMap<User, Entry>,
    groups: BTreeMap<Group, Members>,
}

impl Company {
    pub fn of(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), people: BTreeMap::new(), groups: BTreeMap::new() }
    }

    /// What a company says first, more or less of it.
    pub fn beginnings(&mut self) -> Vec<Said> {
        for user in 0..USERS {
            if self.rng.random_bool(0.9) {
                let entry = self.entry(user);
                self.people.insert(user, entry);
            }
        }
        for group in 0..GROUPS {
            let members = self.members(group);
            self.groups.insert(group, members);
        }
        let mut said = vec![self.all_people(), self.all_groups()];
        for application in 0..APPLICATIONS {
            if application == 0 || self.rng.random_bool(0.5) {
                let switches = self.switches();
                said.push(Said::Application { application, switches });
            }
        }
        said.push(self.grant());
        said
    }

    /// The next thing said, given what the oracle knows.
    pub fn next(&mut self, both: &Both) -> Said {
        let then = both.tape.then();
        if self.rng.random_bool(0.3)
            && let Some(said) = self.opening(both)
        {
            return said;
        }
        let user = self.rng.random_range(0..USERS);
        let group = self.rng.random_range(0..GROUPS);
        let purposes = self.which();
        match self.rng.random_range(0..100) {
            0..4 => Said::Region { allowed: !then.region_allowed() || self.rng.random_bool(0.3), by_operator: self.rng.random_bool(0.4) },
            4..7 => Said::UserDefault { opted_in: self.rng.random_bool(0.75) },
            7..10 => Said::DepartedPolicy { erase: self.rng.random_bool(0.4) },
            10..27 => {
                let application = self.rng.random_range(0..APPLICATIONS);
                let switches = self.switches();
                let held = then.switches(application);
                // Often one switch only is turned, and the others stay as they are by now.
                let switches = match held.filter(|_| self.rng.random_bool(0.7)) {
                    None => switches,
                    Some(held) => {
                        let now = PURPOSES.map(|of| then.feature_on(application, of));
                        let held = Switches { features: now, ..held };
                        match self.rng.random_range(0..4) {
                            0 => Switches { features: self.which(), ..held },
                            1 => Switches { mailboxes: !held.mailboxes, ..held },
                            2 => Switches { roles: switches.roles, ..held },
                            _ => Switches { features: [true, true], mailboxes: true, ..held },
                        }
                    }
                };
                Said::Application { application, switches }
            }
            27..29 => Said::Revoked,
            29..38 => self.grant_near(then.now),
            38..44 => Said::GroupOut { group, purposes, future_only: self.rng.random_bool(0.6) },
            44..52 => Said::GroupIn { group, purposes },
            52..58 => Said::UserOut { user, purposes },
            58..67 => Said::UserIn { user, purposes },
            67..68 => Said::Erased { user },
            68..84 => {
                for _ in 0..self.rng.random_range(1..4) {
                    self.somebody_changes();
                }
                match self.rng.random_bool(0.6) {
                    true => self.all_people(),
                    false => Said::Users { complete: false, entries: self.some(&self.people.clone()) },
                }
            }
            _ => {
                let changed = self.members(group);
                if self.rng.random_bool(0.25) {
                    self.groups.remove(&group)
                } else {
                    self.groups.insert(group, changed)
                };
                match self.rng.random_bool(0.6) {
                    true => self.all_groups(),
                    false => Said::Groups { complete: false, groups: self.some(&self.groups.clone()) },
                }
            }
        }
    }

    /// Something that opens a gate that is closed, so that there is something to close.
    fn opening(&mut self, both: &Both) -> Option<Said> {
        let then = both.tape.then();
        let switches = Switches { features: [true, true], mailboxes: true, roles: BTreeSet::new() };
        let user = self.rng.random_range(0..USERS);
        if !PURPOSES.into_iter().all(|of| then.granted(of)) {
            Some(self.grant_near(then.now))
        } else if !then.region_allowed() {
            Some(Said::Region { allowed: true, by_operator: self.rng.random_bool(0.5) })
        } else if !PURPOSES.into_iter().all(|of| then.applications().into_iter().any(|application| then.feature_on(application, of))) {
            Some(Said::Application { application: self.rng.random_range(0..APPLICATIONS), switches })
        } else if self.rng.random_bool(0.5) {
            PURPOSES.into_iter().find(|of| then.choice(user, *of) == Some(false)).map(|_| Said::UserIn { user, purposes: [true, true] })
        } else {
            None
        }
    }

    /// How long nothing is said: often hardly at all, at times to the very instant at which something ends, or just before.
    pub fn pause(&mut self, both: &Both) -> Second {
        let now = both.suite.now;
        let until = match self.rng.random_range(0..40) {
            0..12 => now,
            12..30 => now + self.rng.random_range(1..12 * 3600),
            30..35 => now + self.rng.random_range(1..6) * DAY,
            35 => now + [14 * DAY, 29 * DAY, 30 * DAY, 31 * DAY].choose(&mut self.rng).copied().unwrap(),
            36..38 => both.suite.due(Second::MAX).unwrap_or(now),
            _ => both.suite.due(Second::MAX).map_or(now, |due| due - 1),
        };
        until.max(now)
    }

    fn which(&mut self) -> Which {
        [[true, true], [true, false], [false, true], [true, false], [false, true]].choose(&mut self.rng).copied().unwrap()
    }

    fn grant(&mut self) -> Said {
        Said::Granted { of: Type::Identifiable, purposes: [true, true], expires: None }
    }

    fn grant_near(&mut self, now: Second) -> Said {
        let of = [Type::Own, Type::Aggregated].choose(&mut self.rng).copied().unwrap();
        match self.rng.random_range(0..10) {
            0..4 => self.grant(),
            4 => Said::Granted { of, purposes: [true, true], expires: None },
            way => {
                let purposes = if self.rng.random_bool(0.5) { [true, false] } else { [false, true] };
                let ends = now + self.rng.random_range(-1..60) * DAY / 2;
                Said::Granted { of: if way == 5 { of } else { Type::Identifiable }, purposes, expires: (way < 9).then_some(ends) }
            }
        }
    }

    fn switches(&mut self) -> Switches {
        let features = [self.rng.random_bool(0.8), self.rng.random_bool(0.8)];
        let roles = match self.rng.random_bool(0.5) {
            true => BTreeSet::new(),
            false => (0..ROLES).filter(|_| self.rng.random_bool(0.5)).collect(),
        };
        Switches { features, mailboxes: self.rng.random_bool(0.85), roles }
    }

    fn entry(&mut self, user: User) -> Entry {
        let kind = match self.rng.random_range(0..10) {
            0 => Kind::Guest,
            1 => Kind::Shared,
            _ => Kind::Person,
        };
        let own = |nth: u16| u16::from(user) * 4 + nth;
        let mut addresses: Vec<u16> = (0..4).map(own).filter(|_| self.rng.random_bool(0.5)).collect();
        if addresses.is_empty() {
            addresses.push(own(0));
        }
        Entry { user, kind, addresses, roles: (0..ROLES).filter(|_| self.rng.random_bool(0.5)).collect() }
    }

    fn somebody_changes(&mut self) {
        let user = self.rng.random_range(0..USERS);
        let entry = self.entry(user);
        match self.rng.random_range(0..4) {
            0 => drop(self.people.remove(&user)),
            _ => drop(self.people.insert(user, entry)),
        }
    }

    /// A group of a few, and at times of other groups; in a circle, too.
    fn members(&mut self, group: Group) -> Members {
        let users = (0..USERS).filter(|_| self.rng.random_bool(0.15)).collect();
        let groups = (0..GROUPS).filter(|_| self.rng.random_bool(0.15)).collect();
        Members { group, users, groups }
    }

    fn all_people(&self) -> Said {
        Said::Users { complete: true, entries: self.people.values().cloned().collect() }
    }

    fn all_groups(&self) -> Said {
        Said::Groups { complete: true, groups: self.groups.values().cloned().collect() }
    }

    fn some<K, V: Clone>(&mut self, of: &BTreeMap<K, V>) -> Vec<V> {
        of.values().filter(|_| self.rng.random_bool(0.4)).cloned().collect()
    }
}
