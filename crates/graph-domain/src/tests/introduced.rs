//! Who is listed, in which order, with which reasons.

use measures::strength::{Direction, HalfLife, Label};

use super::*;
use crate::introducers::rank;
use crate::{Introducer, Kind, Standing};

/// One mail each way on each of the days.
fn exchange(origin: Origin, user: UserId, person: PersonId, days: impl IntoIterator<Item = i64>) -> Vec<(Origin, Entry)> {
    let seed = u128::from(user.0) << 64 | u128::from(person.0) << 32;
    let pair = |day: i64| {
        let identity = seed | (day as u128) << 1;
        [(origin, mail(identity, person_of(user), &[person], ago(day))), (origin, mail(identity | 1, person, &[person_of(user)], ago(day)))]
    };
    days.into_iter().flat_map(pair).collect()
}

fn listed(entries: Vec<(Origin, Entry)>, open: &[UserId], targets: &[Target]) -> Vec<Introducer> {
    rank(&folded(entries), &readable(open), targets, now())
}

#[track_caller]
fn check(name: &str, entries: Vec<(Origin, Entry)>, open: &[UserId], expected: &[(u64, Option<u8>)]) {
    let found = listed(entries, open, &[target(THEM)]);
    let score = |standing| match standing {
        Standing::Enhanced { score, .. } => Some(score),
        Standing::Basic { .. } => None,
    };
    let found: Vec<_> = found.iter().map(|introducer| (introducer.user.0, score(introducer.standing))).collect();
    assert_eq!(found, expected, "{name}");
}

#[test]
fn colleagues_are_listed_by_tier_and_strength() {
    let all = &[ADA, BEN, UserId(3)];
    let (often, seldom) = (|| (1..80).step_by(4), || (100..101).step_by(1));
    let own = |user, days: fn() -> std::iter::StepBy<std::ops::Range<i64>>| exchange(mailbox(user), user, THEM, days());
    let tracked = |user, days: fn() -> std::iter::StepBy<std::ops::Range<i64>>| exchange(Origin::Crm, user, THEM, days());
    check("nobody", vec![], all, &[]);
    check("the stronger first", [own(BEN, often), own(ADA, seldom)].concat(), all, &[(2, Some(85)), (1, Some(7))]);
    check("equals in the order of the colleagues", [own(BEN, often), own(ADA, often)].concat(), all, &[(1, Some(85)), (2, Some(85))]);
    check("a closed mailbox", own(ADA, often), &[BEN], &[]);
    check("the CRM counts without a mailbox", tracked(ADA, often), &[], &[(1, None)]);
    check("and after those with one", [tracked(ADA, often), own(BEN, seldom)].concat(), &[BEN], &[(2, Some(7)), (1, None)]);
    check("by count", [tracked(ADA, seldom), tracked(BEN, often)].concat(), &[], &[(2, None), (1, None)]);
    check("with a mailbox the CRM is weighed", tracked(ADA, often), all, &[(1, Some(85))]);
    check("dormant", exchange(mailbox(ADA), ADA, THEM, [300]), all, &[]);
    check("one mail tracked long ago", exchange(Origin::Crm, ADA, THEM, [300]), &[], &[(1, None)]);
    let call = |origin| vec![(origin, Entry { kind: InteractionKind::Call, ..mail(1, person_of(ADA), &[THEM], ago(3)) })];
    check("calls are not of the basic tier", call(Origin::Crm), &[], &[]);
    check("but of the enhanced one", call(Origin::Crm), &[ADA], &[(1, Some(15))]);
    let later = |days| mail(99, person_of(ADA), &[THEM], ago(days));
    check("what has not happened yet", vec![(mailbox(ADA), later(0)), (Origin::Crm, later(-1))], &[], &[]);
}

#[test]
fn recent_contact_decides_between_equal_counts() {
    let entries = [exchange(Origin::Crm, ADA, THEM, [5]), exchange(Origin::Crm, BEN, THEM, [4])].concat();
    check("the later first", entries, &[], &[(2, None), (1, None)]);
}

