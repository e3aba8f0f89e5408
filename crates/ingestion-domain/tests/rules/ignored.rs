//! What is kept out, and why.

use ingestion_domain::interaction::Headers;
use ingestion_domain::{IgnoredReason, Interaction, Judgement, Source};
use vocabulary::Timestamp;
use vocabulary::entry::Answer;

use crate::company::{ADA, BOB, LATE, NOW, SHUT, call, ignored, judge, kept, mail, mail_with, meeting, meeting_with};

const MAILBOX: Source = Source::Mailbox(ADA);

#[track_caller]
fn check(cases: &[(&str, Interaction, Source, Option<IgnoredReason>)]) {
    for (name, interaction, source, reason) in cases {
        assert_eq!(ignored(interaction, *source), *reason, "{name}");
    }
}

fn headers(change: impl FnOnce(&mut Headers)) -> Interaction {
    mail_with("eve", "ada!", "", |email| change(&mut email.headers))
}

#[test]
fn automatic_mail_is_told_by_its_headers() {
    let automatic = Some(IgnoredReason::Automatic);
    let set = |text: &str| Some(text.to_owned());
    check(&[
        ("plain", headers(|_| {}), MAILBOX, None),
        ("auto-replied", headers(|h| h.auto_submitted = set("Auto-Replied; x=y")), MAILBOX, automatic),
        ("auto-submitted no", headers(|h| h.auto_submitted = set("No")), MAILBOX, None),
        ("auto-submitted empty", headers(|h| h.auto_submitted = set("")), MAILBOX, None),
        ("bulk", headers(|h| h.precedence = set(" Bulk")), MAILBOX, automatic),
        ("junk", headers(|h| h.precedence = set("junk")), Source::Crm, automatic),
        ("list", headers(|h| h.precedence = set("list")), MAILBOX, None),
        ("null return path", headers(|h| h.null_return_path = true), MAILBOX, automatic),
        ("newsletter", headers(|h| h.list_unsubscribe = true), MAILBOX, automatic),
        ("discussion", headers(|h| (h.list_unsubscribe, h.list_post) = (true, true)), MAILBOX, None),
    ]);
    let reply = mail_with("eve", "ada!", "", |email| {
        email.headers.list_unsubscribe = true;
        email.in_reply_to = set("<m0@ours.example>");
    });
    check(&[("reply with an unsubscribe link", reply, MAILBOX, None)]);
}

#[test]
fn machines_calendar_notices_and_private_meetings_are_kept_out() {
    let private = meeting_with("eve", &[("ada!", Answer::Accepted)], |meeting| meeting.private = true);
    check(&[
        ("no-reply", mail("no-reply", "ada!", ""), MAILBOX, Some(IgnoredReason::NoReplySender)),
        ("calendar", headers(|h| h.calendar = true), MAILBOX, Some(IgnoredReason::CalendarNotification)),
        ("private", private, MAILBOX, Some(IgnoredReason::Private)),
    ]);
}

#[test]
fn the_window_looks_at_the_instant_of_an_interaction() {
    let at = |date| mail_with("eve", "ada!", "", |email| email.date = Some(date));
    let until = |end: Timestamp| {
        meeting_with("eve", &[("ada!", Answer::None)], |meeting| {
            (meeting.start, meeting.end) = (Some(NOW.plus_days(-366)), Some(end));
        })
    };
    let outside = Some(IgnoredReason::OutsideWindow);
    check(&[
        ("1979", at(Timestamp::from_seconds(300_000_000)), MAILBOX, outside),
        ("just before", at(Timestamp::from_micros(NOW.plus_days(-365).micros() - 1)), MAILBOX, outside),
        ("just inside", at(NOW.plus_days(-365)), MAILBOX, None),
        ("ended inside", until(NOW.plus_days(-364)), MAILBOX, None),
        ("ended before", until(NOW.plus_days(-366)), MAILBOX, outside),
    ]);
}

#[test]
fn what_lies_before_the_scope_of_a_mailbox_is_kept_out_of_it_alone() {
    let at = |to: &str, days| mail_with("eve", to, "", |email| email.date = Some(NOW.plus_days(days)));
    let before = Some(IgnoredReason::BeforeScope);
    let own = Source::Mailbox(LATE);
    check(&[
        ("before, own mailbox", at("late!", -11), own, before),
        ("at its beginning", at("late!", -10), own, None),
        ("before, another mailbox", at("ada! late!", -11), MAILBOX, None),
        ("before, journal, nobody else", at("late!", -11), Source::Journal, before),
        ("before, journal, nobody who may be read", at("shut!", -11), Source::Journal, Some(IgnoredReason::NobodyReadable)),
        ("before, from the CRM", at("late!", -11), Source::Crm, None),
    ]);
    let copies = kept(&at("ada! late!", -11), Source::Journal).copies;
    assert_eq!(copies.iter().map(|copy| copy.owner).collect::<Vec<_>>(), [Some(ADA)]);
}

