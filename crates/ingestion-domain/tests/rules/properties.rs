//! What holds for every interaction.

use ingestion_domain::interaction::{Activity, Attendee, Call, Headers, Meeting};
use ingestion_domain::{Detail, Email, Interaction, Judgement, Kept, Source};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use vocabulary::entry::Answer;
use vocabulary::{Address, Timestamp};

use crate::company::{ADA, BOB, NOW, SHUT, addresses, judge, mail_with};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c]@(ours|them)\\.example", 1 => ".{0,12}", 1 => "<?[a-z]{0,3}@?[a-z.]{0,5}>?"]
}

/// What might pass as an address, with letters that change their length or nature with their case.
fn odd_address() -> impl Strategy<Value = String> {
    "[ <]?[A-Za-z\u{130}\u{1e9e}\u{3a3}\u{1f88}\u{df}0-9._+-]{1,8}@[A-Za-z\u{130}\u{1e9e}\u{3a3}\u{1f88}\u{df}0-9._-]{1,12}[.]?[ >]?"
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    of(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(NOW.micros())].prop_map(Timestamp::from_micros))
}

fn headers() -> impl Strategy<Value = Headers> {
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()));
    (texts, any::<[bool; 4]>()).prop_map(|(texts, flags)| Headers {
        auto_submitted: texts.0,
        precedence: texts.1,
        list_id: texts.2,
        list_address: texts.3,
        reply_to: texts.4,
        list_post: flags[0],
        list_unsubscribe: flags[1],
        null_return_path: flags[2],
        calendar: flags[3],
    })
}

fn detail() -> impl Strategy<Value = Detail> {
    let email = (of(text()), text(), vec(text(), 0..5), vec(text(), 0..3), time(), time(), vec(text(), 0..3), headers());
    let meeting = (text(), time(), time(), time(), text(), vec((text(), any::<bool>()), 0..5), any::<bool>());
    let call = || (text(), vec(text(), 0..3), time(), any::<u32>());
    prop_oneof![
        email.prop_map(|(message_id, from, to, cc, date, received, references, headers)| {
            let in_reply_to = references.first().cloned();
            let conversation_id = message_id.clone();
            let email = Email { message_id, from, to, cc, date, received, in_reply_to, references, conversation_id, headers };
            Detail::Email(Box::new(email))
        }),
        meeting.prop_map(|(uid, occurrence, start, end, organizer, attendees, all_day)| {
            let attendee = |(address, resource)| Attendee { address, answer: Answer::Tentative, optional: resource, resource };
            let attendees = attendees.into_iter().map(attendee).collect();
            Detail::Meeting(Box::new(Meeting { uid, occurrence, start, end, organizer, attendees, all_day, ..Meeting::default() }))
        }),
        call().prop_map(|(from, to, start, duration_seconds)| { Detail::Call(Call { from, to, start, duration_seconds }) }),
        call().prop_map(|(from, to, time, duration_seconds)| {
            Detail::Activity(Activity { kind: "task".into(), from, to, time, duration_seconds })
        }),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![Just(Source::Mailbox(ADA)), Just(Source::Mailbox(BOB)), Just(Source::Journal), Just(Source::Crm)]
}

/// Recipients out of a handful of people, some of them ours.
fn recipients() -> impl Strategy<Value = Vec<String>> {
    const NAMES: [&str; 9] = ["ada!", "ada.l!", "bob!", "shut!", "room!", "new!", "list", "eve", "bea"];
    vec(proptest::sample::select(&NAMES[..]), 0..6).prop_map(|names| addresses(&names.join(" ")))
}

fn check_copies(kept: &Kept, source: Source) -> Result<(), TestCaseError> {
    prop_assert!(!kept.copies.is_empty());
    for copy in &kept.copies {
        prop_assert_eq!(copy.owner.is_none(), source == Source::Crm);
        prop_assert!(copy.owner != Some(SHUT));
        prop_assert!(copy.participants.iter().all(|participant| participant.address != kept.author));
    }
    prop_assert!(kept.copies.is_sorted_by(|one, other| one.owner < other.owner));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_interaction_gets_an_answer(detail in of(detail()), source_id in of(text()), source in source()) {
        let interaction = Interaction { source_id, regarding: None, detail };
        match judge(&interaction, source) {
            Judgement::Kept(kept) => check_copies(&kept, source)?,
            Judgement::Ignored { stub: Some(kept), .. } => check_copies(&kept, source)?,
            Judgement::Ignored { stub: None, .. } | Judgement::Malformed(_) => {}
        }
    }

    #[test]
    fn every_address_that_is_accepted_parses_again_to_itself(from in odd_address(), to in vec(odd_address(), 1..4), sent in any::<bool>()) {
        let mail = mail_with(if sent { "ada!" } else { "" }, if sent { "" } else { "ada!" }, "", |email| {
            if sent { email.to = to } else { email.from = from }
        });
        if let Judgement::Kept(kept) = judge(&mail, Source::Mailbox(ADA)) {
            let participants = kept.copies.iter().flat_map(|copy| &copy.participants).map(|participant| &participant.address);
            for address in participants.chain([&kept.author]) {
                prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()), "{}", address.as_str());
            }
        }
    }

    #[test]
    fn the_order_of_recipients_changes_nothing(
        (to, shuffled) in recipients().prop_flat_map(|to| (Just(to.clone()), Just(to).prop_shuffle())),
        cc in recipients(),
        named in any::<bool>(),
        source in source(),
    ) {
        let judged = |to: &[String]| {
            let mail = mail_with("eve", "", "", |email| {
                (email.to, email.cc) = (to.to_vec(), cc.clone());
                email.message_id = named.then(|| "m@x".to_owned());
            });
            judge(&mail, source)
        };
        prop_assert_eq!(judged(&to), judged(&shuffled));
    }

    #[test]
    fn a_mailbox_never_names_a_third_recipient_of_what_its_owner_did_not_write(to in recipients(), cc in recipients()) {
        let mail = mail_with("bea", "", "", |email| (email.to, email.cc) = (to, cc));
        for source in [Source::Mailbox(ADA), Source::Mailbox(BOB), Source::Journal] {
            if let Judgement::Kept(kept) = judge(&mail, source) {
                for copy in kept.copies {
                    let own: &[&str] = if copy.owner == Some(ADA) { &["ada", "ada.l"] } else { &["bob"] };
                    prop_assert!(copy.participants.len() <= 1);
                    prop_assert!(copy.participants.iter().all(|participant| own.contains(&participant.address.local())));
                }
            }
        }
    }
}
