//! Reading calls, tasks and custom activities.

use std::time::Duration;

use vocabulary::entry::{Answer, InteractionKind, Role, Version};
use vocabulary::{Timestamp, Violation};

use super::{People, Reading, address, duration};
use crate::interaction::{Activity, Call};
use crate::{Directory, Source, identity};

pub(super) fn read(call: &Call, source_id: Option<&str>, source: Source, directory: &impl Directory) -> Result<Reading, Violation> {
    let source_id = source_id.ok_or_else(|| Violation::new("source_id", "a call needs the id its source gave it"))?;
    let start = call.start.ok_or_else(|| Violation::new("call.start_time", "a call needs a start"))?;
    let duration_seconds = duration(call.duration_seconds, || "call.duration".to_owned())?;
    if call.to.is_empty() {
        return Err(Violation::new("call.to", "a call needs somebody who was called"));
    }
    let kept = Sort {
        field: "call",
        identity: identity::of_call(source, source_id),
        kind: InteractionKind::Call,
        time: start.plus(Duration::from_secs(duration_seconds.into())),
        duration_seconds,
    };
    kept.read(&call.from, &call.to, directory)
}

pub(super) fn read_activity(
    activity: &Activity,
    source_id: Option<&str>,
    source: Source,
    directory: &impl Directory,
) -> Result<Reading, Violation> {
    let source_id = source_id.ok_or_else(|| Violation::new("source_id", "an activity needs the id its source gave it"))?;
    let time = activity.time.ok_or_else(|| Violation::new("activity.time", "an activity needs a time"))?;
    let kept = Sort {
        field: "activity",
        identity: identity::of_activity(source, source_id),
        kind: activity_kind(&activity.kind)?,
        time,
        duration_seconds: duration(activity.duration_seconds, || "activity.duration".to_owned())?,
    };
    kept.read(&activity.from, &activity.to, directory)
}

fn activity_kind(kind: &str) -> Result<InteractionKind, Violation> {
    let fits = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    match kind {
        "task" => Ok(InteractionKind::Task),
        _ if (1..=63).contains(&kind.len()) && kind.bytes().all(fits) => Ok(InteractionKind::Custom(kind.into())),
        _ => Err(Violation::new("activity.type", "a type is `task`, or 1 to 63 of a-z, 0-9, '-' and '_'")),
    }
}

/// What calls and activities differ in.
struct Sort {
    field: &'static str,
    identity: String,
    kind: InteractionKind,
    time: Timestamp,
    duration_seconds: u32,
}

impl Sort {
    fn read(self, from: &str, to: &[String], directory: &impl Directory) -> Result<Reading, Violation> {
        let from = address(from, || format!("{}.from", self.field))?;
        let mut people = People::new(directory, None);
        for (index, text) in to.iter().enumerate() {
            let who = address(text, || format!("{}.to[{index}]", self.field))?;
            people.add(who, Role::To, Answer::None);
        }
        let author = people.author(from);
        let (people, to_list) = people.others_than(author.as_ref());
        Ok(Reading {
            identity: self.identity,
            thread: None,
            replies_to: None,
            kind: self.kind,
            time: self.time,
            duration_seconds: self.duration_seconds,
            version: Version::default(),
            cancelled: false,
            author,
            people,
            to_list,
            kept_out: None,
        })
    }
}
