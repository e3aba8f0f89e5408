//! Reading one occurrence of a meeting.

use vocabulary::entry::{InteractionKind, Role, Version};
use vocabulary::{Timestamp, Violation};

use super::{People, Reading, address, duration};
use crate::interaction::Meeting;
use crate::judgement::IgnoredReason;
use crate::{Directory, identity};

pub(super) fn read(meeting: &Meeting, directory: &impl Directory) -> Result<Reading, Violation> {
    let uid = meeting.uid.trim();
    if uid.is_empty() {
        return Err(Violation::new("meeting.uid", "a meeting needs a UID"));
    }
    let start = meeting.start.ok_or_else(|| Violation::new("meeting.start_time", "a meeting needs a start"))?;
    let end = meeting.end.ok_or_else(|| Violation::new("meeting.end_time", "a meeting needs an end"))?;
    if end < start {
        return Err(Violation::new("meeting.end_time", "a meeting ends after it starts"));
    }
    let duration_seconds = match meeting.all_day {
        true => 0,
        false => duration(seconds_between(start, end), || "meeting.end_time".to_owned())?,
    };
    let organizer = address(&meeting.organizer, || "meeting.organizer".to_owned())?;

    let mut people = People::new(directory, None);
    for (index, attendee) in meeting.attendees.iter().enumerate().filter(|(_, attendee)| !attendee.resource) {
        let who = address(&attendee.address, || format!("meeting.attendees[{index}].address"))?;
        people.add(who, if attendee.optional { Role::Cc } else { Role::To }, attendee.answer);
    }
    let author = people.author(organizer);
    let (people, to_list) = people.others_than(author.as_ref());
    Ok(Reading {
        identity: identity::of_meeting(uid, meeting.occurrence.unwrap_or(start)),
        thread: None,
        replies_to: None,
        kind: InteractionKind::Meeting,
        time: end,
        duration_seconds,
        version: Version { sequence: meeting.sequence, stamp: meeting.stamp.unwrap_or_default() },
        cancelled: meeting.cancelled,
        author,
        people,
        to_list,
        kept_out: meeting.private.then_some(IgnoredReason::Private),
    })
}

fn seconds_between(start: Timestamp, end: Timestamp) -> u32 {
    u32::try_from(end.micros().saturating_sub(start.micros()) / 1_000_000).unwrap_or(u32::MAX)
}
