//! A mailbox as consent sees it: generations of keys and, for each purpose, when it stood open. No key bytes live here.

use vocabulary::UserId;

use crate::{PerPurpose, Purpose};

/// How many intervals of a purpose are kept; the oldest go first, which only ever shows less (Rapport rule).
const INTERVALS_KEPT: usize = 32;

/// One of the three independent keys of a mailbox (design.md, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// Seals blocks of the log.
    Log,
    /// Seals what the view of a purpose keeps.
    View(Purpose),
}

/// The name of a mailbox key within a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// Whose mailbox.
    pub user: UserId,
    /// Which generation; from 1.
    pub generation: u32,
    /// Which key.
    pub part: KeyPart,
}

/// Positions of consent between which a purpose stood open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Blocks sealed at or after this position may be folded.
    pub from: u64,
    /// Blocks sealed at or after this position may not; absent: open now.
    pub to: Option<u64>,
}

/// How a purpose of a mailbox is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Readers have its keys. A purpose without a key gets one.
    Open,
    /// Nobody has its key, but the key lives on; a purpose without a key stays without.
    Held,
    /// Its key is destroyed.
    Destroyed,
}

/// The present generation of a mailbox's keys. A purpose has a key exactly while it has intervals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// Which generation; 0: there never was a key.
    pub generation: u32,
    /// When each purpose stood open since its key was minted, in order.
    pub intervals: PerPurpose<Vec<Interval>>,
}

/// What settling a mailbox does to keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Keys of the new present generation that come to be.
    pub mint: Vec<KeyPart>,
    /// Keys of the old present generation that end.
    pub destroy: Vec<KeyPart>,
}

impl Mailbox {
    /// Whether a purpose has a key in the present generation, open or held.
    pub fn has_key(&self, purpose: Purpose) -> bool {
        !self.intervals.of(purpose).is_empty()
    }

    /// Whether the present generation has any key.
    pub fn has_keys(&self) -> bool {
        self.intervals.any(|intervals| !intervals.is_empty())
    }

    /// Whether a purpose stands open.
    pub fn is_open(&self, purpose: Purpose) -> bool {
        self.intervals.of(purpose).last().is_some_and(|last| last.to.is_none())
    }

    /// Whether any purpose stands open.
    pub fn is_open_at_all(&self) -> bool {
        Purpose::ALL.into_iter().any(|purpose| self.is_open(purpose))
    }

    /// Whether all keys there ever were are destroyed.
    pub fn is_destroyed(&self) -> bool {
        self.generation > 0 && !self.has_keys()
    }

    /// The keys that exist in the present generation.
    pub fn keys(&self) -> impl Iterator<Item = KeyPart> + '_ {
        let views = Purpose::ALL.into_iter().filter(|purpose| self.has_key(*purpose)).map(KeyPart::View);
        self.has_keys().then_some(KeyPart::Log).into_iter().chain(views)
    }

    /// The mailbox as it stands from `position` on, and what that does to keys (design.md, section 3, Keys).
    ///
    /// - The first purpose to open begins a new generation with a new `log` key; a second one joins that generation with an interval
    ///   of its own, so that it folds only what is sealed from there on.
    /// - A destroyed purpose loses its view key; when no purpose with a key stays, `log` goes too, and what opens in the same
    ///   decision opens in a new generation.
    #[must_use]
    pub fn settle(&self, wanted: PerPurpose<Standing>, position: u64) -> (Self, KeyChange) {
        let stays = |purpose| self.has_key(purpose) && *wanted.of(purpose) != Standing::Destroyed;
        let mut next = self.clone();
        let mut change = KeyChange::default();
        if self.has_keys() && !Purpose::ALL.into_iter().any(stays) {
            change.destroy.extend(self.keys());
            next.intervals = PerPurpose::default();
        }
        for purpose in Purpose::ALL {
            match wanted.of(purpose) {
                Standing::Open if self.is_open(purpose) => {}
                Standing::Open => {
                    if !next.has_keys() {
                        next.generation += 1;
                        change.mint.push(KeyPart::Log);
                    }
                    if !next.has_key(purpose) {
                        change.mint.push(KeyPart::View(purpose));
                    }
                    let resumes = self.nothing_sealed_since_held(purpose);
                    open(next.intervals.of_mut(purpose), position, resumes);
                }
                Standing::Held => {
                    if let Some(last) = next.intervals.of_mut(purpose).last_mut().filter(|last| last.to.is_none()) {
                        last.to = Some(position);
                    }
                }
                Standing::Destroyed if next.has_key(purpose) => {
                    change.destroy.push(KeyPart::View(purpose));
                    next.intervals.of_mut(purpose).clear();
                }
                Standing::Destroyed => {}
            }
        }
        (next, change)
    }

    /// Whether a held purpose may go on as if it had never been held: no purpose stood open since, so that ingestion had no key.
    fn nothing_sealed_since_held(&self, purpose: Purpose) -> bool {
        let closed = |purpose| self.intervals.of(purpose).last().map(|last| last.to);
        match (closed(purpose), closed(purpose.other())) {
            (Some(Some(_)), None) => true,
            (Some(Some(own)), Some(Some(other))) => other <= own,
            _ => false,
        }
    }
}

