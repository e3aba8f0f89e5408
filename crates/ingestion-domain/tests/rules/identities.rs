//! Which interactions are the same, and which threads.

use ingestion_domain::interaction::{Activity, Email};
use ingestion_domain::{Detail, Interaction, Source};
use vocabulary::entry::{Answer, InteractionKind};

use crate::company::{ADA, BOB, NOW, call, interaction, kept, mail_with, meeting_with};

const MAILBOX: Source = Source::Mailbox(ADA);

fn named(id: Option<&str>, source_id: Option<&str>, change: impl FnOnce(&mut Email)) -> Interaction {
    let mail = mail_with("eve", "ada! bob! list@x.example", "bea", |email| {
        email.message_id = id.map(str::to_owned);
        change(email);
    });
    Interaction { source_id: source_id.map(str::to_owned), ..mail }
}

#[track_caller]
fn check(one: (&Interaction, Source), other: (&Interaction, Source), same: bool) {
    let (one, other) = (kept(one.0, one.1).identity, kept(other.0, other.1).identity);
    assert_eq!(one == other, same, "{one:?} {other:?}");
}

#[test]
fn a_mail_is_the_same_from_every_source() {
    let bare = named(Some("m1@x"), Some("crm-7"), |_| {});
    for source in [Source::Mailbox(BOB), Source::Journal, Source::Crm] {
        check((&named(Some(" <m1@x> "), None, |_| {}), MAILBOX), (&bare, source), true);
    }
    check((&bare, MAILBOX), (&named(Some("M1@x"), None, |_| {}), MAILBOX), false);
}

#[test]
fn a_mail_without_message_id_is_what_its_headers_say() {
    let plain = named(None, None, |_| {});
    let shuffled = named(Some("<>"), None, |email| {
        email.to = ["List@x.example", "ADA@ours.example", "ada@ours.example", "bob@ours.example"].map(str::to_owned).into();
    });
    check((&plain, MAILBOX), (&shuffled, Source::Journal), true);
    check((&plain, MAILBOX), (&named(None, None, |email| email.date = Some(NOW)), MAILBOX), false);
    check((&plain, MAILBOX), (&named(None, None, |email| email.cc.clear()), MAILBOX), false);
    let moved = named(None, None, |email| email.to.append(&mut email.cc));
    check((&plain, MAILBOX), (&moved, MAILBOX), false);
    let tracked = named(None, Some("crm-7"), |_| {});
    check((&tracked, Source::Crm), (&named(None, Some("crm-7"), |email| email.cc.clear()), Source::Crm), true);
    check((&tracked, Source::Crm), (&tracked, MAILBOX), false);
}

#[test]
fn a_meeting_is_its_uid_and_the_start_it_had_in_its_series() {
    let at = |uid: &str, start: i64, occurrence: Option<i64>, sequence: u32| {
        meeting_with("eve", &[("ada!", Answer::None)], |meeting| {
            meeting.uid = uid.to_owned();
            (meeting.start, meeting.end) = (Some(NOW.plus_days(start)), Some(NOW.plus_days(start)));
            (meeting.occurrence, meeting.sequence) = (occurrence.map(|days| NOW.plus_days(days)), sequence);
        })
    };
    let first = at("u", -5, None, 0);
    check((&first, MAILBOX), (&at("u", -3, Some(-5), 1), Source::Crm), true);
    check((&first, MAILBOX), (&at("u", -3, None, 0), MAILBOX), false);
    check((&first, MAILBOX), (&at("v", -5, None, 0), MAILBOX), false);
    assert_eq!(kept(&at("u", -3, Some(-5), 7), MAILBOX).version.sequence, 7);
    assert_eq!(kept(&first, MAILBOX).thread, None);
}

#[test]
fn kinds_and_sources_of_the_same_id_never_collide() {
    let activity = Activity {
        kind: "site-visit".into(),
        from: "ada@ours.example".into(),
        to: vec!["eve@them.example".into()],
        time: Some(NOW),
        duration_seconds: 0,
    };
    let activity = Interaction { source_id: Some("c1".into()), ..interaction(Detail::Activity(activity)) };
    assert_eq!(kept(&activity, Source::Crm).kind, InteractionKind::Custom("site-visit".into()));
    check((&activity, Source::Crm), (&call("ada!", "eve"), Source::Crm), false);
    check((&call("ada!", "eve"), MAILBOX), (&call("ada!", "eve"), Source::Crm), false);
    check((&call("ada!", "eve"), MAILBOX), (&call("ada!", "eve"), Source::Journal), true);
}

#[test]
fn the_thread_is_the_root_that_the_headers_name() {
    let root = kept(&named(Some("<r@x>"), None, |_| {}), MAILBOX).thread;
    let thread = |id: Option<&str>, references: &[&str], replies_to: Option<&str>, conversation: Option<&str>| {
        let mail = named(id, None, |email| {
            email.references = references.iter().map(ToString::to_string).collect();
            email.in_reply_to = replies_to.map(str::to_owned);
            email.conversation_id = conversation.map(str::to_owned);
        });
        kept(&mail, MAILBOX).thread
    };
    assert!(root.is_some());
    assert_eq!(thread(Some("<m@x>"), &["", "<r@x>", "<q@x>"], Some("<q@x>"), None), root);
    assert_eq!(thread(Some("<m@x>"), &[], Some("r@x"), None), root);
    assert_eq!(thread(Some("<r@x>"), &[], None, Some("c")), root, "a root and its replies have one thread");
    assert_ne!(thread(None, &[], None, Some("r@x")), root);
    assert_eq!(thread(None, &[], None, Some("c")), thread(None, &[], None, Some(" c ")));
    assert_eq!(thread(None, &[], None, None), None);
}

#[test]
fn an_all_day_event_takes_no_time() {
    let day = |all_day| {
        let event = meeting_with("eve", &[("ada!", Answer::None)], |meeting| meeting.all_day = all_day);
        kept(&event, MAILBOX).duration_seconds
    };
    assert_eq!((day(false), day(true)), (86_400, 0));
}
