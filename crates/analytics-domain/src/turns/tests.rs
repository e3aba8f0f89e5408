//! Turns, one row for each clause of their definition.

use vocabulary::Timestamp;
use vocabulary::entry::{Entry, Origin};

use crate::kpis::{Kpis, compute};
use crate::testing::{Telling, contact, days_ago, mail, mailbox, now, them, timeline, us};

/// One message of a thread: who wrote, days ago, whether the others stand in To.
#[derive(Clone, Copy)]
enum Said {
    We(i64),
    WeCc(i64),
    They(i64),
    TheyCc(i64),
    /// Another contact of the contact's account, to us.
    Another(i64),
    /// Somebody of a third company, to us.
    Stranger(i64),
}
use Said::{Another, Stranger, They, TheyCc, We, WeCc};

fn entries(thread: &[Said]) -> Vec<(Origin, Entry)> {
    let message = |(id, said): (usize, &Said)| {
        let id = id as u64 + 1;
        let (entry, days) = match *said {
            We(days) => (mail(id, us(1)).to(them(1)), days),
            WeCc(days) => (mail(id, us(1)).to(them(9)).cc(them(1)), days),
            They(days) => (mail(id, them(1)).to(us(1)), days),
            TheyCc(days) => (mail(id, them(1)).cc(us(1)), days),
            Another(days) => (mail(id, them(2)).to(us(1)), days),
            Stranger(days) => (mail(id, them(9)).to(us(1)), days),
        };
        (mailbox(1), entry.within(7).at(days_ago(days)))
    };
    thread.iter().enumerate().map(message).collect()
}

fn kpis(thread: &[Said]) -> Kpis {
    compute(&timeline(&entries(thread), &contact()), days_ago(100))
}

/// Rates by us and by them.
fn check(what: &str, thread: &[Said], by_us: Option<f64>, by_them: Option<f64>) {
    let kpis = kpis(thread);
    assert_eq!((kpis.response_rate_by_us, kpis.response_rate_by_them), (by_us, by_them), "{what}");
}

#[test]
fn a_turn_is_answered_by_the_next_message_of_the_other_side_within_14_days() {
    check("nothing", &[], None, None);
    check("answered, and the answer closes the thread", &[We(50), They(49)], None, Some(1.0));
    check("answered by us", &[They(50), We(49)], Some(1.0), None);
    check("answered on the last day", &[We(50), They(36)], None, Some(1.0));
    check("answered too late", &[We(50), They(35)], None, Some(0.0));
    check("never answered, and only one side wrote", &[We(50), We(40)], None, Some(0.0));
    check("a run counts from its first message", &[We(50), We(38), They(35)], None, Some(0.0));
    check("two turns, one answered", &[We(60), They(59), We(50), They(30), We(29)], Some(1.0), Some(0.5));
}

#[test]
fn turns_that_are_not_judged() {
    check("the closing turn of a thread in which both wrote", &[They(60), We(59), They(58)], Some(1.0), Some(1.0));
    check("younger than 14 days, though answered", &[We(13), They(12)], None, None);
    check("exactly 14 days old", &[We(14), They(12)], None, Some(1.0));
    check("begun before the window", &[We(101), They(99)], None, None);
    check("begun with the window", &[We(100), They(99)], None, Some(1.0));
    check("the answering side only in copy", &[WeCc(50), They(49)], None, None);
    check("in To later in the run", &[WeCc(50), We(49), They(48)], None, Some(1.0));
    check("theirs, with us only in copy", &[TheyCc(50), We(49)], None, None);
    check("answered by another contact of their account", &[We(50), Another(49)], None, None);
    check("and then by the contact", &[We(50), Another(49), They(48)], None, None);
    check("another's answer that came too late is none", &[We(50), Another(30), They(29)], None, Some(0.0));
    check("a third company's mail answers nothing", &[We(50), Stranger(49)], None, Some(0.0));
    check("and takes no answer away", &[We(50), Stranger(49), They(48)], None, Some(1.0));
    check("another who wrote before the turn", &[Another(60), We(50), They(49)], None, Some(1.0));
}

#[test]
fn times_run_from_the_first_message_of_the_turn_to_the_first_of_the_answer() {
    let kpis = kpis(&[We(60), We(59), They(58), We(50), They(49), We(40), They(30), We(29)]);
    let them = kpis.first_response_by_them.unwrap();
    assert_eq!((them.turns, them.median_hours), (3, 48.0));
    assert!((them.mean_hours - (48.0 + 24.0 + 240.0) / 3.0).abs() < 1e-9);
    let us = kpis.first_response_by_us.unwrap();
    assert_eq!((us.turns, us.mean_hours, us.median_hours), (3, (8.0 + 9.0 + 1.0) * 8.0, 8.0 * 24.0));
}

#[test]
fn the_oldest_open_turn_of_the_last_14_days_waits() {
    let waiting = |thread: &[Said]| {
        let kpis = kpis(thread);
        let days = |since: Option<Timestamp>| since.map(|since| now().days_since(since) as i64);
        (days(kpis.awaiting_us_since), days(kpis.awaiting_them_since))
    };
    for (what, thread, us, them) in [
        ("theirs", &[They(5), They(3)][..], Some(5), None),
        ("ours", &[They(6), We(5)], None, Some(5)),
        ("too old", &[They(14)], None, None),
        ("only in copy", &[TheyCc(3)], None, None),
        ("answered", &[They(5), We(4), They(3), We(2)], None, Some(2)),
        ("answered by another of theirs", &[We(5), Another(4)], None, None),
        ("not answered by a third company", &[We(5), Stranger(4)], None, Some(5)),
    ] {
        assert_eq!(waiting(thread), (us, them), "{what}");
    }
}

#[test]
fn threads_are_judged_apart_and_mail_without_one_stands_alone() {
    let alone = |id: u64, days: i64| (mailbox(1), mail(id, us(1)).to(them(1)).at(days_ago(days)));
    let mut all = entries(&[We(50), They(49)]);
    all.extend([alone(80, 48), alone(81, 47)]);
    let kpis = compute(&timeline(&all, &contact()), days_ago(100));
    assert_eq!(kpis.response_rate_by_them, Some(1.0 / 3.0));
}
