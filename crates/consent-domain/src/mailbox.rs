//! A mailbox as consent sees it: generations of keys and, for each purpose, when it stood open. No key bytes live here.

use vocabulary::{Timestamp, UserId};

use crate::{Moment, PerPurpose, Purpose};

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
    /// Blocks sealed at or after this position may not; absent: open now; the same as `from`: none.
    pub to: Option<u64>,
    /// Interactions before this instant do not count, though they were sealed within the interval; absent: all count.
    pub scope: Option<Timestamp>,
}

/// How a purpose of a mailbox is to stand (domain.md, section 7, what a closing gate does).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Readers have its keys, and ingestion reads on. A purpose without a key gets one.
    Open {
        /// Only interactions from this instant on count, in what is sealed from now on.
        scope: Option<Timestamp>,
    },
    /// Readers have its keys, ingestion does not; a purpose without a key stays without.
    Kept,
    /// Nobody has its key, but the key lives on; a purpose without a key stays without.
    Held,
    /// Its key is destroyed.
    Destroyed,
}

/// How a purpose that has a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is read and collected.
    Open,
    /// What was collected is read; nothing is collected.
    Kept,
    /// Neither, since that instant.
    Held(Timestamp),
}

/// The present generation of a mailbox's keys. A purpose has a key exactly while it has a phase, and then at least one interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// Which generation; 0: there never was a key.
    pub generation: u32,
    /// How each purpose stands; absent: it has no key.
    pub phases: PerPurpose<Option<Phase>>,
    /// When each purpose was collected since its key was minted, in order.
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
    /// Whether a purpose has a key in the present generation, however it stands.
    pub fn has_key(&self, purpose: Purpose) -> bool {
        self.phases.of(purpose).is_some()
    }

    /// Whether the present generation has any key.
    pub fn has_keys(&self) -> bool {
        self.phases.any(Option::is_some)
    }

    /// Whether a purpose is collected, and read.
    pub fn is_open(&self, purpose: Purpose) -> bool {
        *self.phases.of(purpose) == Some(Phase::Open)
    }

    /// Whether any purpose is collected.
    pub fn is_open_at_all(&self) -> bool {
        Purpose::ALL.into_iter().any(|purpose| self.is_open(purpose))
    }

    /// Whether what a purpose collected may be read.
    pub fn is_readable(&self, purpose: Purpose) -> bool {
        matches!(self.phases.of(purpose), Some(Phase::Open | Phase::Kept))
    }

    /// Whether anything may be read.
    pub fn is_readable_at_all(&self) -> bool {
        Purpose::ALL.into_iter().any(|purpose| self.is_readable(purpose))
    }

    /// Since when a purpose is held.
    pub fn held_since(&self, purpose: Purpose) -> Option<Timestamp> {
        match self.phases.of(purpose) {
            Some(Phase::Held(since)) => Some(*since),
            Some(Phase::Open | Phase::Kept) | None => None,
        }
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

    /// The mailbox as it stands from a moment on, and what that does to keys (design.md, section 3, Keys).
    ///
    /// - The first purpose to open begins a new generation with a new `log` key; a second one joins that generation with an interval
    ///   of its own, so that it folds only what is sealed from there on.
    /// - A destroyed purpose loses its view key; when no purpose with a key stays, `log` goes too, and what opens in the same
    ///   decision opens in a new generation.
    #[must_use]
    pub fn settle(&self, wanted: PerPurpose<Standing>, moment: Moment) -> (Self, KeyChange) {
        let stays = |purpose| self.has_key(purpose) && *wanted.of(purpose) != Standing::Destroyed;
        let mut next = self.clone();
        let mut change = KeyChange::default();
        if self.has_keys() && !Purpose::ALL.into_iter().any(stays) {
            change.destroy.extend(self.keys());
            (next.phases, next.intervals) = Default::default();
        }
        for purpose in Purpose::ALL {
            match *wanted.of(purpose) {
                Standing::Open { scope } if self.is_open(purpose) => rescope(next.intervals.of_mut(purpose), moment.position, scope),
                Standing::Open { scope } => {
                    if !next.has_keys() {
                        next.generation += 1;
                        change.mint.push(KeyPart::Log);
                    }
                    if !next.has_key(purpose) {
                        change.mint.push(KeyPart::View(purpose));
                    }
                    let resumes = self.nothing_sealed_since_closed(purpose);
                    *next.phases.of_mut(purpose) = Some(Phase::Open);
                    open(next.intervals.of_mut(purpose), moment.position, scope, resumes);
                }
                Standing::Kept => next.rest(purpose, Phase::Kept, moment.position),
                Standing::Held => {
                    let since = self.held_since(purpose).unwrap_or(moment.time);
                    next.rest(purpose, Phase::Held(since), moment.position);
                }
                Standing::Destroyed if next.has_key(purpose) => {
                    change.destroy.push(KeyPart::View(purpose));
                    *next.phases.of_mut(purpose) = None;
                    next.intervals.of_mut(purpose).clear();
                    next.hide_from_other(self, purpose, wanted, moment.position);
                }
                Standing::Destroyed => {}
            }
        }
        (next, change)
    }

    /// Ends the collecting of a purpose, if it has a key.
    fn rest(&mut self, purpose: Purpose, phase: Phase, position: u64) {
        if self.has_key(purpose) {
            *self.phases.of_mut(purpose) = Some(phase);
            if let Some(last) = self.intervals.of_mut(purpose).last_mut().filter(|last| last.to.is_none()) {
                last.to = Some(position);
            }
        }
    }

    /// What a purpose that is destroyed collected alone stays hidden from the other, should that one go on: it rests from here on, by an
    /// interval in which nothing lies, since nothing else tells of it any more.
    fn hide_from_other(&mut self, held: &Self, destroyed: Purpose, wanted: PerPurpose<Standing>, position: u64) {
        let other = destroyed.other();
        let opens = matches!(wanted.of(other), Standing::Open { .. });
        let last = held.intervals.of(other).last().copied().filter(|last| last.to.is_some());
        if let Some(last) = last.filter(|_| !opens && !held.nothing_sealed_since_closed(other)) {
            push(self.intervals.of_mut(other), Interval { from: position, to: Some(position), ..last });
        }
    }

    /// Whether a purpose may go on as if it had never rested: no purpose was collected since, so that ingestion had no key.
    fn nothing_sealed_since_closed(&self, purpose: Purpose) -> bool {
        let closed = |purpose| self.intervals.of(purpose).last().map(|last| last.to);
        match (closed(purpose), closed(purpose.other())) {
            (Some(Some(_)), None) => true,
            (Some(Some(own)), Some(Some(other))) => other <= own,
            _ => false,
        }
    }
}

