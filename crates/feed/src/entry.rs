//! Entries from and to the message that blocks and chunks hold.

use consent_client::mirror::Set;
use contracts::common::v1 as common;
use contracts::ingestion::v1 as pb;
use vocabulary::entry::{Answer, Entry, Identity, InteractionKind, Participant, RecordKind, RecordRef, Role, Thread, Version};
use vocabulary::{PersonId, Timestamp};

const TASK: &str = "task";

/// The message of an entry.
pub fn to_message(entry: &Entry) -> pb::Entry {
    let (identity_high, identity_low) = halves(entry.identity);
    let (parent_high, parent_low) = entry.parent.map(halves).unwrap_or_default();
    let (kind, activity_type) = match &entry.kind {
        InteractionKind::Email => (common::InteractionKind::Email, String::new()),
        InteractionKind::Meeting => (common::InteractionKind::Meeting, String::new()),
        InteractionKind::Call => (common::InteractionKind::Call, String::new()),
        InteractionKind::Task => (common::InteractionKind::Task, TASK.to_owned()),
        InteractionKind::Custom(name) => (common::InteractionKind::Custom, name.to_string()),
    };
    pb::Entry {
        identity_high,
        identity_low,
        kind: kind.into(),
        time_micros: entry.time.micros(),
        author: entry.author.0,
        participants: entry.participants.iter().map(participant).collect(),
        others: entry.others,
        thread: entry.thread.map_or(0, |thread| thread.0),
        parent_high,
        parent_low,
        stub: entry.stub,
        duration_seconds: entry.duration_seconds,
        sequence: entry.version.sequence,
        stamp_micros: entry.version.stamp.micros(),
        cancelled: entry.cancelled,
        regarding: entry.regarding.as_ref().map(record_ref),
        activity_type,
    }
}

/// The entry of a message; `None` when it holds an enum value that this release does not know.
pub fn from_message(message: pb::Entry) -> Option<Entry> {
    let kind = match common::InteractionKind::try_from(message.kind).ok()? {
        common::InteractionKind::Email => InteractionKind::Email,
        common::InteractionKind::Meeting => InteractionKind::Meeting,
        common::InteractionKind::Call => InteractionKind::Call,
        common::InteractionKind::Task => InteractionKind::Task,
        common::InteractionKind::Custom => InteractionKind::Custom(message.activity_type.into()),
        common::InteractionKind::Unspecified => return None,
    };
    let parent = joined(message.parent_high, message.parent_low);
    let regarding = match message.regarding {
        Some(record) => Some(record_ref_of(record)?),
        None => None,
    };
    Some(Entry {
        identity: joined(message.identity_high, message.identity_low),
        kind,
        time: Timestamp::from_micros(message.time_micros),
        author: PersonId(message.author),
        participants: message.participants.into_iter().map(participant_of).collect::<Option<_>>()?,
        others: message.others,
        thread: (message.thread != 0).then_some(Thread(message.thread)),
        parent: (parent.0 != 0).then_some(parent),
        stub: message.stub,
        duration_seconds: message.duration_seconds,
        version: Version { sequence: message.sequence, stamp: Timestamp::from_micros(message.stamp_micros) },
        cancelled: message.cancelled,
        regarding,
    })
}

/// The entries of messages that are left without these people, and how many named one of them.
pub fn without(messages: Vec<pb::Entry>, people: &Set<PersonId>) -> (Vec<pb::Entry>, u64) {
    if people.is_empty() {
        return (messages, 0);
    }
    let erased = |id: u64| people.contains(&PersonId(id));
    let names = |entry: &pb::Entry| erased(entry.author) || entry.participants.iter().any(|one| erased(one.person_id));
    let mut named = 0;
    let left = messages.into_iter().filter_map(|mut entry| {
        if !names(&entry) {
            return Some(entry);
        }
        named += 1;
        entry.participants.retain(|one| !erased(one.person_id));
        (!erased(entry.author) && !entry.participants.is_empty()).then_some(entry)
    });
    (left.collect(), named)
}

fn halves(identity: Identity) -> (u64, u64) {
    ((identity.0 >> 64) as u64, identity.0 as u64)
}

fn joined(high: u64, low: u64) -> Identity {
    Identity(u128::from(high) << 64 | u128::from(low))
}

fn participant(participant: &Participant) -> pb::EntryParticipant {
    let role = match participant.role {
        Role::To => pb::ParticipantRole::To,
        Role::Cc => pb::ParticipantRole::Cc,
    };
    let answer = match participant.answer {
        Answer::None => pb::Answer::Unspecified,
        Answer::Accepted => pb::Answer::Accepted,
        Answer::Tentative => pb::Answer::Tentative,
        Answer::Declined => pb::Answer::Declined,
    };
    pb::EntryParticipant { person_id: participant.person.0, role: role.into(), answer: answer.into() }
}

fn participant_of(message: pb::EntryParticipant) -> Option<Participant> {
    let role = match pb::ParticipantRole::try_from(message.role).ok()? {
        pb::ParticipantRole::To => Role::To,
        pb::ParticipantRole::Cc => Role::Cc,
        pb::ParticipantRole::Unspecified => return None,
    };
    let answer = match pb::Answer::try_from(message.answer).ok()? {
        pb::Answer::Unspecified => Answer::None,
        pb::Answer::Accepted => Answer::Accepted,
        pb::Answer::Tentative => Answer::Tentative,
        pb::Answer::Declined => Answer::Declined,
    };
    Some(Participant { person: PersonId(message.person_id), role, answer })
}

fn record_ref(record: &RecordRef) -> common::RecordRef {
    let kind = match record.kind {
        RecordKind::Contact => common::RecordKind::Contact,
        RecordKind::Account => common::RecordKind::Account,
        RecordKind::Lead => common::RecordKind::Lead,
        RecordKind::Opportunity => common::RecordKind::Opportunity,
    };
    common::RecordRef { kind: kind.into(), record_id: record.id.to_string() }
}

fn record_ref_of(message: common::RecordRef) -> Option<RecordRef> {
    let kind = match common::RecordKind::try_from(message.kind).ok()? {
        common::RecordKind::Contact => RecordKind::Contact,
        common::RecordKind::Account => RecordKind::Account,
        common::RecordKind::Lead => RecordKind::Lead,
        common::RecordKind::Opportunity => RecordKind::Opportunity,
        common::RecordKind::Unspecified => return None,
    };
    Some(RecordRef { kind, id: message.record_id.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_message() {
        let entry = Entry {
            identity: Identity(u128::MAX - 7),
            kind: InteractionKind::Custom("demo".into()),
            time: Timestamp::from_micros(-5),
            author: PersonId(1),
            participants: vec![Participant { person: PersonId(2), role: Role::Cc, answer: Answer::Tentative }],
            others: 3,
            thread: Some(Thread(9)),
            parent: Some(Identity(1)),
            stub: true,
            duration_seconds: 60,
            version: Version { sequence: 2, stamp: Timestamp::from_seconds(8) },
            cancelled: true,
            regarding: Some(RecordRef { kind: RecordKind::Lead, id: "l-1".into() }),
        };
        assert_eq!(from_message(to_message(&entry)), Some(entry));
    }

    #[test]
    fn an_unknown_kind_is_no_entry() {
        assert_eq!(from_message(pb::Entry { kind: 99, ..Default::default() }), None);
    }
}