fn open(intervals: &mut Vec<Interval>, position: u64, resumes: bool) {
    match intervals.last_mut() {
        Some(last) if resumes => last.to = None,
        _ => intervals.push(Interval { from: position, to: None }),
    }
    if intervals.len() > INTERVALS_KEPT {
        intervals.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::KeyPart::{Log, View};
    use super::Purpose::{ConnectionGraph, RelationshipAnalytics};
    use super::Standing::{Destroyed, Held, Open};
    use super::*;

    const ANALYTICS: KeyPart = View(RelationshipAnalytics);
    const GRAPH: KeyPart = View(ConnectionGraph);

    fn spans(spans: &[(u64, Option<u64>)]) -> Vec<Interval> {
        spans.iter().map(|&(from, to)| Interval { from, to }).collect()
    }

    /// Settles one position after the other, from 1, and compares the last key change and the mailbox that is left.
    fn check(
        steps: &[(Standing, Standing)],
        change: (&[KeyPart], &[KeyPart]),
        generation: u32,
        analytics: &[(u64, Option<u64>)],
        graph: &[(u64, Option<u64>)],
    ) {
        let mut mailbox = Mailbox::default();
        let mut last = KeyChange::default();
        for (position, (analytics, graph)) in (1..).zip(steps) {
            (mailbox, last) = mailbox.settle(PerPurpose { analytics: *analytics, graph: *graph }, position);
        }
        assert_eq!((last.mint.as_slice(), last.destroy.as_slice()), change, "{steps:?}");
        let intervals = PerPurpose { analytics: spans(analytics), graph: spans(graph) };
        assert_eq!(mailbox, Mailbox { generation, intervals }, "{steps:?}");
    }

    #[test]
    fn generations_and_keys_follow_what_opens_and_closes() {
        let open = [(1, None)];
        check(&[(Open, Open)], (&[Log, ANALYTICS, GRAPH], &[]), 1, &open, &open);
        check(&[(Open, Destroyed)], (&[Log, ANALYTICS], &[]), 1, &open, &[]);
        check(&[(Held, Held)], (&[], &[]), 0, &[], &[]);
        check(&[(Destroyed, Destroyed)], (&[], &[]), 0, &[], &[]);
        check(&[(Open, Open), (Open, Open)], (&[], &[]), 1, &open, &open);
        // A purpose that opens later joins the generation and sees only what comes.
        check(&[(Open, Destroyed), (Open, Open)], (&[GRAPH], &[]), 1, &open, &[(2, None)]);
        // Closing one purpose takes its view key; closing the last takes log as well.
        check(&[(Open, Open), (Open, Destroyed)], (&[], &[GRAPH]), 1, &open, &[]);
        check(&[(Open, Open), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS, GRAPH]), 1, &[], &[]);
        check(&[(Open, Open), (Open, Destroyed), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS]), 1, &[], &[]);
        // Opened again in the same generation: a new key, nothing of before.
        check(&[(Open, Open), (Open, Destroyed), (Open, Open)], (&[GRAPH], &[]), 1, &open, &[(3, None)]);
        // Consent after destruction begins anew.
        let again = [(3, None)];
        check(&[(Open, Open), (Destroyed, Destroyed), (Open, Open)], (&[Log, ANALYTICS, GRAPH], &[]), 2, &again, &again);
        // One purpose goes as the other comes: nobody keeps the old log key.
        check(&[(Open, Destroyed), (Destroyed, Open)], (&[Log, GRAPH], &[Log, ANALYTICS]), 2, &[], &[(2, None)]);
    }

    #[test]
    fn a_held_mailbox_keeps_its_keys_and_its_place() {
        let held = [(1, Some(2))];
        check(&[(Open, Open), (Held, Held)], (&[], &[]), 1, &held, &held);
        // Nothing can have been sealed meanwhile.
        check(&[(Open, Open), (Held, Held), (Open, Open)], (&[], &[]), 1, &[(1, None)], &[(1, None)]);
        // The log went on for the graph, so what was sealed meanwhile stays hidden from analytics.
        check(&[(Open, Open), (Held, Open), (Open, Open)], (&[], &[]), 1, &[(1, Some(2)), (3, None)], &[(1, None)]);
        check(&[(Open, Open), (Held, Open), (Held, Held), (Open, Open)], (&[], &[]), 1, &[(1, Some(2)), (4, None)], &[(1, None)]);
        check(&[(Open, Open), (Held, Held), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS, GRAPH]), 1, &[], &[]);
        check(&[(Open, Open), (Held, Held), (Held, Destroyed)], (&[], &[GRAPH]), 1, &held, &[]);
    }

    #[test]
    fn intervals_stay_few_and_the_latest_are_kept() {
        let mut mailbox = Mailbox::default();
        for position in 1..=200 {
            let analytics = if position % 2 == 1 { Open } else { Held };
            mailbox = mailbox.settle(PerPurpose { analytics, graph: Open }, position).0;
        }
        let kept = &mailbox.intervals.analytics;
        assert_eq!((kept.len(), kept.last().copied()), (INTERVALS_KEPT, Some(Interval { from: 199, to: Some(200) })));
    }
}
