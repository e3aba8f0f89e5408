//! A lease never outlives the instant it was asked for plus its length, whatever the wire does.

use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::*;

const LENGTH: Duration = Duration::from_secs(2);

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_lease_runs_from_the_instant_noted_before_it_was_asked_for() {
    let mut lease = Lease::default();
    assert_eq!(lease.renew(at(1_000)), 1);
    lease.renewed(1, LENGTH, 0, 0).unwrap();
    assert_eq!(lease.until(), at(3_000));
    assert_eq!(lease.due(), at(1_500));
}

#[test]
fn answers_that_are_late_repeated_or_unasked_for_extend_nothing() {
    for (answers, until) in
        [(&[1, 2][..], 3_500), (&[2, 1], 3_500), (&[2, 2, 1, 1], 3_500), (&[1, 1, 1], 3_000), (&[3, 99, 0], 0), (&[99, 1], 3_000)]
    {
        let mut lease = Lease::default();
        assert_eq!((lease.renew(at(1_000)), lease.renew(at(1_500))), (1, 2));
        for &number in answers {
            lease.renewed(number, LENGTH, 0, 0).unwrap();
        }
        assert_eq!(lease.until(), at(until), "{answers:?}");
    }
}

#[test]
fn a_farewell_repeats_the_last_answer_with_a_longer_lease() {
    let mut lease = Lease::default();
    lease.renew(at(1_000));
    lease.renewed(1, LENGTH, 0, 0).unwrap();
    lease.renewed(1, Duration::from_secs(60), 0, 0).unwrap();
    assert_eq!(lease.until(), at(61_000));
}

#[test]
fn a_new_stream_forgets_what_was_asked_but_not_the_lease() {
    let mut lease = Lease::default();
    lease.renew(at(1_000));
    lease.renewed(1, LENGTH, 0, 0).unwrap();
    lease.renew(at(2_000));
    lease.reopen();
    lease.renewed(2, LENGTH, 0, 0).unwrap();
    assert_eq!(lease.until(), at(3_000));
    assert_eq!(lease.renew(at(2_500)), 1);
}

#[test]
fn an_answer_ahead_of_the_mirror_waits_for_it() {
    let mut lease = Lease::default();
    assert_eq!((lease.renew(at(1_000)), lease.renew(at(1_500))), (1, 2));
    lease.renewed(1, LENGTH, 7, 5).unwrap();
    assert_eq!(lease.until(), Duration::ZERO);
    lease.reached(6);
    assert_eq!(lease.until(), Duration::ZERO);
    assert_eq!(lease.clone().renewed(2, LENGTH, 7, 6), Err(Gap));
    lease.reached(7);
    assert_eq!(lease.until(), at(3_000));
    lease.renewed(2, LENGTH, 7, 7).unwrap();
    assert_eq!(lease.until(), at(3_500));
}

#[test]
fn no_reordering_delay_or_repetition_lets_a_lease_outlive_its_noted_instant() {
    for seed in 0..2_000 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut lease = Lease::default();
        let mut now = at(1_000);
        let mut noted = Vec::new();
        let mut answers = Vec::new();
        let mut allowed = Duration::ZERO;
        for _ in 0..200 {
            now += at(random.random_range(0..400));
            if random.random_bool(0.5) {
                let number = lease.renew(now);
                noted.push(now);
                answers.extend(std::iter::repeat_n(number, random.random_range(0..4)));
                answers.shuffle(&mut random);
            }
            if random.random_bool(0.6)
                && let Some(number) = answers.pop()
            {
                let before = lease.until();
                let length = at(random.random_range(1..3_000));
                let bound = noted[number as usize - 1] + length;
                lease.renewed(number, length, 0, 0).unwrap();
                assert!(lease.until() <= before.max(bound), "seed {seed}");
                allowed = allowed.max(bound);
            }
            assert!(lease.until() <= allowed, "seed {seed}");
            assert!(lease.noted.len() <= REMEMBERED);
        }
    }
}
