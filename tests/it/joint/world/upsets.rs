//! What goes wrong: suspension, partition, broken streams, killed holders, a paused and a restarted consent.

use rand::Rng as _;

use super::super::clock::Rate;
use super::super::consent::{Consent, FAREWELL};
use super::super::holder::Holder;
use super::{Due, HOLDERS, UPSET_UNTIL, World, micros};

impl World {
    pub(super) fn upset(&mut self) {
        if self.time > UPSET_UNTIL {
            return;
        }
        let next = self.random.random_range(10_000..500_000);
        self.after(next, Due::Upset);
        let (time, at) = (self.time, self.random.random_range(0..HOLDERS));
        match self.random.random_range(0..100) {
            0..25 => self.holders[at].suspended_until = time + self.random.random_range(0..2_500_000),
            25..50 => {
                // One way or both: what is sent meanwhile arrives afterwards.
                let until = time + self.random.random_range(0..2_500_000);
                let ways = self.random.random_range(1..=3);
                for way in [0, 1] {
                    if ways & (1 << way) != 0 {
                        self.holders[at].stalled_until[way] = until;
                    }
                }
            }
            50..72 => self.break_stream(at, 100_000),
            72..82 => self.kill_holder(at),
            82..92 => self.pause_consent(),
            92..96 => self.stop_consent(),
            _ => self.kill_consent(),
        }
    }

    /// Another process takes its place, on the same machine: its heir by the store it opens, or somebody else.
    fn kill_holder(&mut self, at: usize) {
        self.lose_stream(at);
        let heir = self.random.random_bool(0.5);
        self.instances += u64::from(!heir);
        let instance = if heir { self.holders[at].instance } else { self.instances };
        self.holders[at] = Holder::new(self.holders[at].clock, instance);
        let starts = self.random.random_range(0..500_000);
        self.after(starts, Due::Connect(at));
    }

    fn pause_consent(&mut self) {
        let time = self.time;
        let length = self.random.random_range(0..1_500_000);
        if let Some(consent) = self.awake() {
            consent.paused_until = time + length;
            self.after(length, Due::ConsentResumes);
        }
    }

    pub(super) fn resume(&mut self) {
        let time = self.time;
        for withdrawal in self.withdrawals.iter_mut().filter(|withdrawal| !withdrawal.answered) {
            withdrawal.since = time;
        }
    }

    /// Stops cleanly, unless it listens to nobody: farewell leases are recorded and sent.
    fn stop_consent(&mut self) {
        let (time, life) = (self.time, self.life());
        if let Some((farewell, told)) = self.awake().map(|consent| consent.part(time)) {
            self.carry_out(life, told);
            self.farewell = Some((farewell, 0));
            self.kill_consent();
        }
    }

    fn kill_consent(&mut self) {
        let life = self.life();
        if !self.consents[life].up {
            return;
        }
        self.consents[life].up = false;
        self.end_streams(life);
        let starts = self.random.random_range(0..1_000_000);
        self.after(starts, Due::ConsentStarts);
    }

    /// The next life, by what is durable: decisions, and that leases were granted. Maybe on another machine, with another clock.
    pub(super) fn start_consent(&mut self) {
        let clock = Rate::drawn(&mut self.random);
        let life = self.life();
        let state = self.consents[life].state.clone();
        let incarnation = self.consents[life].incarnation + 1;
        // What is recorded is forgotten once a life has lasted for longer than it is counted.
        self.farewell = self.farewell.take().filter(|(_, since)| *since == 0 || self.time < since + 2 * micros(FAREWELL));
        let farewell = self.farewell.as_ref().map(|(farewell, _)| farewell);
        self.consents.push(Consent::after(farewell, incarnation, state, clock, self.time, self.broken));
        if let Some((_, since)) = &mut self.farewell {
            *since = self.time;
        }
        if self.random.random_bool(0.5) {
            self.consents[life].up = true;
            self.consents[life].paused_until = 0;
            self.astray = Some(life);
        }
        let waiting: Vec<_> =
            self.withdrawals.iter().enumerate().filter(|(_, withdrawal)| !withdrawal.answered).map(|(at, _)| at).collect();
        for at in waiting {
            let again = self.random.random_range(0..200_000);
            self.after(again, Due::Repeat(at));
        }
    }
}
