//! What cannot be read, and which field says so.

use std::time::Duration;

use ingestion_domain::interaction::{Activity, Call};
use ingestion_domain::{Detail, Interaction, Judgement, Source};
use vocabulary::Timestamp;
use vocabulary::entry::{Answer, RecordKind, RecordRef};

use crate::company::{ADA, NOW, call, interaction, judge, mail, mail_with, meeting, meeting_with};

#[track_caller]
fn check(cases: Vec<(Interaction, Source, Option<&str>)>) {
    for (interaction, source, field) in cases {
        let found = match judge(&interaction, source) {
            Judgement::Malformed(violation) => Some(violation.field),
            _ => None,
        };
        assert_eq!(found.as_deref(), field, "{interaction:?}");
    }
}

#[test]
fn a_mail_needs_an_author_a_date_and_good_addresses() {
    let mailbox = Source::Mailbox(ADA);
    check(vec![
        (mail("eve", "ada!", ""), mailbox, None),
        (mail("", "ada!", ""), mailbox, Some("email.from")),
        (mail("eve", "ada! bob! @", ""), mailbox, Some("email.to[2]")),
        (mail("eve", "ada!", "x@"), mailbox, Some("email.cc[0]")),
        (mail_with("eve", "ada!", "", |email| email.date = None), mailbox, Some("email.date")),
        (Interaction::default(), mailbox, Some("detail")),
    ]);
}

#[test]
fn a_meeting_needs_a_uid_a_start_and_an_end_after_it() {
    let ada = [("ada!", Answer::None)];
    let crm = Source::Crm;
    check(vec![
        (meeting("eve", &ada), crm, None),
        (meeting("", &ada), crm, Some("meeting.organizer")),
        (meeting("eve", &[ada[0], ("x@", Answer::None)]), crm, Some("meeting.attendees[1].address")),
        (meeting_with("eve", &ada, |meeting| meeting.uid = " ".into()), crm, Some("meeting.uid")),
        (meeting_with("eve", &ada, |meeting| meeting.start = None), crm, Some("meeting.start_time")),
        (meeting_with("eve", &ada, |meeting| meeting.end = None), crm, Some("meeting.end_time")),
        (meeting_with("eve", &ada, |meeting| meeting.start = Some(NOW)), crm, Some("meeting.end_time")),
    ]);
}

#[test]
fn a_call_needs_an_id_a_start_and_both_ends() {
    let crm = Source::Crm;
    let without_start = Call { start: None, from: "eve@x.example".into(), ..Call::default() };
    let changed = |change: fn(&mut Interaction)| {
        let mut call = call("eve", "ada!");
        change(&mut call);
        call
    };
    check(vec![
        (call("eve", "ada!"), crm, None),
        (call("", "ada!"), crm, Some("call.from")),
        (call("eve", ""), crm, Some("call.to")),
        (call("eve", "ada! x@"), crm, Some("call.to[1]")),
        (changed(|call| call.source_id = None), crm, Some("source_id")),
        (changed(|call| call.source_id = Some(" ".into())), crm, Some("source_id")),
        (Interaction { source_id: Some("c".into()), ..interaction(Detail::Call(without_start)) }, crm, Some("call.start_time")),
    ]);
}

#[test]
fn an_activity_needs_a_type_and_a_time() {
    let activity = |kind: &str, time| {
        let activity = Activity { kind: kind.into(), from: "ada@ours.example".into(), time, ..Activity::default() };
        Interaction { source_id: Some("a".into()), ..interaction(Detail::Activity(activity)) }
    };
    let long = "a".repeat(64);
    check(vec![
        (activity("task", Some(NOW)), Source::Crm, None),
        (activity("site_visit-2", Some(NOW)), Source::Crm, None),
        (activity("", Some(NOW)), Source::Crm, Some("activity.type")),
        (activity("Visit", Some(NOW)), Source::Crm, Some("activity.type")),
        (activity(&long, Some(NOW)), Source::Crm, Some("activity.type")),
        (activity("task", None), Source::Crm, Some("activity.time")),
    ]);
}

#[test]
fn nothing_takes_longer_than_31_days_but_a_whole_day_event() {
    const LONGEST: u32 = 31 * 86_400;
    let ends = |seconds_after: u64, all_day| {
        meeting_with("eve", &[("ada!", Answer::None)], |meeting| {
            let start = NOW.plus_days(-40);
            (meeting.start, meeting.end) = (Some(start), Some(start.plus(Duration::from_secs(seconds_after))));
            meeting.all_day = all_day;
        })
    };
    let since_1950 = meeting_with("eve", &[("ada!", Answer::None)], |meeting| meeting.start = Some(Timestamp::from_seconds(-631_152_000)));
    let forever = meeting_with("eve", &[("ada!", Answer::None)], |meeting| meeting.end = Some(Timestamp::MAX));
    let took = |duration_seconds| {
        let (from, to) = ("eve@them.example".to_owned(), vec!["ada@ours.example".to_owned()]);
        let call = Call { from: from.clone(), to: to.clone(), start: Some(NOW.plus_days(-40)), duration_seconds };
        let task = Activity { kind: "task".into(), from, to, time: Some(NOW), duration_seconds };
        let of = |detail| Interaction { source_id: Some("c".into()), ..interaction(detail) };
        (of(Detail::Call(call)), of(Detail::Activity(task)))
    };
    let ((call, task), (long_call, long_task)) = (took(LONGEST), took(LONGEST + 1));
    let mailbox = Source::Mailbox(ADA);
    check(vec![
        (ends(LONGEST.into(), false), mailbox, None),
        (ends(u64::from(LONGEST) + 1, false), mailbox, Some("meeting.end_time")),
        (ends(u64::from(LONGEST) + 1, true), mailbox, None),
        (since_1950, mailbox, Some("meeting.end_time")),
        (forever, mailbox, Some("meeting.end_time")),
        (call, mailbox, None),
        (long_call, mailbox, Some("call.duration")),
        (task, mailbox, None),
        (long_task, mailbox, Some("activity.duration")),
    ]);
}

#[test]
fn what_claims_to_come_from_the_future_and_says_not_when_it_came_is_malformed() {
    let at = |date: u64, received: Option<u64>| {
        mail_with("eve", "ada!", "", |email| {
            let minutes = |minutes: u64| NOW.plus(Duration::from_secs(60 * minutes));
            (email.date, email.received) = (Some(minutes(date)), received.map(minutes));
        })
    };
    let mailbox = Source::Mailbox(ADA);
    check(vec![
        (at(5, None), mailbox, None),
        (at(6, None), mailbox, Some("email.date")),
        (at(6, None), Source::Crm, Some("email.date")),
        (at(6, Some(0)), mailbox, None),
        (at(6, Some(6)), mailbox, Some("email.received_time")),
        (at(0, Some(6)), mailbox, None),
    ]);
    let Judgement::Malformed(violation) = judge(&at(6, None), mailbox) else { panic!("kept") };
    assert_eq!(violation.description, "lies in the future, and no received time says when it came");
}

#[test]
fn only_the_crm_says_which_record_an_interaction_is_about() {
    let about = |id: &str| {
        let regarding = Some(RecordRef { kind: RecordKind::Opportunity, id: id.into() });
        Interaction { regarding, ..mail("eve", "ada!", "") }
    };
    check(vec![
        (about("o1"), Source::Crm, None),
        (about(" "), Source::Crm, Some("regarding.id")),
        (about("o1"), Source::Mailbox(ADA), Some("regarding")),
        (about("o1"), Source::Journal, Some("regarding")),
    ]);
}