#[test]
fn too_many_people_is_more_than_50_others() {
    let crowd = |count: usize| (0..count).map(|n| format!("p{n} ")).collect::<String>();
    let too_many = Some(IgnoredReason::TooManyPeople);
    check(&[
        ("50", mail("ada!", &crowd(50), "list@x.example room! ada!"), MAILBOX, None),
        ("51", mail("ada!", &crowd(50), "bob!"), MAILBOX, too_many),
        ("51 of theirs", mail("eve", &crowd(51), ""), Source::Journal, Some(IgnoredReason::NobodyOfOurs)),
    ]);
}

#[test]
fn nobody_else_is_only_oneself_unless_tracked_by_hand() {
    let oneself = Some(IgnoredReason::OnlyOneself);
    check(&[
        ("no recipients", mail("ada!", "", ""), MAILBOX, oneself),
        ("note to self", mail("ada!", "ada.l!", "ada!"), MAILBOX, oneself),
        ("booked a room", meeting("ada!", &[("room!", Answer::Accepted)]), MAILBOX, oneself),
        ("in the CRM", mail("ada!", "", ""), Source::Crm, None),
        ("called herself", call("ada!", "ada!"), MAILBOX, oneself),
    ]);
}

#[test]
fn a_mailbox_tells_only_of_its_owner_and_a_journal_of_ours_who_may_be_read() {
    let nobody = Some(IgnoredReason::NobodyOfOurs);
    check(&[
        ("owner in Cc", mail("eve", "bob!", "ada!"), MAILBOX, None),
        ("owner not named", mail("eve", "bob!", ""), MAILBOX, Some(IgnoredReason::OwnerNotNamed)),
        ("nobody of ours", mail("eve", "bea guest@x.example", ""), Source::Journal, nobody),
        ("inside but unknown", mail("new!", "eve", ""), Source::Journal, nobody),
        ("to a list alone", mail("eve", "list@x.example", ""), Source::Journal, nobody),
        ("nobody readable", mail("shut!", "eve", ""), Source::Journal, Some(IgnoredReason::NobodyReadable)),
        ("one readable", mail("shut!", "eve", "bob!"), Source::Journal, None),
        ("CRM", mail("eve", "shut!", ""), Source::Crm, None),
    ]);
}

#[test]
fn a_list_as_author_is_replaced_by_reply_to() {
    let rescued =
        |reply_to: Option<&str>| mail_with("list@x.example", "ada!", "", |email| email.headers.reply_to = reply_to.map(str::to_owned));
    let list = Some(IgnoredReason::ListAuthor);
    check(&[
        ("person", rescued(Some("eve@them.example")), MAILBOX, None),
        ("nobody", rescued(None), MAILBOX, list),
        ("the list again", rescued(Some("list@x.example")), MAILBOX, list),
        ("a machine", rescued(Some("noreply@x.example")), MAILBOX, list),
        ("no address", rescued(Some("eve")), MAILBOX, list),
        ("a room", mail("room!", "ada!", ""), MAILBOX, list),
    ]);
    let Judgement::Kept(kept) = judge(&rescued(Some("eve@them.example")), MAILBOX) else { panic!("not kept") };
    assert_eq!(kept.author.as_str(), "eve@them.example");
}

#[test]
fn list_mail_without_a_person_leaves_a_stub_for_whose_it_is() {
    // Who holds a stub: nobody (None) or these users.
    let stubs = |interaction: Interaction, source| match judge(&interaction, source) {
        Judgement::Ignored { reason: IgnoredReason::ListOnly, stub } => stub.map(|kept| {
            assert!(kept.copies.iter().all(|copy| copy.stub && copy.participants.is_empty()));
            kept.copies.iter().filter_map(|copy| copy.owner).collect::<Vec<_>>()
        }),
        other => panic!("{other:?}"),
    };
    let to_list = |from: &str| mail(from, "list@x.example", "");
    let by_header = mail_with("eve", "fans@x.example", "", |email| {
        email.headers.list_id = Some("<fans.x.example>".to_owned());
        email.headers.list_address = Some("fans@x.example".to_owned());
    });
    assert_eq!(stubs(to_list("ada!"), MAILBOX), Some(vec![ADA]));
    assert_eq!(stubs(to_list("eve"), MAILBOX), Some(vec![ADA]), "received through the list");
    assert_eq!(stubs(by_header, MAILBOX), Some(vec![ADA]));
    assert_eq!(stubs(to_list("bob!"), Source::Journal), Some(vec![BOB]));
    assert_eq!(stubs(to_list("shut!"), Source::Journal), None, "who may not be read leaves nothing: {SHUT:?}");
    assert_eq!(stubs(meeting("ada!", &[("list@x.example", Answer::None)]), MAILBOX), None);
}

#[test]
fn a_header_makes_no_list_of_somebody_in_the_directory() {
    let forged = mail_with("eve", "ada!", "", |email| {
        email.headers.list_address = Some("ada@ours.example".to_owned());
    });
    check(&[("forged", forged, MAILBOX, None)]);
}
