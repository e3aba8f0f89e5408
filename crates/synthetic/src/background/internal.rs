//! The company's own mail and meetings: what fills a calendar without anybody from outside.

use rand::Rng;
use vocabulary::Timestamp;

use crate::cast::{Cast, Department};
use crate::chronicle::Chronicle;
use crate::correspondence::{self, Thread};
use crate::dice::{Dice, Part, Weighted, dice, pick, run_length};
use crate::meeting::{self, Invitation};
use crate::office;

/// Weekly department meetings, then mail among colleagues until the company has as many interactions as its spec says.
pub(crate) fn fill(cast: &Cast, chronicle: &mut Chronicle) {
    let dice = &mut dice(cast.spec.seed, Part::Internal);
    for (weekday, department) in Department::ALL.into_iter().enumerate() {
        weekly(cast, dice, department, weekday, chronicle);
    }
    let by_rank = Weighted::zipf(cast.people, 0.7);
    let order = shuffled(dice, cast.people);
    while chronicle.distinct() < cast.spec.interactions {
        let start = office::usual_time(dice, cast.spec.start(), cast.spec.end);
        let opener = order[by_rank.draw(dice)];
        let to = colleagues_of(cast, dice, opener);
        let cc = if dice.random_bool(0.25) { vec![cast.user(dice.random_range(0..cast.people))] } else { Vec::new() };
        let cc = cc.into_iter().filter(|other| *other != cast.user(opener) && !to.contains(other)).collect();
        let mails = run_length(dice, 0.6, 12);
        let thread = Thread { opener: cast.user(opener), to, cc, start, mails, pace_hours: 1.2 };
        for email in correspondence::write(dice, &thread, cast.spec.end) {
            chronicle.mail(&email);
        }
    }
}

/// One to three others, mostly of one's own department.
fn colleagues_of<'a>(cast: &'a Cast, dice: &mut Dice, opener: usize) -> Vec<&'a str> {
    let count = run_length(dice, 0.25, 3);
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let near = (opener + dice.random_range(1..6)) % cast.people;
        let other = if dice.random_bool(0.6) { near } else { dice.random_range(0..cast.people) };
        if other != opener && !chosen.contains(&other) {
            chosen.push(other);
        }
    }
    chosen.into_iter().map(|user| cast.user(user)).collect()
}

/// A department's series: one UID, an occurrence a week, on a weekday of its own.
fn weekly(cast: &Cast, dice: &mut Dice, department: Department, weekday: usize, chronicle: &mut Chronicle) {
    let members: Vec<&str> = cast.members(department).into_iter().map(|user| cast.user(user)).collect();
    // A series of more than fifty would be an announcement.
    let invited = members.iter().skip(1).take(40).copied().collect();
    let rooms: Vec<&str> = cast.users.iter().filter(|user| user.kind == crate::UserKind::Room).map(crate::User::address).collect();
    let room = *pick(dice, &rooms);
    let mut invitation = Invitation {
        organizer: members[0],
        required: invited,
        optional: Vec::new(),
        start: cast.spec.start(),
        minutes: 45,
        room: Some(room),
        accepted: false,
    };
    let uid = format!("{:016x}@series", dice.random::<u64>());
    let mut day = monday_after(cast.spec.start()).plus_days(weekday as i64);
    while day.plus_days(1) < cast.spec.end {
        invitation.start = office::later(day, 9.5);
        let mut meeting = meeting::hold(dice, &invitation, cast.spec.end);
        meeting.uid.clone_from(&uid);
        meeting.occurrence = Some(invitation.start);
        chronicle.meeting(&meeting);
        day = day.plus_days(7);
    }
}

fn monday_after(at: Timestamp) -> Timestamp {
    let days = 7 - i64::from((at.day().0 + 3).rem_euclid(7));
    at.day().start().plus_days(days)
}

fn shuffled(dice: &mut Dice, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        order.swap(place, dice.random_range(0..=place));
    }
    order
}
