//! Interactions off the wire. What the wire itself gets wrong ends here; what an interaction may say is the domain's to judge.

use contracts::common::v1 as common;
use contracts::ingestion::v1 as pb;
use ingestion_domain::interaction::{Activity, Attendee, Call, Detail, Email, Headers, Interaction, Meeting};
use vocabulary::entry::{Answer, RecordKind, RecordRef};
use vocabulary::{Timestamp, Violation};

/// The interaction of a message.
///
/// # Errors
/// The field that no interaction can hold, as a path inside the interaction.
pub fn interaction(message: pb::Interaction) -> Result<Interaction, Violation> {
    Ok(Interaction {
        source_id: filled(message.source_id),
        regarding: message.regarding.map(record_ref).transpose()?,
        detail: message.detail.map(detail).transpose()?,
    })
}

fn detail(message: pb::interaction::Detail) -> Result<Detail, Violation> {
    use pb::interaction::Detail as Message;
    Ok(match message {
        Message::Email(message) => Detail::Email(Box::new(email(message)?)),
        Message::Meeting(message) => Detail::Meeting(Box::new(meeting(message)?)),
        Message::Call(message) => Detail::Call(Call {
            from: message.from,
            to: message.to,
            start: instant(message.start_time, "call.start_time")?,
            duration_seconds: seconds(message.duration, "call.duration")?,
        }),
        Message::Activity(message) => Detail::Activity(Activity {
            kind: message.r#type,
            from: message.from,
            to: message.to,
            time: instant(message.time, "activity.time")?,
            duration_seconds: seconds(message.duration, "activity.duration")?,
        }),
    })
}

fn email(message: pb::Email) -> Result<Email, Violation> {
    let headers = message.headers.map(|headers| Headers {
        auto_submitted: filled(headers.auto_submitted),
        precedence: filled(headers.precedence),
        list_id: filled(headers.list_id),
        list_post: headers.list_post,
        list_unsubscribe: headers.list_unsubscribe,
        list_address: filled(headers.list_address),
        reply_to: filled(headers.reply_to),
        null_return_path: headers.null_return_path,
        calendar: headers.calendar,
    });
    Ok(Email {
        message_id: filled(message.message_id),
        from: message.from,
        to: message.to,
        cc: message.cc,
        date: instant(message.date, "email.date")?,
        received: instant(message.received_time, "email.received_time")?,
        in_reply_to: filled(message.in_reply_to),
        references: message.references,
        conversation_id: filled(message.conversation_id),
        headers: headers.unwrap_or_default(),
    })
}

fn meeting(message: pb::Meeting) -> Result<Meeting, Violation> {
    Ok(Meeting {
        uid: message.uid,
        occurrence: instant(message.occurrence_time, "meeting.occurrence_time")?,
        start: instant(message.start_time, "meeting.start_time")?,
        end: instant(message.end_time, "meeting.end_time")?,
        all_day: message.all_day,
        organizer: message.organizer,
        attendees: message.attendees.into_iter().map(attendee).collect(),
        sequence: message.sequence,
        stamp: instant(message.stamp, "meeting.stamp")?,
        cancelled: message.cancelled,
        private: message.private,
    })
}

fn attendee(message: pb::Attendee) -> Attendee {
    let answer = match message.answer() {
        pb::Answer::Unspecified => Answer::None,
        pb::Answer::Accepted => Answer::Accepted,
        pb::Answer::Tentative => Answer::Tentative,
        pb::Answer::Declined => Answer::Declined,
    };
    Attendee { address: message.address, answer, optional: message.optional, resource: message.resource }
}

fn record_ref(message: common::RecordRef) -> Result<RecordRef, Violation> {
    let kind = match message.kind() {
        common::RecordKind::Contact => RecordKind::Contact,
        common::RecordKind::Account => RecordKind::Account,
        common::RecordKind::Lead => RecordKind::Lead,
        common::RecordKind::Opportunity => RecordKind::Opportunity,
        common::RecordKind::Unspecified => return Err(Violation::new("regarding.kind", "must be a kind of record")),
    };
    if !(1..=128).contains(&message.record_id.chars().count()) || message.record_id.chars().any(char::is_control) {
        return Err(Violation::new("regarding.record_id", "must be 1 to 128 printable characters"));
    }
    Ok(RecordRef { kind, id: message.record_id.into() })
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// RFC 3339's years, 0001 to 9999, as the well-known type demands.
fn instant(message: Option<prost_types::Timestamp>, field: &'static str) -> Result<Option<Timestamp>, Violation> {
    let Some(prost_types::Timestamp { seconds, nanos }) = message else { return Ok(None) };
    if !(-62_135_596_800..=253_402_300_799).contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return Err(Violation::new(field, "must lie in the years 1 to 9999, with 0 to 999999999 nanoseconds"));
    }
    Ok(Some(Timestamp::from_micros(seconds * 1_000_000 + i64::from(nanos) / 1_000)))
}

fn seconds(message: Option<prost_types::Duration>, field: &'static str) -> Result<u32, Violation> {
    let seconds = message.map_or(0, |duration| duration.seconds);
    u32::try_from(seconds).map_err(|_| Violation::new(field, "must be 0 seconds to 31 days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_out_of_range_name_their_field() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, i32::MAX)] {
            let email = pb::Email { date: Some(prost_types::Timestamp { seconds, nanos }), ..Default::default() };
            let message = pb::Interaction { detail: Some(pb::interaction::Detail::Email(email)), ..Default::default() };
            assert_eq!(interaction(message).unwrap_err().field, "email.date");
        }
    }

    #[test]
    fn a_negative_duration_and_a_record_without_kind_are_refused() {
        let duration = Some(prost_types::Duration { seconds: -1, nanos: 0 });
        let call = pb::Call { duration, ..Default::default() };
        let message = pb::Interaction { detail: Some(pb::interaction::Detail::Call(call)), ..Default::default() };
        assert_eq!(interaction(message).unwrap_err().field, "call.duration");
        let regarding = Some(common::RecordRef { kind: 0, record_id: "o-1".into() });
        assert_eq!(interaction(pb::Interaction { regarding, ..Default::default() }).unwrap_err().field, "regarding.kind");
    }

    #[test]
    fn empty_texts_are_absent_ones() {
        let email = pb::Email { from: "a@example.com".into(), ..Default::default() };
        let message = pb::Interaction { detail: Some(pb::interaction::Detail::Email(email)), ..Default::default() };
        let Some(Detail::Email(email)) = interaction(message).unwrap().detail else { panic!("an email") };
        assert_eq!((email.message_id, email.in_reply_to, email.headers.list_id), (None, None, None));
    }
}
