//! What one mailbox, or one tenant's CRM, already tells: the identities it has, and in which version.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use vocabulary::entry::Version;
use vocabulary::{Identity, Timestamp};

/// What of an interaction decides whether it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its name.
    pub identity: Identity,
    /// Which version.
    pub version: Version,
    /// Its instant.
    pub time: Timestamp,
    /// Whether it is kept only so that replies resolve.
    pub stub: bool,
}

/// The identities of one source. Lives in memory only; rebuilt from the source's blocks.
#[derive(Debug, Default)]
pub struct Known {
    /// What has no version, as every email: half the memory.
    plain: HashSet<Identity, RandomState>,
    versioned: HashMap<Identity, Version, RandomState>,
    interactions: u64,
    high_water: Option<Timestamp>,
}

impl Known {
    /// Whether this version of the interaction, or a later one, is there.
    pub fn holds(&self, seen: &Sighting) -> bool {
        match self.versioned.get(&seen.identity) {
            Some(held) => seen.version <= *held,
            None => seen.version == Version::default() && self.plain.contains(&seen.identity),
        }
    }

    /// Adds what is seen. An earlier version than the one that is held changes nothing; a stub is known, but no interaction.
    pub fn insert(&mut self, seen: Sighting) {
        if self.holds(&seen) {
            return;
        }
        let first = if seen.version == Version::default() {
            self.plain.insert(seen.identity)
        } else {
            let unversioned = self.plain.remove(&seen.identity);
            self.versioned.insert(seen.identity, seen.version).is_none() && !unversioned
        };
        if !seen.stub {
            self.interactions += u64::from(first);
            self.high_water = self.high_water.max(Some(seen.time));
        }
    }

    /// How many interactions there are, each counted once whatever its versions.
    pub fn interactions(&self) -> u64 {
        self.interactions
    }

    /// The instant of the latest of them.
    pub fn high_water(&self) -> Option<Timestamp> {
        self.high_water
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(identity: u128, sequence: u32, stamp: i64, time: i64) -> Sighting {
        let version = Version { sequence, stamp: Timestamp::from_seconds(stamp) };
        Sighting { identity: Identity(identity), version, time: Timestamp::from_seconds(time), stub: false }
    }

    #[test]
    fn only_a_higher_version_is_news() {
        let mut known = Known::default();
        assert!(!known.holds(&seen(7, 0, 0, 5)));
        known.insert(seen(7, 1, 10, 5));
        for (sequence, stamp, held) in [(1, 10, true), (0, 99, true), (1, 11, false), (2, 0, false)] {
            assert_eq!(known.holds(&seen(7, sequence, stamp, 5)), held, "{sequence}, {stamp}");
        }
        known.insert(seen(7, 2, 0, 4));
        known.insert(seen(7, 1, 12, 9));
        assert!(known.holds(&seen(7, 1, 11, 4)) && known.holds(&seen(7, 2, 0, 4)));
        assert_eq!((known.interactions(), known.high_water()), (1, Some(Timestamp::from_seconds(5))));
    }

    #[test]
    fn a_version_after_none_is_the_same_interaction() {
        let mut known = Known::default();
        known.insert(seen(1, 0, 0, 0));
        assert!(known.holds(&seen(1, 0, 0, 0)) && !known.holds(&seen(1, 1, 0, 0)));
        known.insert(seen(1, 1, 0, 0));
        assert!(known.holds(&seen(1, 0, 0, 0)));
        assert_eq!(known.interactions(), 1);
    }

    #[test]
    fn a_stub_is_known_and_does_not_count() {
        let mut known = Known::default();
        known.insert(Sighting { stub: true, ..seen(1, 0, 0, 9) });
        assert!(known.holds(&seen(1, 0, 0, 9)));
        assert_eq!((known.interactions(), known.high_water()), (0, None));
    }
}
