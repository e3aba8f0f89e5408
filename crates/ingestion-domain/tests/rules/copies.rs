//! What each mailbox may tell.

use std::time::Duration;

use ingestion_domain::interaction::Attendee;
use ingestion_domain::{Interaction, Judgement, Source, normalise};
use vocabulary::UserId;
use vocabulary::entry::{Answer, Role};

use crate::company::{ADA, BOB, Company, NOW, RULES, call, kept, mail, mail_with, meeting, meeting_with};

/// Copies as `owner: local/role/answer ...`, one line each.
#[track_caller]
fn check(interaction: &Interaction, source: Source, expected: &[&str]) {
    let told = |owner: Option<UserId>| owner.map_or("crm".to_owned(), |UserId(id)| ["ada", "bob"][id as usize - 1].into());
    let copies = kept(interaction, source).copies.into_iter().map(|copy| {
        assert!(!copy.stub);
        let participants = copy.participants.iter().map(|participant| {
            let role = if participant.role == Role::To { "" } else { "/cc" };
            let answer = if participant.answer == Answer::None { String::new() } else { format!("/{:?}", participant.answer) };
            format!(" {}{role}{answer}", participant.address.local())
        });
        format!("{}:{}", told(copy.owner), participants.collect::<String>())
    });
    assert_eq!(copies.collect::<Vec<_>>(), expected);
}

#[test]
fn who_wrote_tells_of_the_recipients_and_who_received_of_themselves() {
    let received = mail("eve", "ada! bea", "bob! shut!");
    check(&received, Source::Mailbox(ADA), &["ada: ada"]);
    check(&received, Source::Mailbox(BOB), &["bob: bob/cc"]);
    check(&received, Source::Journal, &["ada: ada", "bob: bob/cc"]);
    let sent = mail("ada!", "eve bob! list@x.example room!", "bea eve ada!");
    check(&sent, Source::Mailbox(ADA), &["ada: bea/cc bob eve"]);
    check(&sent, Source::Journal, &["ada: bea/cc bob eve", "bob: bob"]);
    check(&sent, Source::Crm, &["crm: bea/cc bob eve"]);
    assert_eq!(kept(&sent, Source::Mailbox(BOB)).others, 3);
}

#[test]
fn somebody_with_two_addresses_is_named_once_in_the_stronger_role() {
    check(&mail("eve", "ada.l!", "ada!"), Source::Journal, &["ada: ada.l"]);
    assert_eq!(kept(&mail("ada!", "ada.l! eve", ""), Source::Mailbox(ADA)).others, 1);
}

#[test]
fn an_attendee_tells_only_of_their_own_answer() {
    let answers = [("ada!", Answer::Accepted), ("bea", Answer::Declined), ("bob!", Answer::Tentative)];
    let theirs = meeting("eve", &answers);
    check(&theirs, Source::Mailbox(ADA), &["ada: ada/Accepted"]);
    check(&theirs, Source::Journal, &["ada: ada/Accepted", "bob: bob/Tentative"]);
    check(&meeting("ada!", &answers), Source::Mailbox(ADA), &["ada: bea/Declined bob/Tentative"]);
}

#[test]
fn rooms_and_equipment_are_nobody_and_optional_attendees_are_in_cc() {
    let with_projector = meeting_with("ada!", &[("eve", Answer::None), ("room!", Answer::Accepted)], |meeting| {
        let projector = Attendee { address: "not an address".into(), answer: Answer::None, optional: false, resource: true };
        meeting.attendees.push(projector);
        meeting.attendees[0].optional = true;
    });
    check(&with_projector, Source::Mailbox(ADA), &["ada: eve/cc"]);
}

#[test]
fn a_call_is_told_like_a_mail() {
    check(&call("eve", "ada! bea"), Source::Mailbox(ADA), &["ada: ada"]);
    check(&call("ada!", "eve"), Source::Crm, &["crm: eve"]);
    let told = kept(&call("ada!", "eve"), Source::Crm);
    assert_eq!((told.time.seconds(), told.duration_seconds), (NOW.plus_days(-1).seconds() + 600, 600));
}

#[test]
fn a_reply_to_a_list_alone_names_nobody_but_what_it_replies_to() {
    let reply = |from: &str| mail_with(from, "list@x.example", "", |email| email.in_reply_to = Some("<m0@them.example>".to_owned()));
    check(&reply("ada!"), Source::Mailbox(ADA), &["ada:"]);
    check(&reply("eve"), Source::Mailbox(ADA), &["ada:"]);
    check(&reply("ada!"), Source::Journal, &["ada:"]);
    check(&reply("eve"), Source::Crm, &["crm:"]);
    let replied_to = mail_with("bea", "ada!", "", |email| email.message_id = Some("m0@them.example".to_owned()));
    let parent = Some(kept(&replied_to, Source::Mailbox(ADA)).identity);
    assert_eq!(kept(&reply("ada!"), Source::Mailbox(ADA)).parent, parent);
    let also_to_eve = mail_with("ada!", "list@x.example eve", "", |email| email.in_reply_to = Some("<m0@them.example>".to_owned()));
    assert_eq!(kept(&also_to_eve, Source::Mailbox(ADA)).parent, None);
}

#[test]
fn a_date_in_the_future_is_clamped_to_when_the_mail_was_received() {
    let mail = |date: i64, received: Option<i64>| {
        mail_with("eve", "ada!", "", |email| {
            (email.date, email.received) = (Some(NOW.plus_days(date)), received.map(|days| NOW.plus_days(days)));
        })
    };
    for (date, received, time) in [(-3, None, -3), (-3, Some(-2), -3), (9, Some(-2), -2), (-3, Some(9), -3)] {
        assert_eq!(kept(&mail(date, received), Source::Mailbox(ADA)).time, NOW.plus_days(time), "{date} {received:?}");
    }
}

#[test]
fn the_instant_of_a_mail_does_not_depend_on_when_it_is_judged() {
    let ahead = |minutes: u64| NOW.plus(Duration::from_secs(60 * minutes));
    let mail = mail_with("eve", "ada!", "", |email| email.date = Some(ahead(4)));
    for later in [0, 2, 4, 600] {
        let Judgement::Kept(kept) = normalise(&mail, &Source::Mailbox(ADA), &Company, &RULES, ahead(later)) else { panic!("not kept") };
        assert_eq!(kept.time, ahead(4), "{later}");
    }
}
