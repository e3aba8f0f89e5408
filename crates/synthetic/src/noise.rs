//! What a real mailbox is full of and no relationship is made of, so that every published filter has something to count.

mod lists;
mod machines;
mod malformed;
mod oddities;

use rand::Rng;
use vocabulary::Timestamp;

use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::dice::{Dice, Part, dice};
use crate::{office, stories};

/// Adds newsletters, notices of machines, list mail and oddities, in proportion to the company's size.
pub(crate) fn add(cast: &Cast, chronicle: &mut Chronicle) {
    let dice = &mut dice(cast.spec.seed, Part::Noise);
    machines::add(cast, dice, chronicle);
    lists::add(cast, dice, chronicle);
    oddities::add(cast, dice, chronicle);
    malformed::add(cast, dice, chronicle);
}

/// `of_sixty_thousand` in proportion to the company's interactions, at least one.
fn scaled(cast: &Cast, of_sixty_thousand: usize) -> usize {
    (cast.spec.interactions * of_sixty_thousand / 60_000).max(1)
}

/// Any time of any day of the year.
fn anytime(cast: &Cast, dice: &mut Dice) -> Timestamp {
    office::between(dice, cast.spec.start(), cast.spec.end)
}

/// A contact of an account that no story is about.
fn outsider<'a>(cast: &'a Cast, dice: &mut Dice) -> &'a str {
    let first = cast.accounts[stories::ACCOUNTS].contacts.start;
    &cast.contacts[dice.random_range(first..cast.contacts.len())].address
}
