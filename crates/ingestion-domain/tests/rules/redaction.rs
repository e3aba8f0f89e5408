//! No Debug of what a source tells, or of what becomes of it, shows a text of it.

use std::fmt::Debug;

use ingestion_domain::interaction::{Activity, Attendee, Call, Detail, Email, Headers, Interaction, Meeting};
use ingestion_domain::{IgnoredReason, Judgement, Source};
use vocabulary::entry::{Answer, RecordKind, RecordRef};

use crate::company::{NOW, kept};

/// Every text that a test gives holds this.
const MARKER: &str = "secret";

#[track_caller]
fn check(value: &dyn Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.to_lowercase().contains(MARKER), "{shown}");
    }
}

fn text() -> String {
    "secret@secret.example".to_owned()
}

fn email() -> Email {
    let headers = Headers {
        auto_submitted: None,
        precedence: Some(text()),
        list_id: Some(text()),
        list_address: Some("secret-list@secret.example".into()),
        reply_to: Some(text()),
        ..Headers::default()
    };
    Email {
        message_id: Some(text()),
        from: text(),
        to: vec!["secret-1@secret.example".into()],
        cc: vec!["secret-2@secret.example".into()],
        date: Some(NOW),
        received: Some(NOW),
        in_reply_to: Some(text()),
        references: vec![text()],
        conversation_id: Some(text()),
        headers,
    }
}

fn meeting() -> Meeting {
    let attendee = Attendee { address: "secret-1@secret.example".into(), answer: Answer::Accepted, optional: false, resource: false };
    Meeting { uid: text(), start: Some(NOW), end: Some(NOW), organizer: text(), attendees: vec![attendee], ..Meeting::default() }
}

#[test]
fn debug_shows_kinds_counts_and_times_only() {
    let (email, meeting) = (email(), meeting());
    let to = vec!["secret-1@secret.example".to_owned()];
    let call = Call { from: text(), to: to.clone(), start: Some(NOW), duration_seconds: 60 };
    let activity = Activity { kind: text(), from: text(), to, time: Some(NOW), duration_seconds: 60 };
    check(&Headers { auto_submitted: Some(text()), ..email.headers.clone() });
    check(&email);
    check(&meeting.attendees);
    check(&meeting);
    check(&call);
    check(&activity);

    let custom = Detail::Activity(Activity { kind: MARKER.into(), ..activity.clone() });
    let details = [Detail::Email(Box::new(email)), Detail::Meeting(Box::new(meeting)), Detail::Call(call), custom];
    for detail in details {
        check(&detail);
        let regarding = Some(RecordRef { kind: RecordKind::Contact, id: MARKER.into() });
        let interaction = Interaction { source_id: Some(text()), regarding, detail: Some(detail) };
        check(&interaction);
        let kept = kept(&interaction, Source::Crm);
        check(&kept);
        check(&kept.copies);
        check(&kept.copies[0].participants);
        check(&Judgement::Ignored { reason: IgnoredReason::ListOnly, stub: Some(Box::new(kept.clone())) });
        check(&Judgement::Kept(Box::new(kept)));
    }
    let shown = format!("{:?}", Interaction { detail: Some(Detail::Activity(activity)), ..Interaction::default() });
    assert!(shown.contains("Activity") && shown.contains("to: 1") && shown.contains(&format!("{NOW:?}")), "{shown}");
}
