//! Debug of everything that holds text of a source: kinds, counts and times, never a text, so that none gets into a log.

use std::fmt;

use vocabulary::entry::{InteractionKind, RecordRef};

use crate::Kept;
use crate::interaction::{Activity, Attendee, Call, Email, Headers, Interaction, Meeting};

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Interaction");
        shown.field("regarding", &record_kind(self.regarding.as_ref())).field("detail", &self.detail).finish_non_exhaustive()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("to", &self.to.len())
            .field("cc", &self.cc.len())
            .field("date", &self.date)
            .field("received", &self.received)
            .field("references", &self.references.len())
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers")
            .field("list_post", &self.list_post)
            .field("list_unsubscribe", &self.list_unsubscribe)
            .field("null_return_path", &self.null_return_path)
            .field("calendar", &self.calendar)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meeting")
            .field("occurrence", &self.occurrence)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("all_day", &self.all_day)
            .field("attendees", &self.attendees.len())
            .field("sequence", &self.sequence)
            .field("stamp", &self.stamp)
            .field("cancelled", &self.cancelled)
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendee")
            .field("answer", &self.answer)
            .field("optional", &self.optional)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Call");
        shown.field("to", &self.to.len()).field("start", &self.start).field("duration_seconds", &self.duration_seconds);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Activity");
        shown.field("to", &self.to.len()).field("time", &self.time).field("duration_seconds", &self.duration_seconds);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("kind", &format_args!("{}", kind(&self.kind)))
            .field("time", &self.time)
            .field("others", &self.others)
            .field("duration_seconds", &self.duration_seconds)
            .field("version", &self.version)
            .field("cancelled", &self.cancelled)
            .field("regarding", &record_kind(self.regarding.as_ref()))
            .field("copies", &self.copies)
            .finish_non_exhaustive()
    }
}

/// The name of a type that the tenant defined is a text too.
const fn kind(kind: &InteractionKind) -> &'static str {
    match kind {
        InteractionKind::Email => "Email",
        InteractionKind::Meeting => "Meeting",
        InteractionKind::Call => "Call",
        InteractionKind::Task => "Task",
        InteractionKind::Custom(_) => "Custom",
    }
}

fn record_kind(record: Option<&RecordRef>) -> impl fmt::Debug {
    record.map(|record| record.kind)
}
