//! Interactions of connectors and of the generated company as messages of the contract.

use contracts::common::v1 as common;
use contracts::ingestion::v1 as pb;
use ingestion_domain::interaction::{Activity, Attendee, Call, Detail, Email, Headers, Interaction, Meeting};
use vocabulary::Timestamp;
use vocabulary::entry::{Answer, RecordKind, RecordRef};

use crate::client::timestamp;

/// The message of an interaction.
pub fn interaction(interaction: Interaction) -> pb::Interaction {
    let detail = interaction.detail.map(|detail| match detail {
        Detail::Email(mail) => pb::interaction::Detail::Email(email(*mail)),
        Detail::Meeting(occurrence) => pb::interaction::Detail::Meeting(meeting(*occurrence)),
        Detail::Call(made) => pb::interaction::Detail::Call(call(made)),
        Detail::Activity(done) => pb::interaction::Detail::Activity(activity(done)),
    });
    pb::Interaction { source_id: interaction.source_id.unwrap_or_default(), regarding: interaction.regarding.map(record_ref), detail }
}

fn email(mail: Email) -> pb::Email {
    pb::Email {
        message_id: mail.message_id.unwrap_or_default(),
        from: mail.from,
        to: mail.to,
        cc: mail.cc,
        date: mail.date.map(timestamp),
        received_time: mail.received.map(timestamp),
        in_reply_to: mail.in_reply_to.unwrap_or_default(),
        references: mail.references,
        conversation_id: mail.conversation_id.unwrap_or_default(),
        headers: Some(headers(mail.headers)),
    }
}

fn headers(headers: Headers) -> pb::EmailHeaders {
    pb::EmailHeaders {
        auto_submitted: headers.auto_submitted.unwrap_or_default(),
        precedence: headers.precedence.unwrap_or_default(),
        list_id: headers.list_id.unwrap_or_default(),
        list_post: headers.list_post,
        list_unsubscribe: headers.list_unsubscribe,
        list_address: headers.list_address.unwrap_or_default(),
        reply_to: headers.reply_to.unwrap_or_default(),
        null_return_path: headers.null_return_path,
        calendar: headers.calendar,
    }
}

fn meeting(occurrence: Meeting) -> pb::Meeting {
    pb::Meeting {
        uid: occurrence.uid,
        occurrence_time: occurrence.occurrence.map(timestamp),
        start_time: occurrence.start.map(timestamp),
        end_time: occurrence.end.map(timestamp),
        all_day: occurrence.all_day,
        organizer: occurrence.organizer,
        attendees: occurrence.attendees.into_iter().map(attendee).collect(),
        sequence: occurrence.sequence,
        stamp: occurrence.stamp.map(timestamp),
        cancelled: occurrence.cancelled,
        private: occurrence.private,
    }
}

fn attendee(attendee: Attendee) -> pb::Attendee {
    let answer = match attendee.answer {
        Answer::None => pb::Answer::Unspecified,
        Answer::Accepted => pb::Answer::Accepted,
        Answer::Tentative => pb::Answer::Tentative,
        Answer::Declined => pb::Answer::Declined,
    };
    pb::Attendee { address: attendee.address, answer: answer.into(), optional: attendee.optional, resource: attendee.resource }
}

fn call(made: Call) -> pb::Call {
    pb::Call { from: made.from, to: made.to, start_time: made.start.map(timestamp), duration: seconds(made.duration_seconds) }
}

fn activity(done: Activity) -> pb::Activity {
    let Activity { kind, from, to, time, duration_seconds } = done;
    pb::Activity { r#type: kind, from, to, time: time.map(timestamp), duration: seconds(duration_seconds) }
}

fn seconds(seconds: u32) -> Option<prost_types::Duration> {
    (seconds > 0).then(|| prost_types::Duration { seconds: seconds.into(), nanos: 0 })
}

/// Names a record in a message.
pub fn record_ref(record: RecordRef) -> common::RecordRef {
    let kind = match record.kind {
        RecordKind::Contact => common::RecordKind::Contact,
        RecordKind::Account => common::RecordKind::Account,
        RecordKind::Lead => common::RecordKind::Lead,
        RecordKind::Opportunity => common::RecordKind::Opportunity,
    };
    common::RecordRef { kind: kind.into(), record_id: record.id.into() }
}

/// The instant of an optional time of a message.
pub fn instant(message: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    message.map(crate::client::from_timestamp)
}
