//! Each figure of section 3 by a small example.

use vocabulary::entry::{Answer, Entry, InteractionKind, Origin};

use super::{Kpis, compute};
use crate::testing::{Telling, account, call, contact, days_ago, entry, mail, mailbox, meeting, now, opportunity, them, timeline, us};
use crate::timeline::Direction;

fn kpis(entries: &[(Origin, Entry)]) -> Kpis {
    compute(&timeline(entries, &account()), days_ago(100))
}

/// Minutes by us and by them of one interaction on the account.
fn check(what: &str, entries: &[(Origin, Entry)], minutes: (f64, f64)) {
    let kpis = kpis(entries);
    assert_eq!((kpis.minutes_by_us, kpis.minutes_by_them), minutes, "{what}");
}

#[test]
fn interactions_are_counted_by_kind_and_direction() {
    let of = |id: u64, entry: Entry| (Origin::Crm, Entry { identity: vocabulary::Identity(id.into()), ..entry });
    let visit = || entry(InteractionKind::Custom("visit".into()), 0, us(1)).to(them(1));
    let kpis = kpis(&[
        of(1, mail(0, us(1)).to(them(1))),
        of(2, mail(0, us(2)).to(them(1))),
        of(3, mail(0, them(2)).to(us(1))),
        of(4, meeting(0, us(1)).to(them(1))),
        of(5, meeting(0, them(1)).to(us(1))),
        of(6, call(0, us(1)).to(them(1))),
        of(7, call(0, them(1)).to(us(1))),
        of(8, visit()),
        of(9, visit()),
        of(10, entry(InteractionKind::Task, 0, us(1)).about(account())),
    ]);
    assert_eq!((kpis.emails_sent, kpis.emails_received), (2, 1));
    assert_eq!((kpis.meetings_sent, kpis.meetings_received), (1, 1));
    assert_eq!((kpis.calls_made, kpis.calls_received), (1, 1));
    assert_eq!(kpis.activities.iter().map(|(name, count)| (&**name, *count)).collect::<Vec<_>>(), [("task", 1), ("visit", 2)]);
    assert_eq!((kpis.sent_received_ratio_by_us, kpis.sent_received_ratio_by_them), (Some(2.0), Some(0.5)));
    assert_eq!((kpis.distinct_colleagues, kpis.distinct_contacts), (2, 2));
}

#[test]
fn ratios_are_absent_when_the_divisor_is_0() {
    let kpis = kpis(&[(mailbox(1), mail(1, us(1)).to(them(1)))]);
    assert_eq!((kpis.sent_received_ratio_by_us, kpis.sent_received_ratio_by_them), (None, Some(0.0)));
}

#[test]
fn time_is_ours_times_people_and_theirs_once() {
    let accepted = Answer::Accepted;
    let three_and_two = meeting(1, us(1)).answering(us(2), accepted).answering(us(3), accepted);
    let three_and_two = three_and_two.answering(them(1), accepted).answering(them(2), accepted);
    check("published: 30 minutes, three of ours, two of theirs", &[(mailbox(1), three_and_two.clone())], (90.0, 30.0));
    check(
        "the same in every mailbox",
        &[
            (mailbox(1), three_and_two.clone()),
            (mailbox(2), meeting(1, us(1)).answering(us(2), accepted)),
            (mailbox(3), meeting(1, us(1)).answering(us(3), accepted)),
        ],
        (90.0, 30.0),
    );
    check(
        "one's own answer beats the organiser's copy",
        &[(mailbox(1), three_and_two.clone()), (mailbox(2), meeting(1, us(1)).answering(us(2), Answer::Declined))],
        (60.0, 30.0),
    );
    let nobody = meeting(1, us(1)).answering(us(2), Answer::Tentative).to(us(3)).answering(them(1), Answer::Tentative);
    check("tentative and no answer did not come", &[(mailbox(1), nobody)], (30.0, 0.0));
    check("all day", &[(mailbox(1), Entry { duration_seconds: 0, ..three_and_two })], (0.0, 0.0));
    let unnamed = meeting(1, us(1)).answering(us(5), accepted).answering(them(1), accepted);
    check("who may not be named is not present in a colleague's mailbox", &[(mailbox(1), unnamed.clone())], (30.0, 30.0));
    check("what the CRM tracked counts whoever it was", &[(Origin::Crm, unnamed)], (60.0, 30.0));
    check("a call", &[(Origin::Crm, call(1, us(1)).to(them(1)).to(us(2)))], (20.0, 10.0));
    check("a mail we wrote", &[(mailbox(1), mail(1, us(1)).to(them(1)).cc(us(2)))], (5.0, 2.5));
    let read = |user: u64| (mailbox(user), mail(1, them(1)).to(us(user)));
    check("a mail we read, in three mailboxes", &[read(1), read(2), read(3)], (2.5, 5.0));
    check("internal, about the account", &[(Origin::Crm, meeting(1, us(1)).answering(us(2), accepted).about(account()))], (60.0, 0.0));
}

#[test]
fn the_window_holds_first_last_and_what_is_between() {
    let at = |id: u64, days: i64| (mailbox(1), mail(id, us(1)).to(them(1)).at(days_ago(days)));
    let kpis = kpis(&[at(1, 101), at(2, 100), at(3, 7), at(4, 7), at(5, 3)]);
    assert_eq!(kpis.emails_sent, 4);
    let time = |counted: &Option<crate::timeline::Counted>| counted.as_ref().map(|counted| (counted.time, counted.direction));
    assert_eq!(time(&kpis.first), Some((days_ago(100), Direction::Sent)));
    assert_eq!(time(&kpis.last), Some((days_ago(3), Direction::Sent)));
    assert_eq!((kpis.days_since_last, kpis.active_days), (Some(3), 3));
}

#[test]
fn what_comes_next_is_planned_and_not_cancelled() {
    let planned = |id: u64, days: i64| meeting(id, us(1)).to(them(1)).at(now().plus_days(days));
    let cancelled = Entry { cancelled: true, ..planned(1, 1) };
    let due = entry(InteractionKind::Task, 4, us(1)).about(account()).at(now().plus_days(2));
    let next = |entries: &[(Origin, Entry)]| kpis(entries).next.map(|counted| now().days_since(counted.time) as i64);
    assert_eq!(next(&[(Origin::Crm, cancelled.clone()), (Origin::Crm, planned(2, 5)), (Origin::Crm, planned(3, 3))]), Some(-3));
    assert_eq!(next(&[(Origin::Crm, due), (Origin::Crm, planned(3, 3))]), Some(-2));
    assert_eq!(next(&[(Origin::Crm, cancelled), (Origin::Crm, mail(5, us(1)).to(them(1)).at(now().plus_days(1)))]), None);
}

#[test]
fn several_addresses_of_a_contact_are_one_contact() {
    let entries = [(mailbox(1), mail(1, us(1)).to(them(1)).cc(them(11))), (mailbox(2), mail(2, us(2)).to(them(11)))];
    for record in [contact(), account(), opportunity()] {
        let kpis = compute(&timeline(&entries, &record), days_ago(100));
        assert_eq!((kpis.distinct_colleagues, kpis.distinct_contacts), (2, 1), "{record:?}");
    }
}
