//! Mail through our two lists. What names only a list reaches its members; answers to it find their author.

use ingestion_domain::Email;
use rand::Rng;
use vocabulary::Timestamp;

use super::scaled;
use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::correspondence::{answer, email};
use crate::dice::Dice;
use crate::post::received;
use crate::{User, UserKind, office};

/// How many mails a year open a thread on each list, of sixty thousand.
const POSTS: [usize; 2] = [40, 120];

pub(super) fn add(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let lists = cast.users.iter().filter(|user| user.kind == UserKind::List).map(User::address);
    let everyone: Vec<usize> = (0..cast.people).collect();
    let circle = everyone.iter().copied().step_by(3).collect();
    for ((list, members), posts) in lists.zip([everyone, circle]).zip(POSTS) {
        for _ in 0..scaled(cast, posts) {
            let date = office::open_time(dice, cast.spec.start(), cast.spec.end);
            let root = post(cast, dice, list, &members, date);
            send(chronicle, &members, &root, cast.spec.end);
            if dice.random_bool(0.5) {
                let hours = dice.random_range(0.2..9.0);
                let mut reply = post(cast, dice, list, &members, office::later(date, hours));
                answer(&mut reply, &root);
                send(chronicle, &members, &reply, cast.spec.end);
            }
        }
    }
}

fn post(cast: &Cast, dice: &mut Dice, list: &str, members: &[usize], date: Timestamp) -> Email {
    let author = members[dice.random_range(0..members.len())];
    let mut mail = email(dice, cast.user(author), &[list], &[], date);
    mail.headers.precedence = Some("list".to_owned());
    mail.headers.list_id = Some(format!("<{}>", list.replace('@', ".")));
    mail.headers.list_address = Some(list.to_owned());
    mail.headers.list_post = true;
    mail.headers.list_unsubscribe = true;
    mail
}

fn send(chronicle: &mut Chronicle, members: &[usize], mail: &Email, end: Timestamp) {
    if mail.date.is_some_and(|date| date < end) {
        chronicle.put(members, &received(mail, true));
    }
}
