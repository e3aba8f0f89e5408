//! Newsletters, notices of services, and automatic answers.

use ingestion_domain::Email;
use rand::Rng;

use super::{anytime, outsider, scaled};
use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::correspondence::email;
use crate::dice::{Dice, pick};
use crate::names::{NEWSLETTERS, SERVICES};

pub(super) fn add(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    for _ in 0..scaled(cast, 2_400) {
        let mut mail = notice(cast, dice, &NEWSLETTERS);
        mail.headers.list_unsubscribe = true;
        chronicle.mail(&mail);
    }
    // Some say so by Precedence instead.
    for _ in 0..scaled(cast, 300) {
        let mut mail = notice(cast, dice, &NEWSLETTERS);
        mail.headers.precedence = Some("bulk".to_owned());
        chronicle.mail(&mail);
    }
    for _ in 0..scaled(cast, 1_100) {
        let mail = notice(cast, dice, &SERVICES);
        chronicle.mail(&mail);
    }
    for _ in 0..scaled(cast, 450) {
        let sender = outsider(cast, dice);
        let mut mail = notice(cast, dice, &[sender]);
        mail.headers.auto_submitted = Some("auto-replied".to_owned());
        mail.headers.null_return_path = true;
        chronicle.mail(&mail);
    }
}

/// A mail from one of `senders` to one of ours.
fn notice(cast: &Cast, dice: &mut Dice, senders: &[&str]) -> Email {
    let (from, to, date) = (*pick(dice, senders), cast.user(dice.random_range(0..cast.people)), anytime(cast, dice));
    email(dice, from, &[to], &[], date)
}
