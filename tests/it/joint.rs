//! Both halves of enforcement together: the real `Enforcement` of consent and the real `Machine` of its holders, under one seeded
//! schedule. What each run did is recorded and judged afterwards; every rule has a broken variant that the judge must catch.

mod broken;
mod clock;
mod consent;
mod history;
mod holder;
mod words;
mod world;

use broken::Broken;
use history::{Breach, Figures};
use world::World;

/// How many schedules the ordinary test runs.
const SEEDS: u64 = 1_000;

/// Within how many schedules each broken variant must be caught.
const CAUGHT_WITHIN: u64 = 300;

#[test]
fn no_read_that_begins_after_a_withdrawal_is_answered_sees_what_it_covered() {
    let mut all = Figures::default();
    for seed in 0..SEEDS {
        let history = World::new(seed, Broken::Nothing).run();
        if let Err(breach) = history.check() {
            panic!("seed {seed}: {breach}");
        }
        all.add(&history.figures());
    }
    println!("{SEEDS} seeds: {all}");
    // A schedule in which nothing happens proves nothing.
    assert!(all.reads > 1_000 * SEEDS && all.refused > SEEDS && all.answered > 10 * SEEDS && all.expired > SEEDS, "{all}");
}

#[test]
fn every_broken_rule_is_caught() {
    let mut missed = Vec::new();
    println!("{:<26} {:<74} seed", "rule", "broken by");
    for broken in Broken::ALL {
        let caught = (0..CAUGHT_WITHIN).find_map(|seed| {
            let breach = World::new(seed, broken).run().check().err()?;
            // Another harm than the rule's own would be an accident of the schedule.
            assert_eq!(matches!(breach, Breach::Late { .. }), broken.delays(), "{broken:?}, seed {seed}: {breach}");
            Some((seed, breach))
        });
        match caught {
            Some((seed, breach)) => println!("{:<26} {:<74} {seed:>4}  {breach}", broken.rule(), broken.variant()),
            None => missed.push(broken),
        }
    }
    assert!(missed.is_empty(), "not caught within {CAUGHT_WITHIN} seeds: {missed:?}");
}

#[test]
fn a_seed_repeats_to_the_last_read() {
    let run = |seed| World::new(seed, Broken::Nothing).run().figures();
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