/// Another scope begins an interval of its own: what was sealed before counts as it did.
fn rescope(intervals: &mut Vec<Interval>, position: u64, scope: Option<Timestamp>) {
    if let Some(last) = intervals.last_mut().filter(|last| last.scope != scope) {
        last.to = Some(position);
        open(intervals, position, scope, false);
    }
}

fn open(intervals: &mut Vec<Interval>, position: u64, scope: Option<Timestamp>, resumes: bool) {
    match intervals.last_mut() {
        Some(last) if resumes && last.scope == scope => last.to = None,
        _ => push(intervals, Interval { from: position, to: None, scope }),
    }
}

fn push(intervals: &mut Vec<Interval>, interval: Interval) {
    intervals.push(interval);
    if intervals.len() > INTERVALS_KEPT {
        intervals.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::KeyPart::{Log, View};
    use super::Purpose::{ConnectionGraph, RelationshipAnalytics};
    use super::Standing::{Destroyed, Held, Kept};
    use super::*;
    use crate::testing::INSTANT;

    const OPEN: Standing = Standing::Open { scope: None };

    const ANALYTICS: KeyPart = View(RelationshipAnalytics);
    const GRAPH: KeyPart = View(ConnectionGraph);

    fn at(position: u64) -> Moment {
        Moment { position, time: INSTANT.plus_days(position as i64) }
    }

    fn spans(spans: &[(u64, Option<u64>)]) -> Vec<Interval> {
        spans.iter().map(|&(from, to)| Interval { from, to, scope: None }).collect()
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
            (mailbox, last) = mailbox.settle(PerPurpose { analytics: *analytics, graph: *graph }, at(position));
        }
        assert_eq!((last.mint.as_slice(), last.destroy.as_slice()), change, "{steps:?}");
        let intervals = PerPurpose { analytics: spans(analytics), graph: spans(graph) };
        assert_eq!((mailbox.generation, &mailbox.intervals), (generation, &intervals), "{steps:?}");
        for purpose in Purpose::ALL {
            assert_eq!(mailbox.has_key(purpose), !mailbox.intervals.of(purpose).is_empty(), "{steps:?}");
            let collected = mailbox.intervals.of(purpose).last().is_some_and(|last| last.to.is_none());
            assert_eq!(mailbox.is_open(purpose), collected, "{steps:?}");
        }
    }

    #[test]
    fn generations_and_keys_follow_what_opens_and_closes() {
        let open = [(1, None)];
        check(&[(OPEN, OPEN)], (&[Log, ANALYTICS, GRAPH], &[]), 1, &open, &open);
        check(&[(OPEN, Destroyed)], (&[Log, ANALYTICS], &[]), 1, &open, &[]);
        check(&[(Held, Held)], (&[], &[]), 0, &[], &[]);
        check(&[(Destroyed, Destroyed)], (&[], &[]), 0, &[], &[]);
        check(&[(OPEN, OPEN), (OPEN, OPEN)], (&[], &[]), 1, &open, &open);
        // A purpose that opens later joins the generation and sees only what comes.
        check(&[(OPEN, Destroyed), (OPEN, OPEN)], (&[GRAPH], &[]), 1, &open, &[(2, None)]);
        // Closing one purpose takes its view key; closing the last takes log as well.
        check(&[(OPEN, OPEN), (OPEN, Destroyed)], (&[], &[GRAPH]), 1, &open, &[]);
        check(&[(OPEN, OPEN), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS, GRAPH]), 1, &[], &[]);
        check(&[(OPEN, OPEN), (OPEN, Destroyed), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS]), 1, &[], &[]);
        // Opened again in the same generation: a new key, nothing of before.
        check(&[(OPEN, OPEN), (OPEN, Destroyed), (OPEN, OPEN)], (&[GRAPH], &[]), 1, &open, &[(3, None)]);
        // Consent after destruction begins anew.
        let again = [(3, None)];
        check(&[(OPEN, OPEN), (Destroyed, Destroyed), (OPEN, OPEN)], (&[Log, ANALYTICS, GRAPH], &[]), 2, &again, &again);
        // One purpose goes as the other comes: nobody keeps the old log key.
        check(&[(OPEN, Destroyed), (Destroyed, OPEN)], (&[Log, GRAPH], &[Log, ANALYTICS]), 2, &[], &[(2, None)]);
    }

    #[test]
    fn a_held_mailbox_keeps_its_keys_and_its_place() {
        let held = [(1, Some(2))];
        check(&[(OPEN, OPEN), (Held, Held)], (&[], &[]), 1, &held, &held);
        // Nothing can have been sealed meanwhile.
        check(&[(OPEN, OPEN), (Held, Held), (OPEN, OPEN)], (&[], &[]), 1, &[(1, None)], &[(1, None)]);
        // The log went on for the graph, so what was sealed meanwhile stays hidden from analytics.
        check(&[(OPEN, OPEN), (Held, OPEN), (OPEN, OPEN)], (&[], &[]), 1, &[(1, Some(2)), (3, None)], &[(1, None)]);
        check(&[(OPEN, OPEN), (Held, OPEN), (Held, Held), (OPEN, OPEN)], (&[], &[]), 1, &[(1, Some(2)), (4, None)], &[(1, None)]);
        check(&[(OPEN, OPEN), (Held, Held), (Destroyed, Destroyed)], (&[], &[Log, ANALYTICS, GRAPH]), 1, &[], &[]);
        check(&[(OPEN, OPEN), (Held, Held), (Held, Destroyed)], (&[], &[GRAPH]), 1, &held, &[]);
    }

    #[test]
    fn what_a_destroyed_purpose_collected_alone_stays_hidden_from_the_other() {
        let hidden = [(1, Some(2)), (3, Some(3))];
        check(&[(OPEN, OPEN), (OPEN, Held), (Destroyed, Held)], (&[], &[ANALYTICS]), 1, &[], &hidden);
        check(&[(OPEN, OPEN), (OPEN, Held), (Destroyed, Held), (Destroyed, OPEN)], (&[], &[]), 1, &[], &[(1, Some(2)), (3, None)]);
        check(&[(OPEN, OPEN), (OPEN, Held), (Destroyed, OPEN)], (&[], &[ANALYTICS]), 1, &[], &[(1, Some(2)), (3, None)]);
        check(&[(OPEN, OPEN), (Kept, OPEN), (Kept, Held), (OPEN, Destroyed)], (&[], &[GRAPH]), 1, &[(1, Some(2)), (4, None)], &[]);
        // Nothing was collected meanwhile.
        check(&[(OPEN, OPEN), (OPEN, Held), (Held, Held), (Held, Destroyed)], (&[], &[GRAPH]), 1, &[(1, Some(3))], &[]);
        check(&[(OPEN, OPEN), (Held, Held), (Held, Destroyed), (OPEN, Destroyed)], (&[], &[]), 1, &[(1, None)], &[]);
    }

    #[test]
    fn intervals_stay_few_and_the_latest_are_kept() {
        let mut mailbox = Mailbox::default();
        for position in 1..=200 {
            let analytics = if position % 2 == 1 { OPEN } else { Held };
            mailbox = mailbox.settle(PerPurpose { analytics, graph: OPEN }, at(position)).0;
        }
        let kept = &mailbox.intervals.analytics;
        assert_eq!((kept.len(), kept.last().copied()), (INTERVALS_KEPT, Some(Interval { from: 199, to: Some(200), scope: None })));
    }

    #[test]
    fn a_kept_mailbox_is_read_and_not_collected() {
        let held = [(1, Some(2))];
        check(&[(OPEN, OPEN), (Kept, Kept)], (&[], &[]), 1, &held, &held);
        check(&[(Kept, Kept)], (&[], &[]), 0, &[], &[]);
        check(&[(OPEN, OPEN), (Kept, Kept), (OPEN, OPEN)], (&[], &[]), 1, &[(1, None)], &[(1, None)]);
        let wanted = |standing| PerPurpose { analytics: standing, graph: standing };
        let mut mailbox = Mailbox::default();
        for (position, standing) in (1..).zip([OPEN, Kept, Held, Held, Kept]) {
            mailbox = mailbox.settle(wanted(standing), at(position)).0;
            assert_eq!(mailbox.is_readable_at_all(), standing != Held, "{standing:?} at {position}");
            // It counts as held from the first of several decisions.
            assert_eq!(mailbox.held_since(ConnectionGraph), (standing == Held).then(|| at(3).time));
        }
    }

    #[test]
    fn what_opens_with_a_scope_begins_an_interval_of_its_own() {
        let scope = Some(INSTANT);
        let both = |standing| PerPurpose { analytics: standing, graph: standing };
        let mut mailbox = Mailbox::default();
        for (position, standing) in (1..).zip([OPEN, Kept, Standing::Open { scope }, Held, Standing::Open { scope }]) {
            mailbox = mailbox.settle(both(standing), at(position)).0;
        }
        let mut expected = vec![Interval { from: 1, to: Some(2), scope: None }, Interval { from: 3, to: None, scope }];
        assert_eq!(mailbox.intervals.graph, expected);
        // Without a scope again while it stands open: from then on everything counts.
        let (mailbox, change) = mailbox.settle(both(OPEN), at(6));
        expected[1].to = Some(6);
        expected.push(Interval { from: 6, to: None, scope: None });
        assert_eq!((&mailbox.intervals.graph, change), (&expected, KeyChange::default()));
    }
}