#[test]
fn of_several_people_the_strongest_tie_is_told() {
    let entries = [exchange(mailbox(ADA), ADA, THEM, [50]), exchange(mailbox(ADA), ADA, OTHER, (1..80).step_by(7))].concat();
    let found = listed(entries, &[ADA], &[target(THEM), target(OTHER), target(PersonId(9))]);
    assert_eq!(found.iter().map(|introducer| (introducer.user, introducer.target)).collect::<Vec<_>>(), [(ADA, 1)]);
}

#[test]
fn nobody_introduces_themselves() {
    let entries = exchange(mailbox(ADA), ADA, person_of(BEN), (1..80).step_by(7));
    let found = listed(entries.clone(), &[ADA, BEN], &[target(person_of(BEN))]);
    assert_eq!(found.iter().map(|introducer| introducer.user).collect::<Vec<_>>(), [ADA]);
    let oneself = Entry { participants: vec![named(person_of(BEN))], ..mail(1, person_of(BEN), &[], ago(1)) };
    assert_eq!(listed(vec![(mailbox(BEN), oneself)], &[BEN], &[target(person_of(BEN))]), []);
}

#[test]
fn a_tie_says_what_it_rests_on() {
    let mut entries = exchange(mailbox(ADA), ADA, THEM, [2, 9, 16, 23]);
    entries.push((mailbox(ADA), mail(1, person_of(ADA), &[THEM, OTHER], ago(1))));
    entries.push((Origin::Crm, meeting(2, THEM, person_of(ADA), Answer::Accepted, ago(3))));
    let found = listed(entries, &[ADA], &[target(THEM)]);
    let [ada] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((ada.last.time, ada.last.kind, ada.last.direction), (ago(1), Kind::Email, Direction::Outbound));
    assert_eq!((ada.evidence.sent, ada.evidence.received, ada.evidence.active_days), (6, 5, 6));
    assert_eq!(ada.evidence.last_two_way_day, Some(ago(2).day()));
    assert_eq!((ada.evidence.one_to_one_share, ada.evidence.half_life), (0.9, Some(HalfLife::Week)));
    assert!(matches!(ada.standing, Standing::Enhanced { label: Label::Strong, .. }));
    let day = ago(2).day();
    let two_way = format!("last two-way contact on {day}");
    let expected = ["5 mails to them, 4 from them", "1 meeting together", &two_way, "90 % one to one", "carried by the last 7 days"];
    assert_eq!(ada.reasons, expected);
}

#[test]
fn a_basic_tie_says_only_what_was_counted() {
    let entries = exchange(Origin::Crm, ADA, THEM, [2, 9]);
    let found = listed(entries, &[], &[target(THEM)]);
    assert_eq!(found[0].standing, Standing::Basic { count: 4 });
    assert_eq!((found[0].evidence.half_life, found[0].evidence.one_sided), (None, false));
    assert_eq!(
        found[0].reasons,
        ["2 mails each way".to_owned(), format!("last two-way contact on {}", ago(2).day()), "100 % one to one".into()]
    );
}

#[test]
fn reasons_say_what_holds_a_tie_down() {
    let check = |entries: Vec<(Origin, Entry)>, expected: &[&str]| {
        assert_eq!(listed(entries, &[ADA], &[target(THEM)])[0].reasons, expected);
    };
    let sent = |count: i64| (1..=count).map(|day| (mailbox(ADA), mail(day as u128, person_of(ADA), &[THEM], ago(day)))).collect();
    let held = "held at 15: they have never answered";
    check(sent(20), &["20 mails to them", "100 % one to one", "carried by the last 7 days", held]);
    let received = (1..=20).map(|day| (mailbox(ADA), mail(day as u128, THEM, &[person_of(ADA)], ago(day)))).collect();
    check(received, &["20 mails from them", "100 % one to one", "carried by the last 7 days", "held at 15: they were never answered"]);
    let invited = vec![
        (mailbox(ADA), meeting(1, person_of(ADA), THEM, Answer::None, ago(1))),
        (mailbox(ADA), meeting(2, person_of(ADA), THEM, Answer::Tentative, ago(2))),
        (mailbox(ADA), Entry { kind: InteractionKind::Call, ..mail(3, person_of(ADA), &[THEM], ago(3)) }),
    ];
    check(invited, &["2 invitations without acceptance", "1 call", "100 % one to one", "carried by the last 7 days", held]);
}
